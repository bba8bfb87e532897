import {
  BPF_ALU_OP,
  BPF_ATOMIC_OP,
  BPF_CLASS,
  BPF_JMP_OP,
  BPF_MODE,
  BPF_REG_FP,
  type Insn,
  insnClass,
  insnMode,
  insnOp,
  isAtomic,
  isHelperCall,
  isRegOperand,
  isSubprogCall,
  subprogTarget,
} from '@probed/isa';
import type { VerifierEnv } from '../env';
import {
  INSN_F_DST_REG_STACK,
  INSN_F_SRC_REG_STACK,
  INSN_F_STACK_ACCESS,
  type JmpHistoryEntry,
} from '../state/verifier-state';
import { type BacktrackState, REGMASK_ARGS } from './backtrack-state';

/** What needs precision before an instruction, given what needs it after; false when that can't be told. */
type Backtracker = (
  env: VerifierEnv,
  insn: Insn,
  idx: number,
  subseq: number,
  hist: JmpHistoryEntry | undefined,
  bt: BacktrackState,
) => boolean;

/** By instruction class. */
const BY_CLASS: readonly Backtracker[] = [
  throughLd,
  throughLdx,
  throughSt,
  throughStx,
  throughAlu,
  throughJmp,
  throughJmp,
  throughAlu,
];

/**
 * One step back (`backtrack_insn`). `subseq` is the instruction that ran next, -1 when none did.
 * False where the kernel gives -ENOTSUPP: then every scalar is taken as precise.
 */
export function backtrackInsn(
  env: VerifierEnv,
  idx: number,
  subseq: number,
  hist: JmpHistoryEntry | undefined,
  bt: BacktrackState,
): boolean {
  const insn = env.insns[idx];
  if (insn.opcode === 0) return true;
  bt.syncLinked(hist?.linked);
  if (!BY_CLASS[insnClass(insn)](env, insn, idx, subseq, hist, bt)) return false;
  bt.syncLinked(hist?.linked);
  return true;
}

function throughAlu(
  _env: VerifierEnv,
  insn: Insn,
  _idx: number,
  _subseq: number,
  _hist: JmpHistoryEntry | undefined,
  bt: BacktrackState,
): boolean {
  if (!bt.isRegSet(insn.dst)) return true;
  const op = insnOp(insn);
  if (op === BPF_ALU_OP.END || op === BPF_ALU_OP.NEG) return true;
  if (op === BPF_ALU_OP.MOV) bt.clearReg(insn.dst);
  if (isRegOperand(insn) && insn.src !== BPF_REG_FP) bt.setReg(insn.src);
  return true;
}

function throughLdx(
  _env: VerifierEnv,
  insn: Insn,
  _idx: number,
  _subseq: number,
  hist: JmpHistoryEntry | undefined,
  bt: BacktrackState,
): boolean {
  if (!bt.isRegSet(insn.dst)) return true;
  bt.clearReg(insn.dst);
  if (hist && (hist.flags & INSN_F_STACK_ACCESS) !== 0) bt.setSlot(hist.frame, hist.spi);
  return true;
}

function throughStx(
  env: VerifierEnv,
  insn: Insn,
  idx: number,
  subseq: number,
  hist: JmpHistoryEntry | undefined,
  bt: BacktrackState,
): boolean {
  if (isAtomic(insn) && insn.imm === BPF_ATOMIC_OP.LOAD_ACQ)
    return throughLdx(env, insn, idx, subseq, hist, bt);
  const slot = clearStoredSlot(insn, hist, bt);
  if (slot === 'cleared') bt.setReg(insn.src);
  return slot !== 'unknown';
}

function throughSt(
  _env: VerifierEnv,
  insn: Insn,
  _idx: number,
  _subseq: number,
  hist: JmpHistoryEntry | undefined,
  bt: BacktrackState,
): boolean {
  return clearStoredSlot(insn, hist, bt) !== 'unknown';
}

function clearStoredSlot(
  insn: Insn,
  hist: JmpHistoryEntry | undefined,
  bt: BacktrackState,
): 'cleared' | 'none' | 'unknown' {
  // A scalar in the place of the address: the difference of two pointers was taken.
  if (bt.isRegSet(insn.dst)) return 'unknown';
  if (!hist || (hist.flags & INSN_F_STACK_ACCESS) === 0 || !bt.isSlotSet(hist.frame, hist.spi)) return 'none';
  bt.clearSlot(hist.frame, hist.spi);
  return 'cleared';
}

function throughLd(
  _env: VerifierEnv,
  insn: Insn,
  _idx: number,
  _subseq: number,
  _hist: JmpHistoryEntry | undefined,
  bt: BacktrackState,
): boolean {
  if (!bt.isRegSet(insn.dst)) return true;
  bt.clearReg(insn.dst);
  return insnMode(insn) === BPF_MODE.IMM;
}

function throughJmp(
  env: VerifierEnv,
  insn: Insn,
  idx: number,
  subseq: number,
  hist: JmpHistoryEntry | undefined,
  bt: BacktrackState,
): boolean {
  const op = insnOp(insn);
  if (isSubprogCall(insn)) return throughSubprogCall(env, insn, idx, bt);
  if (env.aux[idx].callsCallback && idx !== subseq - 1) return outOfCallback(bt);
  if (op === BPF_JMP_OP.CALL) {
    bt.clearReg(0);
    if ((bt.regMask() & REGMASK_ARGS) !== 0) return false;
    // What a tail call ran returned to this function's caller.
    const left = isHelperCall(insn) && insn.imm === BPF_FUNC_TAIL_CALL && subseq >= 0 && idx !== subseq - 1;
    return !left || bt.enterSubprog();
  }
  if (op === BPF_JMP_OP.EXIT) return intoCallee(env, subseq, bt);
  if (isRegOperand(insn) && insnClass(insn) !== BPF_CLASS.LD) {
    if (!bt.isRegSet(insn.dst) && !bt.isRegSet(insn.src)) return true;
    if (!hist || (hist.flags & INSN_F_SRC_REG_STACK) === 0) bt.setReg(insn.src);
    if (!hist || (hist.flags & INSN_F_DST_REG_STACK) === 0) bt.setReg(insn.dst);
  }
  return true;
}

/** Helper id of bpf_tail_call. */
const BPF_FUNC_TAIL_CALL = 12;

/** Back over a call: a global function sets R0; a static one was walked, so this leaves it for its caller. */
function throughSubprogCall(env: VerifierEnv, insn: Insn, idx: number, bt: BacktrackState): boolean {
  const callee = env.findSubprog(subprogTarget(insn, idx) as number);
  if (env.isGlobal(callee)) {
    if ((bt.regMask() & REGMASK_ARGS) !== 0) return false;
    bt.clearReg(0);
    return true;
  }
  if ((bt.regMask() & ~REGMASK_ARGS) !== 0 || bt.hasSlots()) return false;
  for (let i = 1; i <= 5; i++) {
    if (!bt.isRegSet(i)) continue;
    bt.clearReg(i);
    bt.setReg(i, bt.frame - 1);
  }
  return bt.exitSubprog();
}

/** Back from a callback's entry to the helper call that runs it; its arguments are the helper's own. */
function outOfCallback(bt: BacktrackState): boolean {
  if ((bt.regMask() & ~REGMASK_ARGS) !== 0 || bt.hasSlots()) return false;
  bt.clearArgs();
  return bt.exitSubprog();
}

/** Back over an exit into the function that it ended. */
function intoCallee(env: VerifierEnv, subseq: number, bt: BacktrackState): boolean {
  if (subseq >= 0 && env.aux[subseq].callsCallback) bt.clearArgs();
  if ((bt.regMask() & REGMASK_ARGS) !== 0) return false;
  const r0Precise = subseq - 1 >= 0 && isSubprogCall(env.insns[subseq - 1]) && bt.isRegSet(0);
  bt.clearReg(0);
  if (!bt.enterSubprog()) return false;
  if (r0Precise) bt.setReg(0);
  return true;
}
