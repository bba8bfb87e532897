import type { ByteSink } from './byte-sink';
import type { Padding, Piece } from './format';

const SPACE = 0x20;
const ZERO = 0x30;
const POINTER_DIGITS = 16;

/** lib/vsprintf.c: number(). */
export function renderNumber(sink: ByteSink, piece: Extract<Piece, { kind: 'number' }>, value: bigint): void {
  const bits = piece.bytes * 8;
  const number = piece.signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  const digits = (number < 0n ? -number : number).toString(piece.base);
  const sign = piece.signed ? signOf(number < 0n, piece.padding) : '';
  padDigits(sink, piece.padding, sign, piece.upper ? digits.toUpperCase() : digits);
}

function signOf(negative: boolean, padding: Padding): string {
  if (negative) return '-';
  if (padding.plus) return '+';
  return padding.space ? ' ' : '';
}

function padDigits(sink: ByteSink, padding: Padding, sign: string, digits: string): void {
  const missing = padding.width - sign.length - digits.length;
  if (!padding.left && !padding.zero) sink.repeat(SPACE, missing);
  sink.ascii(sign);
  if (!padding.left && padding.zero) sink.repeat(ZERO, missing);
  sink.ascii(digits);
  if (padding.left) sink.repeat(SPACE, missing);
}

/** lib/vsprintf.c: pointer_string(). */
export function renderPointer(sink: ByteSink, padding: Padding, value: bigint): void {
  const digits = BigInt.asUintN(64, value).toString(16);
  const wide = padding.width < 0 ? { ...padding, width: POINTER_DIGITS, zero: true } : padding;
  padDigits(sink, wide, '', digits);
}

/** lib/vsprintf.c: string(). */
export function renderText(sink: ByteSink, padding: Padding, text: Uint8Array): void {
  const missing = padding.width - text.length;
  if (!padding.left) sink.repeat(SPACE, missing);
  sink.write(text);
  if (padding.left) sink.repeat(SPACE, missing);
}

/** lib/vsprintf.c: ip4_string(), ip6_string(): `i` with leading zeros or without colons, `I` as people write them. */
export function ipText(kind: 'i4' | 'I4' | 'i6' | 'I6', bytes: Uint8Array): string {
  if (kind === 'I4') return bytes.join('.');
  if (kind === 'i4') return [...bytes].map((byte) => String(byte).padStart(3, '0')).join('.');
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) {
    groups.push(((bytes[i] << 8) | bytes[i + 1]).toString(16).padStart(4, '0'));
  }
  return groups.join(kind === 'I6' ? ':' : '');
}
