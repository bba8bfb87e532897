import { E, type HelperContext, type HelperFamily } from './helper-context';

/** Base in the low bits of the flags of strtol. */
const BASE_MASK = 0x1f;
/** Characters of a number that the kernel looks at. */
const DIGITS_MAX = 63;
const U64_MAX = 0xffff_ffff_ffff_ffffn;
const I64_LIMIT = 1n << 63n;

interface Parsed {
  /** Bytes from the buffer's begin to the end of the number, or a negative errno. */
  readonly consumed: number;
  readonly negative: boolean;
  readonly magnitude: bigint;
}

function failed(errno: number): Parsed {
  return { consumed: errno, negative: false, magnitude: 0n };
}

/** include/linux/ctype.h: isspace. */
function isSpace(byte: number): boolean {
  return (byte >= 9 && byte <= 13) || byte === 32 || byte === 0xa0;
}

function digitValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : 99;
}

/** lib/kstrtox.c: _parse_integer_fixup_radix. */
function radix(text: Uint8Array, base: number): { base: number; skip: number } {
  const zero = text[0] === 0x30;
  const x = zero && (text[1] | 0x20) === 0x78;
  if (base === 0) base = !zero ? 10 : x && digitValue(text[2]) < 16 ? 16 : 8;
  return { base, skip: base === 16 && x ? 2 : 0 };
}

/** kernel/bpf/helpers.c: __bpf_strtoull. */
function parse(bytes: Uint8Array, lo: number, hi: number): Parsed {
  const wanted = lo & BASE_MASK;
  if (bytes.length === 0 || ![0, 8, 10, 16].includes(wanted)) return failed(E.INVAL);
  if (hi !== 0 || lo & ~BASE_MASK) return failed(E.INVAL);
  let at = 0;
  while (at < bytes.length && isSpace(bytes[at])) at++;
  const negative = bytes[at] === 0x2d;
  if (negative) at++;
  if (at >= bytes.length) return failed(E.INVAL);
  const text = bytes.subarray(at, at + DIGITS_MAX);
  const { base, skip } = radix(text, wanted);
  let end = skip;
  let magnitude = 0n;
  while (end < text.length && digitValue(text[end]) < base) {
    magnitude = magnitude * BigInt(base) + BigInt(digitValue(text[end++]));
  }
  if (magnitude > U64_MAX) return failed(E.RANGE);
  return end === skip ? failed(E.INVAL) : { consumed: at + end, negative, magnitude };
}

function strtol(c: HelperContext, buf: number, size: number, lo: number, hi: number, res: number): number {
  const parsed = parse(c.memory.u8.subarray(buf, buf + size), lo, hi);
  c.memory.view.setBigInt64(res, 0n, true);
  if (parsed.consumed < 0) return parsed.consumed;
  const limit = parsed.negative ? I64_LIMIT : I64_LIMIT - 1n;
  if (parsed.magnitude > limit) return E.RANGE;
  c.memory.view.setBigInt64(res, parsed.negative ? -parsed.magnitude : parsed.magnitude, true);
  return parsed.consumed;
}

function strtoul(c: HelperContext, buf: number, size: number, lo: number, hi: number, res: number): number {
  const parsed = parse(c.memory.u8.subarray(buf, buf + size), lo, hi);
  c.memory.view.setBigInt64(res, 0n, true);
  if (parsed.consumed < 0) return parsed.consumed;
  if (parsed.negative) return E.INVAL;
  c.memory.view.setBigUint64(res, parsed.magnitude, true);
  return parsed.consumed;
}

/** lib/string.c: strncmp; -1, 0 or 1. */
function strncmp(u8: Uint8Array, a: number, size: number, b: number): number {
  for (let i = 0; i < size; i++) {
    const x = u8[a + i];
    const y = u8[b + i];
    if (x !== y) return x < y ? -1 : 1;
    if (x === 0) break;
  }
  return 0;
}

/** kernel/bpf/helpers.c. */
export const STRING_HELPERS: HelperFamily = {
  strtol: (c) => (buf, size, lo, hi, res) => strtol(c, buf, size, lo, hi, res),
  strtoul: (c) => (buf, size, lo, hi, res) => strtoul(c, buf, size, lo, hi, res),
  strncmp: (c) => (a, size, b) => strncmp(c.memory.u8, a, size, b),
};
