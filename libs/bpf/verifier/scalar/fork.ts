import { AluOp } from './alu';
import { isConst, load, type ScalarState, scalarImm, take } from './state';
import { DST, MASK, S32MAX, S32MIN, SMAX, SMIN, setS32, setU32, VALUE, W } from './words';

/** The two cases of a number that is 0 or -1. */
export interface ForkedScalars {
  /** The operand on the path that goes on. */
  readonly minusOne: ScalarState;
  /** The operand on the path put aside, which starts at the same instruction. */
  readonly zero: ScalarState;
}

/**
 * A number that is 0 or -1, as an arithmetic right shift of the sign leaves it, and that is now masked with a constant
 * (compilers write `x < 0 ? a : b` so): the verifier follows both cases on their own (kernel/bpf/verifier.c:
 * maybe_fork_scalars).
 *
 * @returns nothing when `dst op src` is no such case
 */
export function maybeForkScalars(op: number, dst: ScalarState, src: ScalarState): ForkedScalars | undefined {
  if ((op !== AluOp.AND && op !== AluOp.OR) || !isConst(src)) return undefined;
  const { words } = dst;
  const isWide = (words[SMIN] & words[SMIN + 1]) === -1 && (words[SMAX] | words[SMAX + 1]) === 0;
  if (isWide) return { minusOne: scalarImm(-1), zero: scalarImm(0) };
  if (words[S32MIN] !== -1 || words[S32MAX] !== 0) return undefined;
  return { minusOne: withLow32(dst, -1), zero: withLow32(dst, 0) };
}

/** `__mark_reg32_known`: the low half known, the wide ranges as they were. */
function withLow32(s: ScalarState, low: number): ScalarState {
  load(DST, s);
  W[DST + VALUE] = low;
  W[DST + MASK] = 0;
  setS32(DST, low, low);
  setU32(DST, low, low);
  return take(DST);
}
