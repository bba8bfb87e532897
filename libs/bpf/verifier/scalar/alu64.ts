/**
 * How each operation moves the 64-bit ranges (kernel/bpf/verifier.c: scalar_min_max_*), on the operands at DST and SRC
 * of words.ts, in place at DST. Bit operations expect DST's known bits to be those of the result.
 */
import { shiftRangeLeft32 } from './alu32';
import { updateRegBounds } from './sync';
import { isKnown, tnumArshift64, tnumLshift, tnumRshift } from './tnum';
import {
  add,
  addOverflows,
  copy,
  DST,
  lowerU,
  ltS,
  ltU,
  MASK,
  raiseU,
  S32MAX,
  S32MIN,
  SMAX,
  SMIN,
  SRC,
  set,
  setBig,
  settleConst,
  shiftLeft,
  shiftS,
  shiftU,
  signedBig,
  sub,
  subOverflows,
  T0,
  T1,
  UMAX,
  UMIN,
  unbind32,
  unbindS,
  unbindU,
  unsignedBig,
  VALUE,
  W,
} from './words';

export function add64(): void {
  const isBelow = addOverflows(DST + SMIN, DST + SMIN, SRC + SMIN);
  const isAbove = addOverflows(DST + SMAX, DST + SMAX, SRC + SMAX);
  if (isBelow || isAbove) unbindS(DST);
  const isMinCarried = add(DST + UMIN, DST + UMIN, SRC + UMIN);
  const isMaxCarried = add(DST + UMAX, DST + UMAX, SRC + UMAX);
  if (!isMinCarried && isMaxCarried) unbindU(DST);
}

export function sub64(): void {
  const isBelow = subOverflows(DST + SMIN, DST + SMIN, SRC + SMAX);
  const isAbove = subOverflows(DST + SMAX, DST + SMAX, SRC + SMIN);
  if (isBelow || isAbove) unbindS(DST);
  const isMinBorrowed = sub(DST + UMIN, DST + UMIN, SRC + UMAX);
  const isMaxBorrowed = sub(DST + UMAX, DST + UMAX, SRC + UMIN);
  if (isMinBorrowed && !isMaxBorrowed) unbindU(DST);
}

const U64_MAX = 0xffff_ffff_ffff_ffffn;
const S64_MIN = -0x8000_0000_0000_0000n;
const S64_MAX = 0x7fff_ffff_ffff_ffffn;

const unsigned = (slot: number) => unsignedBig(W[slot], W[slot + 1]);
const signed = (slot: number) => signedBig(W[slot], W[slot + 1]);

/** Products of 128 bits are rare enough for BigInt. */
export function mul64(): void {
  const low = unsigned(DST + UMIN) * unsigned(SRC + UMIN);
  const high = unsigned(DST + UMAX) * unsigned(SRC + UMAX);
  const products = [
    signed(DST + SMIN) * signed(SRC + SMIN),
    signed(DST + SMIN) * signed(SRC + SMAX),
    signed(DST + SMAX) * signed(SRC + SMIN),
    signed(DST + SMAX) * signed(SRC + SMAX),
  ];
  let [min, max] = products;
  for (const product of products) {
    if (product < min) min = product;
    if (product > max) max = product;
  }
  if (low > U64_MAX || high > U64_MAX) unbindU(DST);
  else {
    setBig(DST + UMIN, low);
    setBig(DST + UMAX, high);
  }
  if (min < S64_MIN || max > S64_MAX) unbindS(DST);
  else {
    setBig(DST + SMIN, min);
    setBig(DST + SMAX, max);
  }
}

/** The signed range is the unsigned one when that does not cross the sign boundary. */
function signedFromUnsigned(): void {
  if (ltS(DST + UMAX, DST + UMIN)) unbindS(DST);
  else {
    copy(DST + SMIN, DST + UMIN);
    copy(DST + SMAX, DST + UMAX);
  }
}

const areConst = () => isKnown(DST) && isKnown(SRC);

/** UMAX to the possible ones of DST. */
function limitByPossibleOnes(): void {
  set(DST + UMAX, W[DST + VALUE + 1] | W[DST + MASK + 1], W[DST + VALUE] | W[DST + MASK]);
}

function learnFromUnsigned(): void {
  signedFromUnsigned();
  updateRegBounds(DST);
}

export function and64(): void {
  if (areConst()) settleConst(DST);
  else {
    copy(DST + UMIN, DST + VALUE);
    lowerU(DST + UMAX, W[SRC + UMAX + 1], W[SRC + UMAX]);
    learnFromUnsigned();
  }
}

export function or64(): void {
  if (areConst()) settleConst(DST);
  else {
    raiseU(DST + UMIN, W[SRC + UMIN + 1], W[SRC + UMIN]);
    limitByPossibleOnes();
    learnFromUnsigned();
  }
}

export function xor64(): void {
  if (areConst()) settleConst(DST);
  else {
    copy(DST + UMIN, DST + VALUE);
    limitByPossibleOnes();
    learnFromUnsigned();
  }
}

/**
 * The sign is lost, except for a shift by 32 (half of the compiler's idiom for sign extension): the low half's signed
 * bounds become those of the high half.
 */
function shiftRangeLeft64(count: number): void {
  if (count === 32) {
    set(DST + SMIN, W[DST + S32MIN], 0);
    set(DST + SMAX, W[DST + S32MAX], 0);
  } else unbindS(DST);
  set(T0, 0, 1);
  shiftLeft(T0, 63 - count);
  if (ltU(T0, DST + UMAX)) unbindU(DST);
  else {
    shiftLeft(DST + UMIN, count);
    shiftLeft(DST + UMAX, count);
  }
}

/** SRC is a known count below 64 for this and the next two. */
export function lsh64(): void {
  const count = W[SRC + UMIN];
  shiftRangeLeft64(count);
  shiftRangeLeft32(count);
  tnumLshift(DST, count);
  updateRegBounds(DST);
}

export function rsh64(): void {
  const count = W[SRC + UMIN];
  unbindS(DST);
  tnumRshift(DST, count);
  shiftU(DST + UMIN, count);
  shiftU(DST + UMAX, count);
  unbind32(DST);
  updateRegBounds(DST);
}

export function arsh64(): void {
  const count = W[SRC + UMIN];
  shiftS(DST + SMIN, count);
  shiftS(DST + SMAX, count);
  tnumArshift64(DST, count);
  unbindU(DST);
  unbind32(DST);
  updateRegBounds(DST);
}

/** Bounds of a pointer's offset plus another: any wrap forgets a range (adjust_ptr_min_max_vals). */
export function addOffset(): void {
  const isBelow = addOverflows(DST + SMIN, DST + SMIN, SRC + SMIN);
  const isAbove = addOverflows(DST + SMAX, DST + SMAX, SRC + SMAX);
  if (isBelow || isAbove) unbindS(DST);
  const isMinCarried = add(DST + UMIN, DST + UMIN, SRC + UMIN);
  const isMaxCarried = add(DST + UMAX, DST + UMAX, SRC + UMAX);
  if (isMinCarried || isMaxCarried) unbindU(DST);
}

/** Bounds of a pointer's offset less another. */
export function subOffset(): void {
  const isBelow = subOverflows(DST + SMIN, DST + SMIN, SRC + SMAX);
  const isAbove = subOverflows(DST + SMAX, DST + SMAX, SRC + SMIN);
  if (isBelow || isAbove) unbindS(DST);
  if (sub(T0, DST + UMIN, SRC + UMAX)) unbindU(DST);
  else {
    sub(T1, DST + UMAX, SRC + UMIN);
    copy(DST + UMIN, T0);
    copy(DST + UMAX, T1);
  }
}
