/** Truncation and extension: narrow loads, 32-bit moves, sign-extending moves, byte order. */
import { isConst, load, type ScalarState, scalarConst, take, UNKNOWN } from './state';
import { regBoundsSanityCheck, regBoundsSync } from './sync';
import { tnumByteSwap, tnumRange } from './tnum';
import {
  copy,
  DST,
  ltS,
  MASK,
  S32MAX,
  S32MIN,
  SMAX,
  SMIN,
  set,
  setS32,
  setU32,
  T0,
  T1,
  U32MAX,
  U32MIN,
  UMAX,
  UMIN,
  unbind,
  unbind32,
  VALUE,
  W,
} from './words';

/** `zext_32_to_64`, in place, not yet synced: the low half's views become those of the whole. */
export function assignLow32(b: number): void {
  W[b + VALUE + 1] = 0;
  W[b + MASK + 1] = 0;
  set(b + UMIN, 0, W[b + U32MIN]);
  set(b + UMAX, 0, W[b + U32MAX]);
  const isNonNegative = W[b + S32MIN] >= 0 && W[b + S32MAX] >= 0;
  set(b + SMIN, 0, isNonNegative ? W[b + S32MIN] : 0);
  set(b + SMAX, 0, isNonNegative ? W[b + S32MAX] : -1);
}

/** A 32-bit move (`wD = wS`): zext_32_to_64, then reg_bounds_sync. */
export function zext32To64(s: ScalarState): ScalarState {
  load(DST, s);
  assignLow32(DST);
  regBoundsSync(DST);
  regBoundsSanityCheck(DST);
  return take(DST);
}

/** Cuts DST down to `size` bytes and syncs (`coerce_reg_to_size`). */
function truncate(size: number): void {
  const low = size === 4 ? -1 : 2 ** (8 * size) - 1;
  set(DST + VALUE, 0, W[DST + VALUE] & low);
  set(DST + MASK, 0, W[DST + MASK] & low);
  const isSameAbove =
    W[DST + UMIN + 1] === W[DST + UMAX + 1] && (W[DST + UMIN] & ~low) === (W[DST + UMAX] & ~low);
  set(DST + UMIN, 0, isSameAbove ? W[DST + UMIN] & low : 0);
  set(DST + UMAX, 0, isSameAbove ? W[DST + UMAX] & low : low);
  copy(DST + SMIN, DST + UMIN);
  copy(DST + SMAX, DST + UMAX);
  if (size < 4) unbind32(DST);
  regBoundsSync(DST);
}

/** `coerce_reg_to_size`: the low `size` bytes (1, 2 or 4), zero-extended; 8 leaves the number as it is. */
export function coerceRegToSize(s: ScalarState, size: number): ScalarState {
  if (size >= 8) return s;
  load(DST, s);
  truncate(size);
  return take(DST);
}

/**
 * A byte-order instruction (`scalar_byte_swap`): the low `bits` (16, 32 or 64), swapped or not, zero-extended. Swapping
 * keeps the known bits and forgets the ranges. On x86-64 `le` does not swap, `be` and `bswap` do.
 */
export function scalarByteSwap(s: ScalarState, bits: number, isSwapped: boolean): ScalarState {
  const bytes = bits / 8;
  if (!isSwapped) return coerceRegToSize(s, bytes);
  load(DST, s);
  tnumByteSwap(DST, bytes);
  unbind(DST);
  if (bytes < 8) truncate(bytes);
  else regBoundsSync(DST);
  return take(DST);
}

/** slot = the low `bits` of `from`, sign-extended. */
function signExtend(slot: number, from: number, bits: number): void {
  const low = (W[from] << (32 - bits)) >> (32 - bits);
  set(slot, low >> 31, low);
}

/** Whether two 64-bit numbers agree in all bits from `bits` on. */
function agreeAbove(a: number, b: number, bits: number): boolean {
  if (W[a + 1] !== W[b + 1]) return false;
  return bits === 32 || W[a] >> bits === W[b] >> bits;
}

/**
 * `coerce_reg_to_size_sx`: the low `size` bytes (1, 2 or 4), sign-extended to 64 bits (`r1 = (s8)r2`, `ldsx`).
 * Bounds survive when both ends share the bits above and extend to the same sign.
 */
export function coerceRegToSizeSx(s: ScalarState, size: number): ScalarState {
  if (size >= 8) return s;
  const bits = size * 8;
  if (isConst(s)) return scalarConst(BigInt.asIntN(bits, s.value));
  load(DST, s);
  signExtend(T0, DST + SMIN, bits);
  signExtend(T1, DST + SMAX, bits);
  const isRange = agreeAbove(DST + SMIN, DST + SMAX, bits) && W[T0 + 1] === W[T1 + 1];
  if (isRange) setSignedRange(ltS(T1, T0) ? T1 : T0, ltS(T1, T0) ? T0 : T1);
  else setSignedSize(bits);
  regBoundsSanityCheck(DST);
  return take(DST);
}

/** DST is anything from `min` to `max` (slots), which have one sign. */
function setSignedRange(min: number, max: number): void {
  copy(DST + SMIN, min);
  copy(DST + SMAX, max);
  copy(DST + UMIN, min);
  copy(DST + UMAX, max);
  setS32(DST, W[min], W[max]);
  setU32(DST, W[min], W[max]);
  tnumRange(DST, DST + UMIN, DST + UMAX);
}

/** DST is any signed number of so many bits. */
function setSignedSize(bits: number): void {
  set(DST + VALUE, 0, 0);
  set(DST + MASK, -1, -1);
  unbind(DST);
  const max = 2 ** (bits - 1) - 1;
  set(DST + SMIN, -1, -1 - max);
  set(DST + SMAX, 0, max);
  setS32(DST, -1 - max, max);
}

/**
 * A 32-bit sign-extending move (`w1 = (s8)w2`): `coerce_subreg_to_size_sx` with `size` 1 or 2, then the zero extension
 * and sync that follow it in check_alu_op.
 */
export function coerceSubregToSizeSx(s: ScalarState, size: number): ScalarState {
  const bits = size * 8;
  if (isConst(s)) return scalarConst(BigInt.asUintN(32, BigInt.asIntN(bits, s.value)));
  load(DST, s);
  const a = (W[DST + S32MIN] << (32 - bits)) >> (32 - bits);
  const b = (W[DST + S32MAX] << (32 - bits)) >> (32 - bits);
  const isRange = W[DST + S32MIN] >> bits === W[DST + S32MAX] >> bits && a < 0 === b < 0;
  if (isRange) {
    setS32(DST, Math.min(a, b), Math.max(a, b));
    setU32(DST, W[DST + S32MIN], W[DST + S32MAX]);
    set(T0, W[DST + S32MIN] >> 31, W[DST + S32MIN]);
    set(T1, W[DST + S32MAX] >> 31, W[DST + S32MAX]);
    tnumRange(DST, T0, T1);
  } else {
    const max = 2 ** (bits - 1) - 1;
    setS32(DST, -1 - max, max);
    setU32(DST, 0, -1);
    set(DST + VALUE, 0, 0);
    set(DST + MASK, 0, -1);
  }
  assignLow32(DST);
  regBoundsSync(DST);
  regBoundsSanityCheck(DST);
  return take(DST);
}

const zeroExtended = new Map<number, ScalarState>();
const signExtended = new Map<number, ScalarState>();

/** What a load of `size` bytes (1, 2, 4 or 8) from memory of unknown content gives; `isSigned` for `ldsx`. */
export function loadedScalar(size: number, isSigned = false): ScalarState {
  if (size >= 8) return UNKNOWN;
  const known = isSigned ? signExtended : zeroExtended;
  let state = known.get(size);
  if (state === undefined) {
    state = isSigned ? coerceRegToSizeSx(UNKNOWN, size) : coerceRegToSize(UNKNOWN, size);
    known.set(size, state);
  }
  return state;
}
