/** What each side of a conditional jump tells of its operands. */
import { JmpOp } from './jmp-op';
import { load, type ScalarState, take } from './state';
import { regBoundsSanityCheck, regBoundsSync } from './sync';
import { isKnown, tnumIntersect, tnumIntersectLow } from './tnum';
import {
  copy,
  DST,
  lowerS,
  lowerU,
  MASK,
  raiseS,
  raiseU,
  S32MAX,
  S32MIN,
  SMAX,
  SMIN,
  SRC,
  set,
  T0,
  T1,
  U32MAX,
  U32MIN,
  UMAX,
  UMIN,
  unbind,
  VALUE,
  W,
} from './words';

/** The negation of JSET has no instruction; the kernel writes it as BPF_JSET | BPF_X. */
const JNSET = 0x48;

/** `rev_opcode`: the condition of the other side. */
const NEGATED: ReadonlyMap<number, number> = new Map([
  [JmpOp.JEQ, JmpOp.JNE],
  [JmpOp.JNE, JmpOp.JEQ],
  [JmpOp.JSET, JNSET],
  [JmpOp.JGE, JmpOp.JLT],
  [JmpOp.JGT, JmpOp.JLE],
  [JmpOp.JLE, JmpOp.JGT],
  [JmpOp.JLT, JmpOp.JGE],
  [JmpOp.JSGE, JmpOp.JSLT],
  [JmpOp.JSGT, JmpOp.JSLE],
  [JmpOp.JSLE, JmpOp.JSGT],
  [JmpOp.JSLT, JmpOp.JSGE],
]);

/** Works in place on the operands at two bases, which are one and the same for a register compared to itself. */
type Refine = (a: number, b: number) => void;

const WIDE_SLOTS = [VALUE, MASK, UMIN, UMAX, SMIN, SMAX] as const;

/** Both to the larger, or smaller, of the two. */
function equal64(a: number, b: number): void {
  raiseU(a + UMIN, W[b + UMIN + 1], W[b + UMIN]);
  lowerU(a + UMAX, W[b + UMAX + 1], W[b + UMAX]);
  raiseS(a + SMIN, W[b + SMIN + 1], W[b + SMIN]);
  lowerS(a + SMAX, W[b + SMAX + 1], W[b + SMAX]);
  tnumIntersect(a, a, b);
  for (const slot of WIDE_SLOTS) copy(b + slot, a + slot);
}

const larger = (x: number, y: number) => Math.max(x >>> 0, y >>> 0);
const smaller = (x: number, y: number) => Math.min(x >>> 0, y >>> 0);

function equal32(a: number, b: number): void {
  W[a + U32MIN] = W[b + U32MIN] = larger(W[a + U32MIN], W[b + U32MIN]);
  W[a + U32MAX] = W[b + U32MAX] = smaller(W[a + U32MAX], W[b + U32MAX]);
  W[a + S32MIN] = W[b + S32MIN] = Math.max(W[a + S32MIN], W[b + S32MIN]);
  W[a + S32MAX] = W[b + S32MAX] = Math.min(W[a + S32MAX], W[b + S32MAX]);
  tnumIntersectLow(a, a, b);
  W[b + VALUE] = W[a + VALUE];
  W[b + MASK] = W[a + MASK];
}

const isLowKnown = (b: number) => W[b + MASK] === 0;

/** Calls `learn` with the operand that is not the constant, and the constant; nothing is learned without one. */
function againstConst(a: number, b: number, isConst: (x: number) => boolean, learn: Refine): void {
  if (isConst(b)) learn(a, b);
  else if (isConst(a)) learn(b, a);
}

function moveEdge(slot: number, constant: number, step: 1 | -1): void {
  if (W[slot] !== W[constant] || W[slot + 1] !== W[constant + 1]) return;
  const low = W[slot] + step;
  const carry = step === 1 ? (W[slot] === -1 ? 1 : 0) : W[slot] === 0 ? -1 : 0;
  set(slot, W[slot + 1] + carry, low);
}

/** A number known to differ from an edge of its range moves that edge by one. */
function differ64(s: number, constant: number): void {
  copy(T0, constant + VALUE);
  moveEdge(s + UMIN, T0, 1);
  moveEdge(s + UMAX, T0, -1);
  moveEdge(s + SMIN, T0, 1);
  moveEdge(s + SMAX, T0, -1);
}

function differ32(s: number, constant: number): void {
  const value = W[constant + VALUE];
  if (W[s + U32MIN] === value) W[s + U32MIN]++;
  if (W[s + U32MAX] === value) W[s + U32MAX]--;
  if (W[s + S32MIN] === value) W[s + S32MIN]++;
  if (W[s + S32MAX] === value) W[s + S32MAX]--;
}

const isSingleBit = (word: number) => word !== 0 && (word & (word - 1)) === 0;

/** Bits of one word known to be 1. */
function setBits(at: number, bits: number): void {
  W[at + VALUE] |= bits;
  W[at + MASK] &= ~bits;
}

function clearBits(at: number, bits: number): void {
  W[at + VALUE] &= ~bits;
  W[at + MASK] &= ~bits;
}

/** A passed test of a single bit means that bit is 1. */
function bitIsSet64(s: number, constant: number): void {
  const low = W[constant + VALUE];
  const high = W[constant + VALUE + 1];
  if (low !== 0 && high !== 0) return;
  if (!isSingleBit(low | high)) return;
  setBits(s, low);
  setBits(s + 1, high);
}

function bitIsSet32(s: number, constant: number): void {
  if (isSingleBit(W[constant + VALUE])) setBits(s, W[constant + VALUE]);
}

/** A failed test means all tested bits are 0; ranges are taken anew from the bits. */
function bitsAreClear64(s: number, constant: number): void {
  const low = W[constant + VALUE];
  const high = W[constant + VALUE + 1];
  unbind(s);
  clearBits(s, low);
  clearBits(s + 1, high);
}

function bitsAreClear32(s: number, constant: number): void {
  const low = W[constant + VALUE];
  unbind(s);
  clearBits(s, low);
}

const REFINE64: ReadonlyMap<number, Refine> = new Map<number, Refine>([
  [JmpOp.JEQ, equal64],
  [JmpOp.JNE, (a, b) => againstConst(a, b, isKnown, differ64)],
  [JmpOp.JSET, (a, b) => againstConst(a, b, isKnown, bitIsSet64)],
  [JNSET, (a, b) => againstConst(a, b, isKnown, bitsAreClear64)],
  [
    JmpOp.JLE,
    (a, b) => {
      lowerU(a + UMAX, W[b + UMAX + 1], W[b + UMAX]);
      raiseU(b + UMIN, W[a + UMIN + 1], W[a + UMIN]);
    },
  ],
  [
    JmpOp.JLT,
    (a, b) => {
      stepTo(T0, b + UMAX, -1);
      lowerU(a + UMAX, W[T0 + 1], W[T0]);
      stepTo(T1, a + UMIN, 1);
      raiseU(b + UMIN, W[T1 + 1], W[T1]);
    },
  ],
  [
    JmpOp.JSLE,
    (a, b) => {
      lowerS(a + SMAX, W[b + SMAX + 1], W[b + SMAX]);
      raiseS(b + SMIN, W[a + SMIN + 1], W[a + SMIN]);
    },
  ],
  [
    JmpOp.JSLT,
    (a, b) => {
      stepTo(T0, b + SMAX, -1);
      lowerS(a + SMAX, W[T0 + 1], W[T0]);
      stepTo(T1, a + SMIN, 1);
      raiseS(b + SMIN, W[T1 + 1], W[T1]);
    },
  ],
]);

/** to = from plus or minus one, modulo 2^64. */
function stepTo(to: number, from: number, step: 1 | -1): void {
  copy(to, from);
  moveEdge(to, from, step);
}

const REFINE32: ReadonlyMap<number, Refine> = new Map<number, Refine>([
  [JmpOp.JEQ, equal32],
  [JmpOp.JNE, (a, b) => againstConst(a, b, isLowKnown, differ32)],
  [JmpOp.JSET, (a, b) => againstConst(a, b, isLowKnown, bitIsSet32)],
  [JNSET, (a, b) => againstConst(a, b, isLowKnown, bitsAreClear32)],
  [
    JmpOp.JLE,
    (a, b) => {
      W[a + U32MAX] = smaller(W[a + U32MAX], W[b + U32MAX]);
      W[b + U32MIN] = larger(W[a + U32MIN], W[b + U32MIN]);
    },
  ],
  [
    JmpOp.JLT,
    (a, b) => {
      W[a + U32MAX] = smaller(W[a + U32MAX], W[b + U32MAX] - 1);
      W[b + U32MIN] = larger(W[a + U32MIN] + 1, W[b + U32MIN]);
    },
  ],
  [
    JmpOp.JSLE,
    (a, b) => {
      W[a + S32MAX] = Math.min(W[a + S32MAX], W[b + S32MAX]);
      W[b + S32MIN] = Math.max(W[a + S32MIN], W[b + S32MIN]);
    },
  ],
  [
    JmpOp.JSLT,
    (a, b) => {
      W[a + S32MAX] = Math.min(W[a + S32MAX], (W[b + S32MAX] - 1) | 0);
      W[b + S32MIN] = Math.max((W[a + S32MIN] + 1) | 0, W[b + S32MIN]);
    },
  ],
]);

/** `a > b` refines as `b < a`. */
const SWAPPED: ReadonlyMap<number, number> = new Map([
  [JmpOp.JGE, JmpOp.JLE],
  [JmpOp.JGT, JmpOp.JLT],
  [JmpOp.JSGE, JmpOp.JSLE],
  [JmpOp.JSGT, JmpOp.JSLT],
]);

/** `regs_refine_cond_op`. */
function regsRefineCondOp(a: number, b: number, op: number, jmp32: boolean): void {
  const table = jmp32 ? REFINE32 : REFINE64;
  const swapped = SWAPPED.get(op);
  if (swapped === undefined) table.get(op)?.(a, b);
  else table.get(swapped)?.(b, a);
}

/** Both operands on both sides of a conditional jump. */
export interface BranchStates {
  readonly takenDst: ScalarState;
  readonly takenSrc: ScalarState;
  readonly fallDst: ScalarState;
  readonly fallSrc: ScalarState;
  /** Contradictions among the results, by operand (`true_reg1`…), in the order in which Linux tells of them. */
  readonly contradictions: readonly string[];
}

/** One side of the jump: the operands refined by `op`, at DST and at the base that is given back for the source. */
function refineSide(
  dst: ScalarState,
  src: ScalarState,
  op: number,
  jmp32: boolean,
  isSameReg: boolean,
  name: string,
  contradictions: string[],
): number {
  load(DST, dst);
  load(SRC, src);
  const b = isSameReg ? DST : SRC;
  regsRefineCondOp(DST, b, op, jmp32);
  regBoundsSync(DST);
  // Once for each operand: a register compared to itself is synced twice.
  regBoundsSync(b);
  const first = regBoundsSanityCheck(DST);
  if (first !== undefined) contradictions.push(`(${name}_reg1): ${first}`);
  const second = regBoundsSanityCheck(b);
  if (second !== undefined) contradictions.push(`(${name}_reg2): ${second}`);
  return b;
}

/**
 * What an undecided comparison of two scalars tells on each side (kernel/bpf/verifier.c: reg_set_min_max).
 * An immediate operand is its {@link scalarImm}.
 *
 * @param isSameReg the instruction names one register twice; then both results of a side are one
 */
export function regSetMinMax(
  dst: ScalarState,
  src: ScalarState,
  op: number,
  jmp32: boolean,
  isSameReg = false,
): BranchStates {
  const ofFall: string[] = [];
  const ofTaken: string[] = [];
  const fall = refineSide(dst, src, NEGATED.get(op) ?? 0, jmp32, isSameReg, 'false', ofFall);
  const fallDst = take(DST);
  const fallSrc = take(fall);
  const taken = refineSide(dst, src, op, jmp32, isSameReg, 'true', ofTaken);
  const contradictions = [...ofTaken, ...ofFall];
  return { takenDst: take(DST), takenSrc: take(taken), fallDst, fallSrc, contradictions };
}
