/** Reading and writing little-endian integers of any BTF width, as JS numbers where exact, else as bigint. */

/** Unsigned or signed integer of 1–16 bytes at `at`; a number when it is exact. */
export function readInt(bytes: Uint8Array, at: number, size: number, signed: boolean): number | bigint {
  if (size <= 4) {
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = value * 256 + bytes[at + i];
    return signed && bytes[at + size - 1] & 0x80 ? value - 2 ** (8 * size) : value;
  }
  if (size === 8) {
    const lo = word(bytes, at);
    const hi = word(bytes, at + 4);
    const top = signed ? hi | 0 : hi;
    // Most 64-bit values are small, negative ones small too: no bigint for those.
    const value = top * 0x1_0000_0000 + lo;
    return Number.isSafeInteger(value) ? value : (BigInt(top) << 32n) | BigInt(lo);
  }
  return narrow(readBig(bytes, at, size, signed));
}

/** Unsigned 32 bits. */
export function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

function readBig(bytes: Uint8Array, at: number, size: number, signed: boolean): bigint {
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i]);
  return signed ? BigInt.asIntN(8 * size, value) : value;
}

/** `bits` bits from bit `bitOffset` of `bytes`. */
export function readBits(
  bytes: Uint8Array,
  bitOffset: number,
  bits: number,
  signed: boolean,
): number | bigint {
  const first = Math.floor(bitOffset / 8);
  const size = Math.floor((bitOffset + bits - 1) / 8) - first + 1;
  if (size <= 4) {
    const raw = readInt(bytes, first, size, false) as number;
    const value = Math.floor(raw / 2 ** (bitOffset - first * 8)) % 2 ** bits;
    return signed && value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
  }
  const value = readBig(bytes, first, size, false) >> BigInt(bitOffset - first * 8);
  return narrow(signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value));
}

/** A number when that loses nothing. */
export function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** JSON form: decimal string beyond ±2^53. */
export function jsonInt(value: number | bigint): number | string {
  return typeof value === 'number' ? value : value.toString();
}

/** Puts the low `bits` bits of `value` at bit `bitOffset`, leaving the bits around them. */
export function writeBits(bytes: Uint8Array, bitOffset: number, bits: number, value: bigint): void {
  let left = BigInt.asUintN(bits, value);
  let at = bitOffset;
  const end = bitOffset + bits;
  while (at < end) {
    const inByte = at % 8;
    const take = Math.min(8 - inByte, end - at);
    const mask = ((1 << take) - 1) << inByte;
    const index = (at - inByte) / 8;
    bytes[index] = (bytes[index] & ~mask) | ((Number(left & 0xffn) << inByte) & mask);
    left >>= BigInt(take);
    at += take;
  }
}
