/** Whether a conditional jump is decided by what is known of its operands. */
import { JmpOp } from './jmp-op';
import { load, type ScalarState } from './state';
import { isKnown, tnumOverlap } from './tnum';
import {
  DST,
  DST_VIEW,
  equal,
  ltS,
  ltU,
  MASK,
  S32MAX,
  S32MIN,
  SMAX,
  SMIN,
  SRC,
  SRC_VIEW,
  set,
  U32MAX,
  U32MIN,
  UMAX,
  UMIN,
  VALUE,
  W,
} from './words';

/** 1 always taken, 0 never taken, -1 not decided. */
export type Decision = 0 | 1 | -1;

const decide = (always: boolean, never: boolean): Decision => (always ? 1 : never ? 0 : -1);
const flip = (d: Decision): Decision => (d < 0 ? -1 : d === 1 ? 0 : 1);

/** Puts the low half of an operand at `view` in the form of a whole one, for a 32-bit comparison. */
function lookAtLow(view: number, b: number): void {
  set(view + VALUE, 0, W[b + VALUE]);
  set(view + MASK, 0, W[b + MASK]);
  set(view + UMIN, 0, W[b + U32MIN]);
  set(view + UMAX, 0, W[b + U32MAX]);
  set(view + SMIN, W[b + S32MIN] >> 31, W[b + S32MIN]);
  set(view + SMAX, W[b + S32MAX] >> 31, W[b + S32MAX]);
}

function decideEqual(a: number, b: number): Decision {
  if (isKnown(a) && isKnown(b)) return equal(a, b) ? 1 : 0;
  const isApart =
    !tnumOverlap(a, b) ||
    ltU(b + UMAX, a + UMIN) ||
    ltU(a + UMAX, b + UMIN) ||
    ltS(b + SMAX, a + SMIN) ||
    ltS(a + SMAX, b + SMIN);
  return isApart ? 0 : -1;
}

function decideBitTest(a: number, b: number): Decision {
  const constant = isKnown(b) ? b : a;
  const tested = isKnown(b) ? a : b;
  if (!isKnown(constant)) return -1;
  const low = W[constant + VALUE];
  const high = W[constant + VALUE + 1];
  const isSet = ((W[tested] & low) | (W[tested + 1] & high)) !== 0;
  const maybeLow = (W[tested] | W[tested + MASK]) & low;
  const maybeHigh = (W[tested + 1] | W[tested + MASK + 1]) & high;
  return decide(isSet, (maybeLow | maybeHigh) === 0);
}

/** Whether a > b. */
const decideGreater = (a: number, b: number) => decide(ltU(b + UMAX, a + UMIN), !ltU(b + UMIN, a + UMAX));
const decideGreaterSigned = (a: number, b: number) =>
  decide(ltS(b + SMAX, a + SMIN), !ltS(b + SMIN, a + SMAX));

const DECIDE: ReadonlyMap<number, (a: number, b: number) => Decision> = new Map([
  [JmpOp.JEQ, decideEqual],
  [JmpOp.JNE, (a: number, b: number) => flip(decideEqual(a, b))],
  [JmpOp.JSET, decideBitTest],
  [JmpOp.JGT, decideGreater],
  [JmpOp.JSGT, decideGreaterSigned],
  [JmpOp.JLT, (a: number, b: number) => decideGreater(b, a)],
  [JmpOp.JSLT, (a: number, b: number) => decideGreaterSigned(b, a)],
  [JmpOp.JGE, (a: number, b: number) => flip(decideGreater(b, a))],
  [JmpOp.JSGE, (a: number, b: number) => flip(decideGreaterSigned(b, a))],
  [JmpOp.JLE, (a: number, b: number) => flip(decideGreater(a, b))],
  [JmpOp.JSLE, (a: number, b: number) => flip(decideGreaterSigned(a, b))],
]);

/** For a 64-bit (in)equality that is open: low halves that cannot be equal decide it. */
function lowHalvesDiffer(): boolean {
  return (
    W[DST + U32MIN] >>> 0 > W[SRC + U32MAX] >>> 0 ||
    W[DST + U32MAX] >>> 0 < W[SRC + U32MIN] >>> 0 ||
    W[DST + S32MIN] > W[SRC + S32MAX] ||
    W[DST + S32MAX] < W[SRC + S32MIN]
  );
}

/**
 * Whether a comparison of two scalars is decided by what is known (kernel/bpf/verifier.c: is_scalar_branch_taken).
 *
 * @returns 1 the jump is always taken, 0 never, -1 not known
 */
export function isScalarBranchTaken(
  dst: ScalarState,
  src: ScalarState,
  op: number,
  jmp32: boolean,
): Decision {
  const decider = DECIDE.get(op);
  if (decider === undefined) return -1;
  load(DST, dst);
  load(SRC, src);
  if (jmp32) {
    lookAtLow(DST_VIEW, DST);
    lookAtLow(SRC_VIEW, SRC);
    return decider(DST_VIEW, SRC_VIEW);
  }
  const decision = decider(DST, SRC);
  const isEquality = op === JmpOp.JEQ || op === JmpOp.JNE;
  if (decision < 0 && isEquality && lowHalvesDiffer()) return op === JmpOp.JEQ ? 0 : 1;
  return decision;
}
