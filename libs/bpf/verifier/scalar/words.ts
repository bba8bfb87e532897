/**
 * 64-bit arithmetic for the scalar domain without BigInt, which is about ten times slower here.
 *
 * Everything happens in one scratch array `W` of 32-bit words. A *slot* is the index of a 64-bit number in it (low word
 * first); an *operand* is sixteen words at a base: known bits and the four ranges, laid out as the constants below say.
 * Functions of the domain load their operands at {@link DST} and {@link SRC}, work in place, and make a state of the
 * result; nothing is kept in `W` between two of them.
 */

/** Slots of an operand, relative to its base. A tnum is a slot for its value with that for its mask {@link TO_MASK} on. */
export const VALUE = 0;
export const MASK = 2;
export const SMIN = 4;
export const SMAX = 6;
export const UMIN = 8;
export const UMAX = 10;
/** Words of an operand that are 32-bit bounds, relative to its base; unsigned ones are stored as their bits. */
export const S32MIN = 12;
export const S32MAX = 13;
export const U32MIN = 14;
export const U32MAX = 15;
export const OPERAND_WORDS = 16;

/** From a tnum's value to its mask. */
export const TO_MASK = MASK - VALUE;

/** Bases of the two operands. */
export const DST = 0;
export const SRC = 16;
/** Room for a second look at both operands (see cond.ts). */
export const DST_VIEW = 32;
export const SRC_VIEW = 48;
/** Slots free for intermediate results; tnums take two. */
export const T0 = 64;
export const T1 = 66;
export const T2 = 68;

export const W = new Int32Array(T0 + OPERAND_WORDS);

const WORD = 0x1_0000_0000;
/** The sign bit of the high word, and all others. */
export const SIGN = -0x8000_0000;
export const NO_SIGN = 0x7fff_ffff;

export function set(slot: number, high: number, low: number): void {
  W[slot] = low;
  W[slot + 1] = high;
}

export function copy(to: number, from: number): void {
  W[to] = W[from];
  W[to + 1] = W[from + 1];
}

export function setBig(slot: number, value: bigint): void {
  W[slot] = Number(BigInt.asIntN(32, value));
  W[slot + 1] = Number(BigInt.asIntN(32, value >> 32n));
}

export function unsignedBig(low: number, high: number): bigint {
  if (high === 0) return BigInt(low >>> 0);
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

export function signedBig(low: number, high: number): bigint {
  if (high === low >> 31) return BigInt(low);
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

/** Unsigned a < b. */
export function ltU(a: number, b: number): boolean {
  const ah = W[a + 1];
  const bh = W[b + 1];
  return ah === bh ? W[a] >>> 0 < W[b] >>> 0 : ah >>> 0 < bh >>> 0;
}

/** Signed a < b. */
export function ltS(a: number, b: number): boolean {
  const ah = W[a + 1];
  const bh = W[b + 1];
  return ah === bh ? W[a] >>> 0 < W[b] >>> 0 : ah < bh;
}

export function equal(a: number, b: number): boolean {
  return W[a] === W[b] && W[a + 1] === W[b + 1];
}

export function isZero(slot: number): boolean {
  return (W[slot] | W[slot + 1]) === 0;
}

/** slot = max(slot, number), unsigned; the next three likewise. */
export function raiseU(slot: number, high: number, low: number): void {
  const own = W[slot + 1];
  if (own === high ? W[slot] >>> 0 < low >>> 0 : own >>> 0 < high >>> 0) set(slot, high, low);
}

export function lowerU(slot: number, high: number, low: number): void {
  const own = W[slot + 1];
  if (own === high ? W[slot] >>> 0 > low >>> 0 : own >>> 0 > high >>> 0) set(slot, high, low);
}

export function raiseS(slot: number, high: number, low: number): void {
  const own = W[slot + 1];
  if (own === high ? W[slot] >>> 0 < low >>> 0 : own < high) set(slot, high, low);
}

export function lowerS(slot: number, high: number, low: number): void {
  const own = W[slot + 1];
  if (own === high ? W[slot] >>> 0 > low >>> 0 : own > high) set(slot, high, low);
}

/** to = a + b. @returns whether the unsigned sum passed 2^64 */
export function add(to: number, a: number, b: number): boolean {
  const low = (W[a] >>> 0) + (W[b] >>> 0);
  const high = (W[a + 1] >>> 0) + (W[b + 1] >>> 0) + (low >= WORD ? 1 : 0);
  W[to] = low;
  W[to + 1] = high;
  return high >= WORD;
}

/** to = a - b. @returns whether the unsigned difference fell below 0 */
export function sub(to: number, a: number, b: number): boolean {
  const low = (W[a] >>> 0) - (W[b] >>> 0);
  const high = (W[a + 1] >>> 0) - (W[b + 1] >>> 0) - (low < 0 ? 1 : 0);
  W[to] = low;
  W[to + 1] = high;
  return high < 0;
}

/** to = a + b. @returns whether the signed sum left its range */
export function addOverflows(to: number, a: number, b: number): boolean {
  const signA = W[a + 1];
  const signB = W[b + 1];
  add(to, a, b);
  return ((signA ^ W[to + 1]) & (signB ^ W[to + 1])) < 0;
}

/** to = a - b. @returns whether the signed difference left its range */
export function subOverflows(to: number, a: number, b: number): boolean {
  const signA = W[a + 1];
  const signB = W[b + 1];
  sub(to, a, b);
  return ((signA ^ signB) & (signA ^ W[to + 1])) < 0;
}

/** Shifts in place by a count below 64; bits shifted in are 0, or copies of the sign for {@link shiftS}. */
export function shiftLeft(slot: number, count: number): void {
  const low = W[slot];
  if (count >= 32) set(slot, low << (count - 32), 0);
  else if (count > 0) set(slot, (W[slot + 1] << count) | (low >>> (32 - count)), low << count);
}

export function shiftU(slot: number, count: number): void {
  const high = W[slot + 1];
  if (count >= 32) set(slot, 0, high >>> (count - 32));
  else if (count > 0) set(slot, high >>> count, (W[slot] >>> count) | (high << (32 - count)));
}

export function shiftS(slot: number, count: number): void {
  const high = W[slot + 1];
  if (count >= 32) set(slot, high >> 31, high >> (count - 32));
  else if (count > 0) set(slot, high >> count, (W[slot] >>> count) | (high << (32 - count)));
}

/** Ones from bit 0 up to the highest one of a word. */
export function onesBelow(word: number): number {
  return word === 0 ? 0 : -1 >>> Math.clz32(word);
}

/** Every bound of the operand to its extreme (`__mark_reg64_unbounded`). */
export function unbind64(base: number): void {
  unbindS(base);
  unbindU(base);
}

export function unbindS(base: number): void {
  set(base + SMIN, SIGN, 0);
  set(base + SMAX, NO_SIGN, -1);
}

export function unbindU(base: number): void {
  set(base + UMIN, 0, 0);
  set(base + UMAX, -1, -1);
}

/** `__mark_reg32_unbounded`. */
export function unbind32(base: number): void {
  setS32(base, SIGN, NO_SIGN);
  setU32(base, 0, -1);
}

/** `__mark_reg_unbounded`: forgets the ranges, keeps the known bits. */
export function unbind(base: number): void {
  unbind64(base);
  unbind32(base);
}

export function setS32(base: number, min: number, max: number): void {
  W[base + S32MIN] = min;
  W[base + S32MAX] = max;
}

export function setU32(base: number, min: number, max: number): void {
  W[base + U32MIN] = min;
  W[base + U32MAX] = max;
}

/** All five views of the operand to the number in its value slot (`___mark_reg_known`). */
export function settleConst(base: number): void {
  const low = W[base];
  const high = W[base + 1];
  set(base + MASK, 0, 0);
  set(base + SMIN, high, low);
  set(base + SMAX, high, low);
  set(base + UMIN, high, low);
  set(base + UMAX, high, low);
  setS32(base, low, low);
  setU32(base, low, low);
}
