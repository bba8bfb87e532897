/**
 * How each operation moves the ranges of the low 32 bits (kernel/bpf/verifier.c: scalar32_min_max_*), on the operands
 * at DST and SRC of words.ts, in place at DST. Bit operations expect DST's known bits to be those of the result.
 */
import { updateReg32Bounds } from './sync';
import { tnumArshift32, tnumLshift, tnumRshift } from './tnum';
import {
  DST,
  MASK,
  NO_SIGN,
  S32MAX,
  S32MIN,
  SIGN,
  SRC,
  setS32,
  setU32,
  U32MAX,
  U32MIN,
  unbind32,
  unbind64,
  VALUE,
  W,
} from './words';

const U32_LIMIT = 0xffff_ffff;

const fitsS32 = (x: number) => x >= SIGN && x <= NO_SIGN;
const unsigned = (at: number) => W[at] >>> 0;

function setS32IfFits(min: number, max: number): void {
  if (fitsS32(min) && fitsS32(max)) setS32(DST, min, max);
  else setS32(DST, SIGN, NO_SIGN);
}

/** Unsigned sums and differences are a range as long as both ends wrap or neither does. */
export function add32(): void {
  setS32IfFits(W[DST + S32MIN] + W[SRC + S32MIN], W[DST + S32MAX] + W[SRC + S32MAX]);
  const low = unsigned(DST + U32MIN) + unsigned(SRC + U32MIN);
  const high = unsigned(DST + U32MAX) + unsigned(SRC + U32MAX);
  if (low <= U32_LIMIT && high > U32_LIMIT) setU32(DST, 0, -1);
  else setU32(DST, low, high);
}

export function sub32(): void {
  setS32IfFits(W[DST + S32MIN] - W[SRC + S32MAX], W[DST + S32MAX] - W[SRC + S32MIN]);
  const low = unsigned(DST + U32MIN) - unsigned(SRC + U32MAX);
  const high = unsigned(DST + U32MAX) - unsigned(SRC + U32MIN);
  if (low < 0 && high >= 0) setU32(DST, 0, -1);
  else setU32(DST, low, high);
}

/** Products of two 32-bit numbers may pass 2^53, but rounding cannot bring one that overflows back into range. */
export function mul32(): void {
  const low = unsigned(DST + U32MIN) * unsigned(SRC + U32MIN);
  const high = unsigned(DST + U32MAX) * unsigned(SRC + U32MAX);
  if (low > U32_LIMIT || high > U32_LIMIT) setU32(DST, 0, -1);
  else setU32(DST, low, high);
  const a = W[DST + S32MIN] * W[SRC + S32MIN];
  const b = W[DST + S32MIN] * W[SRC + S32MAX];
  const c = W[DST + S32MAX] * W[SRC + S32MIN];
  const d = W[DST + S32MAX] * W[SRC + S32MAX];
  setS32IfFits(Math.min(a, b, c, d), Math.max(a, b, c, d));
}

const areLowsConst = () => W[DST + MASK] === 0 && W[SRC + MASK] === 0;

/** `__mark_reg32_known` with the low half of DST's own bits. */
function settleLowConst(): void {
  const low = W[DST + VALUE];
  setS32(DST, low, low);
  setU32(DST, low, low);
}

/** The signed range is the unsigned one when that does not cross the sign boundary. */
function signedFromUnsigned(): void {
  const min = W[DST + U32MIN];
  const max = W[DST + U32MAX];
  if (min <= max) setS32(DST, min, max);
  else setS32(DST, SIGN, NO_SIGN);
}

/** A conjunction is at least its known ones and at most the smaller operand. */
export function and32(): void {
  if (areLowsConst()) settleLowConst();
  else {
    setU32(DST, W[DST + VALUE], Math.min(unsigned(DST + U32MAX), unsigned(SRC + U32MAX)));
    signedFromUnsigned();
  }
}

/** A disjunction is at least the larger operand and at most its possible ones. */
export function or32(): void {
  if (areLowsConst()) settleLowConst();
  else {
    const least = Math.max(unsigned(DST + U32MIN), unsigned(SRC + U32MIN));
    setU32(DST, least, W[DST + VALUE] | W[DST + MASK]);
    signedFromUnsigned();
  }
}

/** For an exclusive or only the bits tell. */
export function xor32(): void {
  if (areLowsConst()) settleLowConst();
  else {
    setU32(DST, W[DST + VALUE], W[DST + VALUE] | W[DST + MASK]);
    signedFromUnsigned();
  }
}

/** The unsigned range survives a left shift that cannot push its top bit out; the sign is lost. */
export function shiftRangeLeft32(count: number): void {
  setS32(DST, SIGN, NO_SIGN);
  if (count > 31 || unsigned(DST + U32MAX) > 2 ** (31 - count)) setU32(DST, 0, -1);
  else setU32(DST, W[DST + U32MIN] << count, W[DST + U32MAX] << count);
}

/** Keeps the low half of the known bits: 32-bit operations zero the rest. */
function dropHighBits(): void {
  W[DST + VALUE + 1] = 0;
  W[DST + MASK + 1] = 0;
}

/** SRC is a known count below 32 for this and the next two. */
export function lsh32(): void {
  const count = W[SRC + U32MIN];
  shiftRangeLeft32(count);
  dropHighBits();
  tnumLshift(DST, count);
  dropHighBits();
  unbind64(DST);
  updateReg32Bounds(DST);
}

export function rsh32(): void {
  const count = W[SRC + U32MIN];
  setS32(DST, SIGN, NO_SIGN);
  dropHighBits();
  tnumRshift(DST, count);
  setU32(DST, W[DST + U32MIN] >>> count, W[DST + U32MAX] >>> count);
  unbind64(DST);
  updateReg32Bounds(DST);
}

export function arsh32(): void {
  const count = W[SRC + U32MIN];
  const min = W[DST + S32MIN] >> count;
  const max = W[DST + S32MAX] >> count;
  tnumArshift32(DST, count);
  unbind32(DST);
  setS32(DST, min, max);
  unbind64(DST);
  updateReg32Bounds(DST);
}
