/** Comparisons of what is known, for state pruning. */
import type { ScalarState } from './state';
import { MASK, OPERAND_WORDS, S32MAX, S32MIN, SMAX, SMIN, U32MAX, U32MIN, UMAX, UMIN, VALUE } from './words';

/** Unsigned a <= b for 64-bit numbers at one slot of two operands. */
function atMostU(a: Int32Array, b: Int32Array, slot: number): boolean {
  const high = a[slot + 1];
  const other = b[slot + 1];
  return high === other ? a[slot] >>> 0 <= b[slot] >>> 0 : high >>> 0 < other >>> 0;
}

/** Signed a <= b. */
function atMostS(a: Int32Array, b: Int32Array, slot: number): boolean {
  const high = a[slot + 1];
  const other = b[slot + 1];
  return high === other ? a[slot] >>> 0 <= b[slot] >>> 0 : high < other;
}

/** `range_within`: every range of `cur` lies in that of `old`. */
export function rangeWithin(old: ScalarState, cur: ScalarState): boolean {
  if (old === cur) return true;
  const o = old.words;
  const c = cur.words;
  return (
    atMostU(o, c, UMIN) &&
    atMostU(c, o, UMAX) &&
    atMostS(o, c, SMIN) &&
    atMostS(c, o, SMAX) &&
    o[U32MIN] >>> 0 <= c[U32MIN] >>> 0 &&
    o[U32MAX] >>> 0 >= c[U32MAX] >>> 0 &&
    o[S32MIN] <= c[S32MIN] &&
    o[S32MAX] >= c[S32MAX]
  );
}

/** `tnum_in(old->var_off, cur->var_off)`: the known bits of `old` hold for `cur`. */
export function tnumIn(old: ScalarState, cur: ScalarState): boolean {
  if (old === cur) return true;
  const o = old.words;
  const c = cur.words;
  for (let i = 0; i < 2; i++) {
    const known = ~o[MASK + i];
    if ((c[MASK + i] & known) !== 0 || (c[VALUE + i] & known) !== o[VALUE + i]) return false;
  }
  return true;
}

/** Whether all that `cur` may be, `old` may be as well: the test of regsafe on scalars. */
export function scalarIncludes(old: ScalarState, cur: ScalarState): boolean {
  return rangeWithin(old, cur) && tnumIn(old, cur);
}

/** Whether both know the very same (`regs_exact` on the range part). */
export function scalarEquals(a: ScalarState, b: ScalarState): boolean {
  if (a === b) return true;
  for (let i = 0; i < OPERAND_WORDS; i++) if (a.words[i] !== b.words[i]) return false;
  return true;
}
