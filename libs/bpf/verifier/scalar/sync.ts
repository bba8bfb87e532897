/**
 * Bringing the five views of a number in step (kernel/bpf/verifier.c: reg_bounds_sync): known bits and the four ranges
 * each tighten the others. The number of passes and their order are the kernel's: they decide what is learned.
 * Everything works in place on an operand of words.ts.
 */
import { isUnknownAt, load, type ScalarState, take } from './state';
import { tnumIntersectRange, tnumIntersectRange32, tnumStep } from './tnum';
import {
  copy,
  DST,
  equal,
  lowerS,
  lowerU,
  ltS,
  ltU,
  MASK,
  NO_SIGN,
  raiseS,
  raiseU,
  S32MAX,
  S32MIN,
  SIGN,
  SMAX,
  SMIN,
  set,
  setBig,
  settleConst,
  T1,
  T2,
  U32MAX,
  U32MIN,
  UMAX,
  UMIN,
  unbind,
  unsignedBig,
  VALUE,
  W,
} from './words';

/** `__update_reg_bounds`: what the known bits say about the ranges. */
export function updateRegBounds(b: number): void {
  updateReg32Bounds(b);
  updateReg64Bounds(b);
}

/** `__update_reg32_bounds`. */
export function updateReg32Bounds(b: number): void {
  const value = W[b + VALUE];
  const mask = W[b + MASK];
  narrowS32(b, value | (mask & SIGN), value | (mask & NO_SIGN));
  narrowU32(b, value, value | mask);
}

function narrowS32(b: number, min: number, max: number): void {
  if (min > W[b + S32MIN]) W[b + S32MIN] = min;
  if (max < W[b + S32MAX]) W[b + S32MAX] = max;
}

function narrowU32(b: number, min: number, max: number): void {
  if (min >>> 0 > W[b + U32MIN] >>> 0) W[b + U32MIN] = min;
  if (max >>> 0 < W[b + U32MAX] >>> 0) W[b + U32MAX] = max;
}

function updateReg64Bounds(b: number): void {
  const low = W[b + VALUE];
  const high = W[b + VALUE + 1];
  const allLow = low | W[b + MASK];
  const maskHigh = W[b + MASK + 1];
  raiseS(b + SMIN, high | (maskHigh & SIGN), low);
  lowerS(b + SMAX, high | (maskHigh & NO_SIGN), allLow);
  raiseU(b + UMIN, high, low);
  lowerU(b + UMAX, high | maskHigh, allLow);
  becomeOnlyMember(b);
}

/** When the known bits and the unsigned range share but one number, that is the number. */
function becomeOnlyMember(b: number): void {
  tnumStep(T1, b, b + UMIN);
  const isMinMember =
    (W[b + UMIN] & ~W[b + MASK]) === W[b + VALUE] &&
    (W[b + UMIN + 1] & ~W[b + MASK + 1]) === W[b + VALUE + 1];
  if (isMinMember) {
    if (ltU(b + UMAX, T1)) becomeConst(b, b + UMIN);
    return;
  }
  const isLargest =
    W[T1] === (W[b + VALUE] | W[b + MASK]) && W[T1 + 1] === (W[b + VALUE + 1] | W[b + MASK + 1]);
  if (isLargest) becomeConst(b, T1);
  else if (!ltU(b + UMAX, T1)) {
    tnumStep(T2, b, T1);
    if (ltU(b + UMAX, T2)) becomeConst(b, T1);
  }
}

function becomeConst(b: number, from: number): void {
  copy(b + VALUE, from);
  settleConst(b);
}

/**
 * What a 64-bit range (slots) says about the low half: with one common high half the low halves are a range
 * themselves; with two neighbouring ones they are a signed range when it runs from negative to non-negative.
 */
function deduce32From64(b: number, min: number, max: number, isUnsigned: boolean): void {
  if (W[min + 1] !== W[max + 1]) return;
  if (isUnsigned || W[min] >>> 0 <= W[max] >>> 0) narrowU32(b, W[min], W[max]);
  if (W[min] <= W[max]) narrowS32(b, W[min], W[max]);
}

function deduce32FromNeighbours(b: number, min: number, max: number): void {
  if (W[min] < 0 && W[max] >= 0 && ((W[min + 1] + 1) | 0) === W[max + 1]) narrowS32(b, W[min], W[max]);
}

/** `__reg32_deduce_bounds`; its second half is that of {@link deduce64}, for the low halves. */
function deduce32(b: number): void {
  deduce32From64(b, b + UMIN, b + UMAX, true);
  deduce32From64(b, b + SMIN, b + SMAX, false);
  deduce32FromNeighbours(b, b + UMIN, b + UMAX);
  deduce32FromNeighbours(b, b + SMIN, b + SMAX);
  if (W[b + U32MIN] <= W[b + U32MAX]) narrowS32(b, W[b + U32MIN], W[b + U32MAX]);
  const min = W[b + S32MIN];
  const max = W[b + S32MAX];
  if (min >>> 0 <= max >>> 0) narrowU32(b, min, max);
  else if (W[b + U32MAX] >>> 0 < min >>> 0) {
    W[b + S32MIN] = W[b + U32MIN];
    narrowU32(b, 0, max);
  } else if (max >>> 0 < W[b + U32MIN] >>> 0) {
    W[b + S32MAX] = W[b + U32MAX];
    narrowU32(b, min, -1);
  }
}

/**
 * `__reg64_deduce_bounds`. A range that stays on one side of the sign boundary is the same range in both views. A
 * signed range across it is two unsigned pieces; when the unsigned range meets only one of them, both shrink to that.
 */
function deduce64(b: number): void {
  if (!ltS(b + UMAX, b + UMIN)) {
    raiseS(b + SMIN, W[b + UMIN + 1], W[b + UMIN]);
    lowerS(b + SMAX, W[b + UMAX + 1], W[b + UMAX]);
  }
  if (!ltU(b + SMAX, b + SMIN)) {
    raiseU(b + UMIN, W[b + SMIN + 1], W[b + SMIN]);
    lowerU(b + UMAX, W[b + SMAX + 1], W[b + SMAX]);
  } else if (ltU(b + UMAX, b + SMIN)) {
    copy(b + SMIN, b + UMIN);
    lowerU(b + UMAX, W[b + SMAX + 1], W[b + SMAX]);
  } else if (ltU(b + SMAX, b + UMIN)) {
    copy(b + SMAX, b + UMAX);
    raiseU(b + UMIN, W[b + SMIN + 1], W[b + SMIN]);
  }
}

/** `__reg_deduce_mixed_bounds`: the low half's range put in place of the low halves of the 64-bit bounds. */
function deduceMixed(b: number): void {
  raiseU(b + UMIN, W[b + UMIN + 1], W[b + U32MIN]);
  lowerU(b + UMAX, W[b + UMAX + 1], W[b + U32MAX]);
  raiseS(b + SMIN, W[b + SMIN + 1], W[b + U32MIN]);
  lowerS(b + SMAX, W[b + SMAX + 1], W[b + U32MAX]);
  if (W[b + S32MIN] >= 0 && isAtLeastS32Min(b + SMIN) && isAtMostS32Max(b + SMAX)) adoptNonNegative32(b);
}

const isAtLeastS32Min = (slot: number) => W[slot + 1] >= 0 || (W[slot + 1] === -1 && W[slot] < 0);
const isAtMostS32Max = (slot: number) => W[slot + 1] < 0 || (W[slot + 1] === 0 && W[slot] >= 0);

/** A number that fits into s32 and whose low half is not negative is that low half. */
function adoptNonNegative32(b: number): void {
  const min = W[b + S32MIN];
  const max = W[b + S32MAX];
  set(b + SMIN, 0, min);
  set(b + SMAX, max >> 31, max);
  set(b + UMIN, 0, min);
  set(b + UMAX, max >> 31, max);
  tnumIntersectRange(b, b + UMIN, b + UMAX);
}

/** `__reg_bound_offset`: what the unsigned ranges say about the bits. */
function boundOffset(b: number): void {
  tnumIntersectRange(b, b + UMIN, b + UMAX);
  tnumIntersectRange32(b, W[b + U32MIN], W[b + U32MAX]);
}

/** Whether a known number lies in all four ranges, so that syncing can only set them to it. */
function holdsItsConst(b: number): boolean {
  const low = W[b + VALUE];
  return (
    low >>> 0 >= W[b + U32MIN] >>> 0 &&
    low >>> 0 <= W[b + U32MAX] >>> 0 &&
    low >= W[b + S32MIN] &&
    low <= W[b + S32MAX] &&
    !ltU(b, b + UMIN) &&
    !ltU(b + UMAX, b) &&
    !ltS(b, b + SMIN) &&
    !ltS(b + SMAX, b)
  );
}

/** `reg_bounds_sync`. */
export function regBoundsSync(b: number): void {
  if ((W[b + MASK] | W[b + MASK + 1]) === 0 && holdsItsConst(b)) {
    settleConst(b);
    return;
  }
  if (isUnknownAt(b)) return;
  updateRegBounds(b);
  for (let pass = 0; pass < 3; pass++) {
    deduce32(b);
    deduce64(b);
    deduceMixed(b);
  }
  boundOffset(b);
  updateRegBounds(b);
}

/** What contradicts what (`reg_bounds_sanity_check`); undefined when all views agree. */
function contradiction(b: number): string | undefined {
  if (ltU(b + UMAX, b + UMIN) || ltS(b + SMAX, b + SMIN)) return 'range bounds violation';
  if (W[b + U32MIN] >>> 0 > W[b + U32MAX] >>> 0 || W[b + S32MIN] > W[b + S32MAX])
    return 'range bounds violation';
  if (W[b + MASK] !== 0) return undefined;
  const low = W[b + VALUE];
  const isLow =
    W[b + U32MIN] === low && W[b + U32MAX] === low && W[b + S32MIN] === low && W[b + S32MAX] === low;
  if (W[b + MASK + 1] !== 0) return isLow ? undefined : 'const subreg tnum out of sync with range bounds';
  const isWhole = equal(b, b + UMIN) && equal(b, b + UMAX) && equal(b, b + SMIN) && equal(b, b + SMAX);
  if (!isWhole) return 'const tnum out of sync with range bounds';
  return isLow ? undefined : 'const subreg tnum out of sync with range bounds';
}

const hex64 = (slot: number) => `0x${unsignedBig(W[slot], W[slot + 1]).toString(16)}`;
const hex32 = (slot: number) => `0x${(W[slot] >>> 0).toString(16)}`;

/** All five views as Linux tells of a contradiction. */
function viewsText(b: number): string {
  return (
    `u64=[${hex64(b + UMIN)}, ${hex64(b + UMAX)}] s64=[${hex64(b + SMIN)}, ${hex64(b + SMAX)}] ` +
    `u32=[${hex32(b + U32MIN)}, ${hex32(b + U32MAX)}] s32=[${hex32(b + S32MIN)}, ${hex32(b + S32MAX)}] ` +
    `var_off=(${hex64(b + VALUE)}, ${hex64(b + MASK)})`
  );
}

/**
 * `reg_bounds_sanity_check`: a contradiction (an impossible branch) forgets the ranges but keeps the bits.
 * @returns what it is, for the log
 */
export function regBoundsSanityCheck(b: number): string | undefined {
  const what = contradiction(b);
  if (what === undefined) return undefined;
  const text = `${what} ${viewsText(b)}`;
  unbind(b);
  return text;
}

/** Bounds to impose, e.g. what is known of a helper's result. */
export interface BoundsPatch {
  readonly smin?: bigint;
  readonly smax?: bigint;
  readonly umin?: bigint;
  readonly umax?: bigint;
  readonly s32min?: number;
  readonly s32max?: number;
  readonly u32min?: number;
  readonly u32max?: number;
}

/** Sets the given bounds (replacing the old ones) and syncs; see do_refine_retval_range, __mark_reg_s32_range. */
export function withBounds(s: ScalarState, patch: BoundsPatch): ScalarState {
  load(DST, s);
  if (patch.smin !== undefined) setBig(DST + SMIN, patch.smin);
  if (patch.smax !== undefined) setBig(DST + SMAX, patch.smax);
  if (patch.umin !== undefined) setBig(DST + UMIN, patch.umin);
  if (patch.umax !== undefined) setBig(DST + UMAX, patch.umax);
  if (patch.s32min !== undefined) W[DST + S32MIN] = patch.s32min;
  if (patch.s32max !== undefined) W[DST + S32MAX] = patch.s32max;
  if (patch.u32min !== undefined) W[DST + U32MIN] = patch.u32min;
  if (patch.u32max !== undefined) W[DST + U32MAX] = patch.u32max;
  regBoundsSync(DST);
  regBoundsSanityCheck(DST);
  return take(DST);
}
