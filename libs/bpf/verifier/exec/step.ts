import {
  BPF_CLASS,
  BPF_JMP_OP,
  BPF_MODE,
  BPF_PSEUDO_CALLEE,
  BPF_SRC,
  type Insn,
  insnClass,
  insnMode,
  insnOp,
  isRegOperand,
  OP_JA32,
} from '@probed/isa';
import { checkHelperCall } from '../calls/helper-call';
import { checkKfuncCall, kfuncName, specialKfunc } from '../calls/kfunc';
import { checkReturnCode } from '../calls/return-code';
import { checkFuncCall, prepareFuncExit } from '../calls/subprog-call';
import type { VerifierEnv } from '../env';
import { checkResourceLeak, THROW } from '../state/references';
import { helperName } from '../tables';
import { checkAluOp } from './alu';
import { checkAtomic } from './atomic';
import { checkCondJmpOp } from './cond-jump';
import { checkLdAbs, checkLdImm } from './load-imm';
import { checkLoadMem, checkStoreImm, checkStoreReg } from './load-store';

/** How an instruction leaves the walk. */
export type StepResult =
  | 'next'
  /** The program, or a function verified on its own, ended. */
  | 'exit'
  /** A nested function ended: the state of its caller is worth printing. */
  | 'returned';

/** Checks the instruction at `env.insnIdx` and moves it on (`do_check_insn`). */
export function checkInsn(env: VerifierEnv): StepResult {
  const insn = env.insns[env.insnIdx];
  switch (insnClass(insn)) {
    case BPF_CLASS.ALU:
    case BPF_CLASS.ALU64:
      checkAluOp(env, insn);
      break;
    case BPF_CLASS.LDX:
      checkLoadMem(env, insn, false, insnMode(insn) === BPF_MODE.MEMSX, true);
      break;
    case BPF_CLASS.STX:
      checkStx(env, insn);
      break;
    case BPF_CLASS.ST:
      if (insnMode(insn) !== BPF_MODE.MEM) env.reject('EINVAL', 'BPF_ST uses reserved fields');
      checkStoreImm(env, insn);
      break;
    case BPF_CLASS.LD:
      return checkLd(env, insn);
    default:
      return checkJmp(env, insn);
  }
  env.insnIdx++;
  return 'next';
}

function checkStx(env: VerifierEnv, insn: Insn): void {
  if (insnMode(insn) === BPF_MODE.ATOMIC) {
    checkAtomic(env, insn);
    return;
  }
  if (insnMode(insn) !== BPF_MODE.MEM || insn.imm !== 0) env.reject('EINVAL', 'BPF_STX uses reserved fields');
  checkStoreReg(env, insn, false);
}

function checkLd(env: VerifierEnv, insn: Insn): StepResult {
  const mode = insnMode(insn);
  if (mode === BPF_MODE.ABS || mode === BPF_MODE.IND) {
    checkLdAbs(env, insn);
    return 'next';
  }
  if (mode !== BPF_MODE.IMM) env.reject('EINVAL', 'invalid BPF_LD mode');
  checkLdImm(env, insn);
  env.insnIdx += 2;
  return 'next';
}

function checkJmp(env: VerifierEnv, insn: Insn): StepResult {
  env.jmpsProcessed++;
  switch (insnOp(insn)) {
    case BPF_JMP_OP.CALL:
      return checkCall(env, insn);
    case BPF_JMP_OP.JA:
      checkGoto(env, insn);
      return 'next';
    case BPF_JMP_OP.EXIT:
      return checkExit(env, insn);
    default:
      checkCondJmpOp(env, insn);
      return 'next';
  }
}

/** Helpers that may be called while a lock is held. */
const ALLOWED_UNDER_LOCK: ReadonlySet<string> = new Set(['bpf_spin_unlock']);

function isAllowedUnderLock(env: VerifierEnv, insn: Insn): boolean {
  const { HELPER, KFUNC } = BPF_PSEUDO_CALLEE;
  if (insn.src === HELPER) return ALLOWED_UNDER_LOCK.has(helperName(insn.imm) ?? '');
  return insn.src !== KFUNC || specialKfunc(kfuncName(env, env.insnIdx) ?? '').spinAllowed === true;
}

function checkCall(env: VerifierEnv, insn: Insn): StepResult {
  const { HELPER, SUBPROG, KFUNC } = BPF_PSEUDO_CALLEE;
  const known = insn.src === HELPER || insn.src === SUBPROG || insn.src === KFUNC;
  if (
    isRegOperand(insn) ||
    (insn.src !== KFUNC && insn.off !== 0) ||
    !known ||
    insn.dst !== 0 ||
    insnClass(insn) === BPF_CLASS.JMP32
  ) {
    env.reject('EINVAL', 'BPF_CALL uses reserved fields');
  }
  if (env.cur.refs.activeLocks > 0 && !isAllowedUnderLock(env, insn)) {
    env.reject('EINVAL', 'function calls are not allowed while holding a lock');
  }
  if (insn.src === SUBPROG) {
    checkFuncCall(env, insn);
  } else if (insn.src === KFUNC) {
    const throws = specialKfunc(kfuncName(env, env.insnIdx) ?? '').endsPath;
    checkKfuncCall(env);
    if (throws) {
      checkResourceLeak(env, true, THROW);
      return 'exit';
    }
    env.insnIdx++;
  } else {
    checkHelperCall(env, insn);
    env.insnIdx++;
  }
  env.markReg(0);
  return 'next';
}

function checkGoto(env: VerifierEnv, insn: Insn): void {
  const long = insn.opcode === OP_JA32;
  const unused = long ? insn.off : insn.imm;
  if ((insn.opcode & BPF_SRC.X) !== 0 || insn.src !== 0 || insn.dst !== 0 || unused !== 0) {
    env.reject('EINVAL', 'BPF_JA uses reserved fields');
  }
  env.insnIdx += (long ? insn.imm : insn.off) + 1;
}

/** `process_bpf_exit_full`. */
function checkExit(env: VerifierEnv, insn: Insn): StepResult {
  if (
    isRegOperand(insn) ||
    insn.imm !== 0 ||
    insn.src !== 0 ||
    insn.dst !== 0 ||
    insnClass(insn) === BPF_CLASS.JMP32
  ) {
    env.reject('EINVAL', 'BPF_EXIT uses reserved fields');
  }
  checkResourceLeak(env, env.cur.curframe === 0, 'BPF_EXIT instruction in main prog');
  if (env.cur.curframe > 0) {
    prepareFuncExit(env);
    return 'returned';
  }
  checkReturnCode(env);
  return 'exit';
}
