/** Members that repeat what each record's own columns say (time, task). */
const REPEATED = new Set([
  'ktime_ns',
  'ktime',
  'ts',
  'timestamp',
  'timestamp_ns',
  'pid',
  'tgid',
  'tid',
  'ppid',
  'uid',
  'gid',
  'comm',
  'cgroup_id',
  'cgroup',
]);

export type Members = Readonly<Record<string, unknown>>;

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A decoded value on one line: text as it is, `[1, 2]`, `{a: 1, b: x}`. */
export function inline(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return `[${withoutZeroTail(value).map(inline).join(', ')}]`;
  if (isMembers(value))
    return `{${Object.entries(value)
      .map(([name, member]) => `${name}: ${inline(member)}`)
      .join(', ')}}`;
  return String(value);
}

/** IPv4 addresses in network byte order, as the kernel's `__be32` members are named. */
const IPV4_NAMES = /^[sd]addr(_v?4)?$/;

/** A member on one line; an IPv4 address as such. */
export function memberText(name: string, member: unknown): string {
  if (!IPV4_NAMES.test(name) || !Number.isInteger(member) || (member as number) > 0xffff_ffff)
    return inline(member);
  // Loaded as a little-endian number, so its lowest byte is the first one.
  return [0, 8, 16, 24].map((shift) => ((member as number) >>> shift) & 0xff).join('.');
}

/** Zeros at the end of a long array say nothing. */
function withoutZeroTail(values: readonly unknown[]): readonly unknown[] {
  const SHOWN_IN_FULL = 8;
  if (values.length <= SHOWN_IN_FULL) return values;
  let end = values.length;
  while (end > 1 && values[end - 1] === 0) end--;
  return end === values.length ? values : [...values.slice(0, end), '…'];
}

/** Zeros of these say something: it went well. */
const OUTCOMES = /^(ret|retval|err|errno|error|code|exit_code|status)$/;
/** Larger structs have members that most of their events leave at zero. */
const SMALL_STRUCT_MEMBERS = 6;

/**
 * What sets a record apart, `name=value` by member: text (paths, names of enums) first; without members that its other
 * columns show, and, in a large struct, without zeros.
 */
export function summaryPairs(value: unknown): readonly (readonly [string, string])[] {
  if (!isMembers(value)) return value === undefined ? [] : [['', inline(value)]];
  const all = Object.entries(value);
  const telling = all.filter(([name, member]) => !REPEATED.has(name) && member !== '');
  const large = telling.length > SMALL_STRUCT_MEMBERS;
  const shown = large ? telling.filter(([name, member]) => !isZero(member) || OUTCOMES.test(name)) : telling;
  const text = shown.filter(([, member]) => isText(member));
  const rest = shown.filter(([, member]) => !isText(member));
  return (telling.length > 0 ? [...text, ...rest] : all).map(([name, member]) => [
    name,
    memberText(name, member),
  ]);
}

function isText(member: unknown): boolean {
  return typeof member === 'string' && !isNumeric(member);
}

/** Zero, or nothing but zeros. */
function isZero(member: unknown): boolean {
  if (typeof member === 'string') return /^0+$/.test(member);
  return member === 0 || member === false || (Array.isArray(member) && member.every(isZero));
}

/** Numbers and decimal or hexadecimal strings, which align to the right. */
export function isNumeric(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && /^-?(\d+|0x[\da-f]+)$/.test(value));
}

/** Bytes in lines of 16: offset, hex, text. @param hex two digits a byte */
export function hexDump(hex: string): string {
  const lines: string[] = [];
  for (let at = 0; at < hex.length; at += 32) {
    const octets = hex.slice(at, at + 32).match(/../g) ?? [];
    const text = octets.map((octet) => printable(Number.parseInt(octet, 16))).join('');
    const offset = (at / 2).toString(16).padStart(4, '0');
    lines.push(`${offset}  ${octets.join(' ').padEnd(47)}  ${text}`);
  }
  return lines.join('\n');
}

function printable(code: number): string {
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '.';
}
