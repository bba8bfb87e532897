const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** `12:03:04.567` of an RFC 3339 time: UTC, as the records have it. */
export function clock(time: string): string {
  const [, clockText = ''] = /T([\d:.]+)Z$/.exec(time) ?? [];
  const [seconds, fraction = ''] = clockText.split('.');
  return `${seconds}.${fraction.padEnd(3, '0').slice(0, 3)}`;
}

/** `2026-01-01 12:03:04` of an RFC 3339 time. */
export function dayAndClock(time: string): string {
  return time.replace('T', ' ').replace(/(\.\d+)?Z$/, '');
}

/** `850 ns`, `1.5 ms`, `12.3 s`, `4 min 5 s`. */
export function duration(ns: number): string {
  if (ns < 1_000) return `${ns} ns`;
  if (ns < 1_000_000) return `${significant(ns / 1_000)} µs`;
  if (ns < 1_000_000_000) return `${significant(ns / 1_000_000)} ms`;
  if (ns < 60_000_000_000) return `${significant(ns / 1_000_000_000)} s`;
  return span(ns / 1_000_000);
}

/** Whole units of a longer time: `59 s`, `4 min 5 s`, `2 h 1 min`. */
export function span(ms: number): string {
  const first = UNITS.findIndex(([size]) => ms >= size);
  if (first < 0) return '0 s';
  const [size, unit] = UNITS[first];
  const whole = Math.floor(ms / size);
  const next = UNITS[first + 1];
  const rest = next ? Math.floor((ms - whole * size) / next[0]) : 0;
  return rest > 0 ? `${whole} ${unit} ${rest} ${next[1]}` : `${whole} ${unit}`;
}

/** Three significant digits, without zeros at the end. */
function significant(value: number): string {
  return String(Number(value.toPrecision(3)));
}
