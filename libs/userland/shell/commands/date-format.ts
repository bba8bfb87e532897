const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const NS_PER_SECOND = 1_000_000_000n;
const DAY_SECONDS = 86_400;

const two = (value: number) => String(value).padStart(2, '0');

type Field = (date: Date, ns: bigint) => string;

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1;
}

/** strftime(3) in UTC. */
const FIELDS: Readonly<Record<string, Field>> = {
  Y: (date) => String(date.getUTCFullYear()),
  y: (date) => two(date.getUTCFullYear() % 100),
  C: (date) => two(Math.floor(date.getUTCFullYear() / 100)),
  m: (date) => two(date.getUTCMonth() + 1),
  d: (date) => two(date.getUTCDate()),
  e: (date) => String(date.getUTCDate()).padStart(2),
  H: (date) => two(date.getUTCHours()),
  I: (date) => two(date.getUTCHours() % 12 || 12),
  M: (date) => two(date.getUTCMinutes()),
  S: (date) => two(date.getUTCSeconds()),
  N: (_date, ns) => String(ns % NS_PER_SECOND).padStart(9, '0'),
  s: (_date, ns) => String(ns / NS_PER_SECOND),
  p: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  a: (date) => DAYS[date.getUTCDay()].slice(0, 3),
  A: (date) => DAYS[date.getUTCDay()],
  b: (date) => MONTHS[date.getUTCMonth()].slice(0, 3),
  h: (date) => MONTHS[date.getUTCMonth()].slice(0, 3),
  B: (date) => MONTHS[date.getUTCMonth()],
  j: (date) => String(dayOfYear(date)).padStart(3, '0'),
  u: (date) => String(date.getUTCDay() || 7),
  w: (date) => String(date.getUTCDay()),
  Z: () => 'UTC',
  z: () => '+0000',
  n: () => '\n',
  t: () => '\t',
  '%': () => '%',
};

const COMPOSITES: Readonly<Record<string, string>> = {
  F: '%Y-%m-%d',
  T: '%H:%M:%S',
  D: '%m/%d/%y',
  R: '%H:%M',
  c: '%a %b %e %H:%M:%S %Y',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
  r: '%I:%M:%S %p',
};

/** @param ns since 1970 */
export function formatDate(format: string, ns: bigint): string {
  const date = new Date(Number(ns / 1_000_000n));
  return format
    .replace(/%([FTDRcxXr])/g, (_all, key) => COMPOSITES[key])
    .replace(/%([-0_]?)(\d*)([a-zA-Z%])/g, (whole, flag: string, width: string, key: string) => {
      const text = FIELDS[key]?.(date, ns);
      if (text === undefined) return whole;
      if (key === 'N' && width) return text.slice(0, Number(width));
      return flag === '-' ? text.replace(/^[0 ]+(?=\d)/, '') : text;
    });
}

const UNITS: Readonly<Record<string, number>> = {
  second: 1,
  sec: 1,
  minute: 60,
  min: 60,
  hour: 3_600,
  day: DAY_SECONDS,
  week: 7 * DAY_SECONDS,
};

/** What `date -d` takes: `@seconds`, `now`, `yesterday`, `2 days ago`, `+1 hour`, ISO dates. Undefined for the rest. */
export function parseDate(text: string, now: bigint): bigint | undefined {
  const trimmed = text.trim();
  if (/^@-?\d+$/.test(trimmed)) return BigInt(trimmed.slice(1)) * NS_PER_SECOND;
  const days = { '': 0, now: 0, today: 0, yesterday: -1, tomorrow: 1 }[trimmed];
  if (days !== undefined) return now + BigInt(days * DAY_SECONDS) * NS_PER_SECOND;
  const relative = /^([+-]?\d+)\s*([a-z]+?)s?(\s+ago)?$/.exec(trimmed);
  const unit = relative && UNITS[relative[2]];
  if (unit) return now + BigInt(Number(relative[1]) * unit * (relative[3] ? -1 : 1)) * NS_PER_SECOND;
  const millis = Date.parse(/[zZ]$|[+-]\d\d:?\d\d$|GMT|UTC/.test(trimmed) ? trimmed : `${trimmed}Z`);
  return Number.isNaN(millis) ? undefined : BigInt(millis) * 1_000_000n;
}
