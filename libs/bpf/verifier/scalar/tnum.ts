/**
 * Tristate numbers (kernel/bpf/tnum.c): each bit is 0, 1 or unknown. Invariant: value and mask share no bit.
 * A tnum is named by the slot of its value (see words.ts); its mask is the slot {@link TO_MASK} further. The known bits
 * of an operand are the tnum at its base. Results may overwrite operands.
 */
import {
  add,
  copy,
  isZero,
  ltU,
  onesBelow,
  set,
  shiftLeft,
  shiftS,
  shiftU,
  sub,
  T0,
  T1,
  T2,
  TO_MASK,
  W,
} from './words';

const M = TO_MASK;

/** to = value with the bits of the mask taken out, and the mask. */
function put(to: number, high: number, low: number, maskHigh: number, maskLow: number): void {
  set(to, high & ~maskHigh, low & ~maskLow);
  set(to + M, maskHigh, maskLow);
}

export function tnumLshift(t: number, count: number): void {
  shiftLeft(t, count);
  shiftLeft(t + M, count);
}

export function tnumRshift(t: number, count: number): void {
  shiftU(t, count);
  shiftU(t + M, count);
}

/** An unknown sign bit spreads unknown bits, a known one spreads itself. */
export function tnumArshift64(t: number, count: number): void {
  shiftS(t, count);
  shiftS(t + M, count);
}

/** The same on the low half; the high half becomes 0. */
export function tnumArshift32(t: number, count: number): void {
  set(t, 0, W[t] >> count);
  set(t + M, 0, W[t + M] >> count);
}

/** A bit of a sum is unknown where either is, and where a carry from below may or may not arrive. */
export function tnumAdd(to: number, a: number, b: number): void {
  add(T0, a, b);
  add(T1, a + M, b + M);
  add(T1, T1, T0);
  const maskLow = (W[T1] ^ W[T0]) | W[a + M] | W[b + M];
  const maskHigh = (W[T1 + 1] ^ W[T0 + 1]) | W[a + M + 1] | W[b + M + 1];
  put(to, W[T0 + 1], W[T0], maskHigh, maskLow);
}

export function tnumSub(to: number, a: number, b: number): void {
  sub(T0, a, b);
  add(T1, T0, a + M);
  sub(T2, T0, b + M);
  const maskLow = (W[T1] ^ W[T2]) | W[a + M] | W[b + M];
  const maskHigh = (W[T1 + 1] ^ W[T2 + 1]) | W[a + M + 1] | W[b + M + 1];
  put(to, W[T0 + 1], W[T0], maskHigh, maskLow);
}

export function tnumAnd(to: number, a: number, b: number): void {
  for (let i = 0; i < 2; i++) {
    const ones = W[a + i] & W[b + i];
    const possible = (W[a + i] | W[a + M + i]) & (W[b + i] | W[b + M + i]);
    W[to + i] = ones;
    W[to + M + i] = possible & ~ones;
  }
}

export function tnumOr(to: number, a: number, b: number): void {
  for (let i = 0; i < 2; i++) {
    const ones = W[a + i] | W[b + i];
    W[to + M + i] = (W[a + M + i] | W[b + M + i]) & ~ones;
    W[to + i] = ones;
  }
}

export function tnumXor(to: number, a: number, b: number): void {
  for (let i = 0; i < 2; i++) {
    const mask = W[a + M + i] | W[b + M + i];
    W[to + i] = (W[a + i] ^ W[b + i]) & ~mask;
    W[to + M + i] = mask;
  }
}

/** Holds all that either holds; optimal. */
export function tnumUnion(to: number, a: number, b: number): void {
  for (let i = 0; i < 2; i++) {
    const mask = (W[a + i] ^ W[b + i]) | W[a + M + i] | W[b + M + i];
    W[to + i] = W[a + i] & W[b + i] & ~mask;
    W[to + M + i] = mask;
  }
}

/** What both agree on; where they contradict each other the bit comes out as 1. */
export function tnumIntersect(to: number, a: number, b: number): void {
  for (let i = 0; i < 2; i++) {
    const mask = W[a + M + i] & W[b + M + i];
    W[to + i] = (W[a + i] | W[b + i]) & ~mask;
    W[to + M + i] = mask;
  }
}

/** {@link tnumIntersect} on the low halves alone. */
export function tnumIntersectLow(to: number, a: number, b: number): void {
  const mask = W[a + M] & W[b + M];
  W[to] = (W[a] | W[b]) & ~mask;
  W[to + M] = mask;
}

/**
 * Intersects with the smallest tnum that holds every number from `min` to `max` (slots): their common high bits, and
 * nothing known below (`tnum_range`).
 */
export function tnumIntersectRange(t: number, min: number, max: number): void {
  const differHigh = W[min + 1] ^ W[max + 1];
  const openHigh = onesBelow(differHigh);
  const openLow = differHigh !== 0 ? -1 : onesBelow(W[min] ^ W[max]);
  intersectWord(t + 1, W[min + 1], openHigh);
  intersectWord(t, W[min], openLow);
}

/** {@link tnumIntersectRange} on the low half, with 32-bit unsigned bounds. */
export function tnumIntersectRange32(t: number, min: number, max: number): void {
  intersectWord(t, min, onesBelow(min ^ max));
}

/** One word of an intersection with a tnum whose unknown bits are `open` and whose others are those of `value`. */
function intersectWord(at: number, value: number, open: number): void {
  const mask = W[at + M] & open;
  W[at] = (W[at] | (value & ~open)) & ~mask;
  W[at + M] = mask;
}

/** t = the smallest tnum that holds every number from `min` to `max` (slots). */
export function tnumRange(t: number, min: number, max: number): void {
  set(t, 0, 0);
  set(t + M, -1, -1);
  tnumIntersectRange(t, min, max);
}

/** Whether some number is in both, as far as bits tell (`tnum_overlap`). */
export function tnumOverlap(a: number, b: number): boolean {
  const low = (W[a] ^ W[b]) & ~W[a + M] & ~W[b + M];
  const high = (W[a + 1] ^ W[b + 1]) & ~W[a + M + 1] & ~W[b + M + 1];
  return (low | high) === 0;
}

/**
 * to = smallest member of `t` above `z`, or the largest member when there is none above (`tnum_step`). Members are the
 * known ones plus a subset of the unknown bits, so this counts up within the mask: bits outside it are filled with
 * ones to carry through, and so is everything below a bit of `z` that no member can have.
 */
export function tnumStep(to: number, t: number, z: number): void {
  set(T0, W[t + 1] | W[t + M + 1], W[t] | W[t + M]);
  if (!ltU(z, T0)) {
    copy(to, T0);
    return;
  }
  if (ltU(z, t)) {
    copy(to, t);
    return;
  }
  sub(T0, z, t);
  const maskLow = W[t + M];
  const maskHigh = W[t + M + 1];
  const belowHigh = onesBelow(W[T0 + 1] & ~maskHigh);
  const belowLow = belowHigh !== 0 ? -1 : onesBelow(W[T0] & ~maskLow);
  const filledLow = W[T0] | belowLow | ~maskLow;
  const filledHigh = W[T0 + 1] | belowHigh | ~maskHigh;
  const low = (filledLow + 1) & maskLow;
  const high = (filledLow === -1 ? filledHigh + 1 : filledHigh) & maskHigh;
  set(to, W[t + 1] | high, W[t] | low);
}

/** The low `bytes` (2, 4 or 8) in reverse order, zeroes above (`tnum_bswap16` and so on). */
export function tnumByteSwap(t: number, bytes: number): void {
  swapNumber(t, bytes);
  swapNumber(t + M, bytes);
}

const swap32 = (x: number) => (x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24);

function swapNumber(slot: number, bytes: number): void {
  const low = swap32(W[slot]);
  if (bytes === 8) set(slot, low, swap32(W[slot + 1]));
  else set(slot, 0, bytes === 4 ? low : low >>> 16);
}

/** Whether `t` is unknown in every bit that adding `row`, or a further shifted one, could touch. */
export function isSaturated(t: number, row: number): boolean {
  const low = W[row] | W[row + M];
  const high = W[row + 1] | W[row + M + 1];
  const untouchedLow = low === 0 ? -1 : (low & -low) - 1;
  const untouchedHigh = low !== 0 ? 0 : high === 0 ? -1 : (high & -high) - 1;
  return (W[t + M] | untouchedLow) === -1 && (W[t + M + 1] | untouchedHigh) === -1;
}

/** Whether every bit is known. */
export function isKnown(t: number): boolean {
  return isZero(t + M);
}
