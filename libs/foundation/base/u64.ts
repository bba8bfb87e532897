/**
 * 64-bit words as JS numbers: a word is carried as the *signed* value of its 64 bits, exact within ±2^53.
 * Canonical kernel addresses (0xffff8880…, 0xffffffff81…) are small negative numbers then, hence exact.
 */
const TWO32 = 0x1_0000_0000;

/** A word that a host hands over: a number as above, or a bigint where no number holds its 64 bits. */
export type Word = number | bigint;

/** Low 32 bits, unsigned. */
export function lo32(word: number): number {
  return word >>> 0;
}

/** High 32 bits, signed. */
export function hi32(word: number): number {
  return Math.floor(word / TWO32) | 0;
}

/** Signed word from halves. */
export function joinI64(lo: number, hi: number): number {
  return (hi | 0) * TWO32 + (lo >>> 0);
}

/** Unsigned word from halves; exact below 2^53 only. */
export function joinU64(lo: number, hi: number): number {
  return (hi >>> 0) * TWO32 + (lo >>> 0);
}

export function writeI64(view: DataView, offset: number, word: Word): void {
  if (typeof word === 'bigint') {
    view.setBigInt64(offset, BigInt.asIntN(64, word), true);
    return;
  }
  view.setUint32(offset, lo32(word), true);
  view.setInt32(offset + 4, hi32(word), true);
}

export function readI64(view: DataView, offset: number): number {
  return joinI64(view.getUint32(offset, true), view.getInt32(offset + 4, true));
}

/** Exact below 2^53 only; for lengths, counts, nanoseconds. */
export function readU64(view: DataView, offset: number): number {
  return joinU64(view.getUint32(offset, true), view.getUint32(offset + 4, true));
}
