import type { Btf, BtfType, JsonValue } from '@probed/btf';

/** How the values of one type look in a table. */
export interface CellFormat {
  /** Characters to reserve; longer values push what follows to the right. */
  readonly width: number;
  readonly align: 'left' | 'right';
  /** Free text that may be long: goes last. */
  readonly long: boolean;
  readonly format: (value: JsonValue | undefined) => string;
}

/** Digits to reserve for an integer by its size in bytes: what such fields hold in practice, not the type's limit. */
const INT_WIDTH: Readonly<Record<number, number>> = { 1: 4, 2: 6, 4: 8, 8: 12 };
const POINTER_WIDTH = 18;
/** Text fields up to this many bytes are columns; longer ones go last. */
const SHORT_TEXT_BYTES = 32;
const SHORT_TEXT_WIDTH_MAX = 16;
const LONG_TEXT_WIDTH = 32;
const ENUM_WIDTH_MAX = 20;
const HEX_WIDTH_MAX = 32;
const IPV4_WIDTH = 15;
const IPV6_WIDTH = 24;

/** The format of a member by its BTF type; `name` tells an IPv4 address from another big-endian word. */
export function cellFormat(btf: Btf, typeId: number, name: string): CellFormat {
  const special = namedFormat(btf, typeId, name);
  if (special) return special;
  const type = btf.resolve(typeId);
  switch (type.kind) {
    case 'int':
      return type.bool ? left(5) : right(INT_WIDTH[type.size] ?? 20);
    case 'float':
      return right(12);
    case 'enum':
    case 'enum64':
      return left(Math.min(ENUM_WIDTH_MAX, Math.max(...type.values.map((value) => value.name.length), 1)));
    case 'ptr':
      return left(POINTER_WIDTH);
    case 'array':
      return arrayFormat(btf.resolve(type.elemTypeId), type.count);
    default:
      return { ...left(LONG_TEXT_WIDTH), long: true };
  }
}

/** A value of any shape on one line: text as it is, the rest as JSON. */
export function plainCell(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '-';
  return typeof value === 'object' ? JSON.stringify(value) : printable(String(value));
}

/** Text of programs is not to be trusted: control characters and terminal escapes show as `\xNN`. */
export function printable(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (char) => ESCAPES[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' };

const left = (width: number): CellFormat => ({ width, align: 'left', long: false, format: plainCell });
const right = (width: number): CellFormat => ({ width, align: 'right', long: false, format: plainCell });

function arrayFormat(elem: BtfType, count: number): CellFormat {
  if (elem.kind === 'int' && elem.size === 1) {
    const text = elem.name === 'char' || elem.char;
    const long = count === 0 || count > SHORT_TEXT_BYTES;
    if (text) return { ...left(long ? LONG_TEXT_WIDTH : Math.min(count - 1, SHORT_TEXT_WIDTH_MAX)), long };
    return { ...left(Math.min(2 * count, HEX_WIDTH_MAX)), long };
  }
  return { ...left(LONG_TEXT_WIDTH), long: true };
}

/** Types that say by their name how they are to be read. */
function namedFormat(btf: Btf, typeId: number, name: string): CellFormat | undefined {
  const typeName = outerName(btf, typeId);
  if (typeName === '__be32' && /addr|ip/i.test(name)) return { ...left(IPV4_WIDTH), format: ipv4 };
  if (typeName === '__be16') return { ...right(INT_WIDTH[2]), format: swapped16 };
  if (typeName === 'in6_addr') return { ...left(IPV6_WIDTH), format: ipv6Struct };
  return undefined;
}

/** Name of the first type that has one, qualifiers aside. */
function outerName(btf: Btf, typeId: number): string {
  let type = btf.type(typeId);
  while (type.name === '' && 'typeId' in type && type.kind !== 'ptr') type = btf.type(type.typeId);
  return type.name;
}

/** A number that was read in host order from four bytes in network order. */
export function ipv4(value: JsonValue | undefined): string {
  if (typeof value !== 'number') return plainCell(value);
  return [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff).join('.');
}

function swapped16(value: JsonValue | undefined): string {
  return typeof value === 'number' ? String(((value & 0xff) << 8) | (value >>> 8)) : plainCell(value);
}

/** The decoded form of `struct in6_addr`: its bytes are hex under `in6_u.u6_addr8`. */
function ipv6Struct(value: JsonValue | undefined): string {
  const inner = value as { in6_u?: { u6_addr8?: unknown } } | null | undefined;
  const hex = inner?.in6_u?.u6_addr8;
  return typeof hex === 'string' && hex.length === 32 ? ipv6(hex) : plainCell(value);
}

/** RFC 5952: the longest run of zero groups is `::`. */
export function ipv6(hex: string): string {
  const groups = hex.match(/.{4}/g)!.map((group) => group.replace(/^0{1,3}/, ''));
  let best = { start: -1, length: 1 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.start < 0) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}
