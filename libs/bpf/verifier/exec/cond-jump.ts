import { BPF_CLASS, BPF_JMP_OP, type Insn, insnClass, insnOp, isRegOperand, OP_MAY_GOTO } from '@probed/isa';
import type { VerifierEnv } from '../env';
import { printInsnState } from '../log/print-state';
import { findPrevEntry } from '../pruning/explored';
import { pushJmpHistory } from '../pruning/jmp-history';
import { markChainPrecision } from '../pruning/precision';
import { widenImpreciseScalars } from '../pruning/widen';
import { regSetMinMax, scalarImm } from '../scalar';
import { isPointerValue } from '../state/reg-ops';
import { RegState } from '../state/reg-state';
import { baseType, RegBase, typeMayBeNull } from '../state/reg-type';
import {
  INSN_F_DST_REG_STACK,
  INSN_F_SRC_REG_STACK,
  type LinkedReg,
  type VerifierState,
} from '../state/verifier-state';
import { arePktPointers, isBranchTaken } from './branch-taken';
import { collectLinkedRegs, syncLinkedRegs } from './linked-regs';
import { markPtrNotNull, markPtrOrNullRegs } from './null-check';
import { tryMatchPktPointers } from './packet-range';
import { pushStack } from './path-stack';
import { checkSrc } from './reg-arg';
import { pushSpeculativeBranch } from './sanitize';

const FALL_SEEN = 1;
const TAKEN_SEEN = 2;

/** A conditional jump (`check_cond_jmp_op`); moves `env.insnIdx` on. */
export function checkCondJmpOp(env: VerifierEnv, insn: Insn): void {
  const op = insnOp(insn);
  if (op > BPF_JMP_OP.JCOND) env.reject('EINVAL', `invalid BPF_JMP/JMP32 opcode ${op.toString(16)}`);
  if (op === BPF_JMP_OP.JCOND) {
    checkMayGoto(env, insn);
    return;
  }
  const dst = checkSrc(env, insn.dst);
  const src = sourceOperand(env, insn, dst);
  noteStackOperands(env, insn, dst, src);
  const jmp32 = insnClass(insn) === BPF_CLASS.JMP32;
  const aux = env.aux[env.insnIdx];
  const taken = isBranchTaken(dst, src, op, jmp32);
  if (taken >= 0) {
    if (dst.type === RegBase.SCALAR_VALUE) markChainPrecision(env, insn.dst);
    if (isRegOperand(insn) && src.type === RegBase.SCALAR_VALUE) markChainPrecision(env, insn.src);
    aux.branchSides |= taken === 1 ? TAKEN_SEEN : FALL_SEEN;
    const [next, vain] = taken === 1 ? [insn.off + 1, 1] : [1, insn.off + 1];
    pushSpeculativeBranch(env, insn, env.insnIdx + vain);
    printState(env);
    env.insnIdx += next;
    return;
  }
  aux.branchSides |= TAKEN_SEEN | FALL_SEEN;
  splitPaths(env, insn, dst, src, op, jmp32);
  printState(env);
  env.insnIdx++;
}

function printState(env: VerifierEnv): void {
  if (env.log.detailed) printInsnState(env, env.cur, env.cur.curframe);
}

/** `may_goto`: the loop may be left at any round; the fall-through is walked later, widened towards convergence. */
function checkMayGoto(env: VerifierEnv, insn: Insn): void {
  if (insn.opcode !== OP_MAY_GOTO || insn.src !== 0 || insn.dst !== 0 || insn.imm !== 0) {
    env.reject('EINVAL', `invalid may_goto imm ${insn.imm}`);
  }
  const at = env.insnIdx;
  const prev = findPrevEntry(env, env.cur.parent, at);
  const queued = pushStack(env, at + 1, at, false, 'ENOMEM');
  queued.mayGotoDepth++;
  if (prev) widenImpreciseScalars(env, prev, queued);
  env.aux[at].branchSides |= TAKEN_SEEN | FALL_SEEN;
  env.insnIdx += insn.off + 1;
}

function sourceOperand(env: VerifierEnv, insn: Insn, dst: RegState): RegState {
  if (!isRegOperand(insn)) {
    if (insn.src !== 0) env.reject('EINVAL', 'BPF_JMP/JMP32 uses reserved fields');
    const imm = new RegState();
    imm.markScalar(scalarImm(insn.imm));
    return imm;
  }
  if (insn.imm !== 0) env.reject('EINVAL', 'BPF_JMP/JMP32 uses reserved fields');
  const src = checkSrc(env, insn.src);
  if (!arePktPointers(dst, src) && isPointerValue(env, src)) {
    env.reject('EACCES', `R${insn.src} pointer comparison prohibited`);
  }
  return src;
}

function noteStackOperands(env: VerifierEnv, insn: Insn, dst: RegState, src: RegState): void {
  let flags = 0;
  if (isRegOperand(insn) && src.type === RegBase.PTR_TO_STACK) flags |= INSN_F_SRC_REG_STACK;
  if (dst.type === RegBase.PTR_TO_STACK) flags |= INSN_F_DST_REG_STACK;
  if (flags !== 0) pushJmpHistory(env, env.cur, flags);
}

/** Both sides are possible: the jump is kept for later, this path falls through. */
function splitPaths(
  env: VerifierEnv,
  insn: Insn,
  dst: RegState,
  src: RegState,
  op: number,
  jmp32: boolean,
): void {
  const fall = env.cur;
  const byReg = isRegOperand(insn);
  const linked: LinkedReg[] = [];
  const srcLinked = byReg && src.type === RegBase.SCALAR_VALUE && src.id !== 0;
  const dstLinked = dst.type === RegBase.SCALAR_VALUE && dst.id !== 0;
  if (srcLinked) collectLinkedRegs(env, fall, src.id, linked);
  if (dstLinked) collectLinkedRegs(env, fall, dst.id, linked);
  if (linked.length > 1) pushJmpHistory(env, fall, 0, 0, 0, linked);
  const taken = pushStack(env, env.insnIdx + insn.off + 1, env.insnIdx);
  const takenRegs = taken.curFunc.regs;
  if (dst.type === RegBase.SCALAR_VALUE && src.type === RegBase.SCALAR_VALUE) {
    const sides = regSetMinMax(dst.v, src.v, op, jmp32, dst === src);
    tellContradictions(env, sides.contradictions);
    dst.v = sides.fallDst;
    takenRegs[insn.dst].v = sides.takenDst;
    if (byReg) {
      src.v = sides.fallSrc;
      takenRegs[insn.src].v = sides.takenSrc;
    }
  }
  if (srcLinked && src.id !== 0) {
    syncLinkedRegs(fall, src, linked);
    syncLinkedRegs(taken, takenRegs[insn.src], linked);
  }
  if (dstLinked && dst.id !== 0) {
    syncLinkedRegs(fall, dst, linked);
    syncLinkedRegs(taken, takenRegs[insn.dst], linked);
  }
  if (byReg && !jmp32) liftNullByEquality(env, insn, op, dst, src, fall, taken);
  checkNullAndPackets(env, insn, op, jmp32, dst, fall, taken);
}

/** BPF_F_TEST_REG_INVARIANTS in the program's flags, heeded for the privileged. */
const BPF_F_TEST_REG_INVARIANTS = 1 << 7;

/** Linux takes contradictions for faults of its own: it tells of them, and refuses the program only where asked to. */
function tellContradictions(env: VerifierEnv, contradictions: readonly string[]): void {
  for (const text of contradictions) {
    env.verbose(`verifier bug: REG INVARIANTS VIOLATION ${text}\n`);
    if (env.bpfCapable && (env.spec.flags & BPF_F_TEST_REG_INVARIANTS) !== 0) env.fail('EFAULT');
  }
}

/** A nullable pointer equal to one that is not NULL is not NULL either. */
function liftNullByEquality(
  env: VerifierEnv,
  insn: Insn,
  op: number,
  dst: RegState,
  src: RegState,
  fall: VerifierState,
  taken: VerifierState,
): void {
  if (src.type === RegBase.SCALAR_VALUE || dst.type === RegBase.SCALAR_VALUE) return;
  if (typeMayBeNull(src.type) === typeMayBeNull(dst.type)) return;
  if (baseType(src.type) === RegBase.PTR_TO_BTF_ID || baseType(dst.type) === RegBase.PTR_TO_BTF_ID) return;
  if (op !== BPF_JMP_OP.JEQ && op !== BPF_JMP_OP.JNE) return;
  const regs = (op === BPF_JMP_OP.JEQ ? taken : fall).curFunc.regs;
  markPtrNotNull(env, regs[typeMayBeNull(src.type) ? insn.src : insn.dst]);
}

function checkNullAndPackets(
  env: VerifierEnv,
  insn: Insn,
  op: number,
  jmp32: boolean,
  dst: RegState,
  fall: VerifierState,
  taken: VerifierState,
): void {
  const equality = op === BPF_JMP_OP.JEQ || op === BPF_JMP_OP.JNE;
  if (!jmp32 && !isRegOperand(insn) && insn.imm === 0 && equality && typeMayBeNull(dst.type)) {
    markPtrOrNullRegs(env, fall, insn.dst, op === BPF_JMP_OP.JNE);
    markPtrOrNullRegs(env, taken, insn.dst, op === BPF_JMP_OP.JEQ);
  } else if (!tryMatchPktPointers(insn, fall, taken) && isPointerValue(env, env.curRegs[insn.dst])) {
    env.reject('EACCES', `R${insn.dst} pointer comparison prohibited`);
  }
}
