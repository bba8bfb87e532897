import { isSaturated, tnumAdd, tnumLshift, tnumRshift, tnumUnion } from './tnum';
import { copy, DST_VIEW, isZero, SRC_VIEW, set, TO_MASK, W } from './words';

/** Tnums of the long multiplication, in the room for views. */
const FACTOR = DST_VIEW;
const ROW = DST_VIEW + 2 * TO_MASK;
const SUM = SRC_VIEW;
const NEXT = SRC_VIEW + 2 * TO_MASK;

function copyTnum(to: number, from: number): void {
  copy(to, from);
  copy(to + TO_MASK, from + TO_MASK);
}

/**
 * to = a * b (`tnum_mul`): long multiplication over the bits of `a`. A known 1 adds the shifted `b`, an unknown bit
 * keeps what both outcomes share. Stops once no further row can change the sum.
 */
export function tnumMul(to: number, a: number, b: number): void {
  copyTnum(FACTOR, a);
  copyTnum(ROW, b);
  set(SUM, 0, 0);
  set(SUM + TO_MASK, 0, 0);
  while (!(isZero(FACTOR) && isZero(FACTOR + TO_MASK))) {
    if ((W[FACTOR] & 1) !== 0) tnumAdd(SUM, SUM, ROW);
    else if ((W[FACTOR + TO_MASK] & 1) !== 0) {
      tnumAdd(NEXT, SUM, ROW);
      tnumUnion(SUM, SUM, NEXT);
    }
    tnumRshift(FACTOR, 1);
    tnumLshift(ROW, 1);
    if (isSaturated(SUM, ROW)) break;
  }
  copyTnum(to, SUM);
}
