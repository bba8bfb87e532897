import { type Insn, subprogTarget } from '@probed/isa';
import type { VerifierEnv } from '../env';
import { newFrame } from '../exec/path-stack';
import { printVerifierState } from '../log/print-state';
import { MAX_CALL_FRAMES } from '../pruning/backtrack-state';
import { findPrevEntry } from '../pruning/explored';
import { markChainPrecision } from '../pruning/precision';
import { widenImpreciseScalars } from '../pruning/widen';
import type { FuncState } from '../state/func-state';
import { clearAllPktPointers } from '../state/references';
import { clearCallerSavedRegs, markRegUnknown } from '../state/reg-ops';
import { RegBase } from '../state/reg-type';
import type { VerifierState } from '../state/verifier-state';
import { checkGlobalArgs, noteStaticArgs } from './global-func';
import { invalidScalar, retvalWithin } from './return-code';

/** `setup_func_entry`: a new innermost frame; its registers are the caller's to fill. */
export function enterFunction(
  env: VerifierEnv,
  state: VerifierState,
  subprogno: number,
  callsite: number,
): FuncState {
  if (state.frame.length >= MAX_CALL_FRAMES) {
    env.reject('E2BIG', `the call stack of ${state.frame.length + 1} frames is too deep`);
  }
  const callee = newFrame(env, callsite, state.frame.length, subprogno);
  state.frame.push(callee);
  return callee;
}

/** A call of a function of the program (`check_func_call`); `env.insnIdx` goes to where the walk goes on. */
export function checkFuncCall(env: VerifierEnv, insn: Insn): void {
  const at = env.insnIdx;
  const subprogno = env.findSubprog(subprogTarget(insn, at) as number);
  if (env.isGlobal(subprogno)) {
    callGlobal(env, subprogno);
    env.insnIdx++;
    return;
  }
  noteStaticArgs(env, subprogno);
  const caller = env.curFunc;
  const callee = enterFunction(env, env.cur, subprogno, at);
  for (let i = 1; i <= 5; i++) callee.regs[i].copyFrom(caller.regs[i]);
  for (let i = 0; i <= 5; i++) caller.regs[i].markNotInit();
  env.insnIdx = env.subprogs[subprogno].start;
  env.liveness.resetCallchain();
  if (!env.log.detailed) return;
  env.verbose('caller:\n');
  printVerifierState(env, env.cur, caller.frameno, true);
  env.verbose('callee:\n');
  printVerifierState(env, env.cur, env.cur.curframe, true);
}

/** A global function is verified by itself for any arguments; a call only checks that these match. */
function callGlobal(env: VerifierEnv, subprogno: number): void {
  const sub = env.subprogs[subprogno];
  const { refs, inSleepable } = env.cur;
  if (refs.activeLocks > 0) {
    env.complain('global function calls are not allowed while holding a lock,');
    env.reject('EINVAL', 'use static function instead');
  }
  if (
    sub.mightSleep &&
    (refs.activeRcuLocks > 0 || refs.activePreemptLocks > 0 || refs.activeIrqId !== 0 || !inSleepable)
  ) {
    env.complain('global functions that may sleep are not allowed in non-sleepable context,');
    env.complain('i.e., in a RCU/IRQ/preempt-disabled section, or in');
    env.reject('EINVAL', 'a non-sleepable BPF program context');
  }
  checkGlobalArgs(env, subprogno);
  if (env.log.detailed) env.verbose(`Func#${subprogno} ('${sub.name}') is global and assumed valid.\n`);
  if (sub.changesPktData) clearAllPktPointers(env);
  sub.called = true;
  clearCallerSavedRegs(env);
  markRegUnknown(env, env.curRegs[0]);
}

/** An exit from a nested frame (`prepare_func_exit`): back to the caller, or to the helper that ran a callback. */
export function prepareFuncExit(env: VerifierEnv): void {
  env.liveness.update();
  const state = env.cur;
  const callee = env.curFunc;
  const r0 = callee.regs[0];
  if (r0.type === RegBase.PTR_TO_STACK) {
    env.reject('EINVAL', 'cannot return stack pointer to the caller');
  }
  const caller = state.frame[state.curframe - 1];
  const isCallback = callee.inCallbackFn;
  if (isCallback) checkCallbackReturn(env, callee);
  else caller.regs[0].copyFrom(r0);
  env.insnIdx = isCallback ? callee.callsite : callee.callsite + 1;
  if (env.log.detailed) {
    env.verbose('returning from callee:\n');
    printVerifierState(env, state, callee.frameno, true);
    env.verbose(`to caller at ${env.insnIdx}:\n`);
    printVerifierState(env, state, caller.frameno, true);
  }
  state.frame.pop();
  env.liveness.resetCallchain();
  if (!isCallback) return;
  const prev = findPrevEntry(env, state, env.insnIdx);
  if (prev) widenImpreciseScalars(env, prev, state);
}

function checkCallbackReturn(env: VerifierEnv, callee: FuncState): void {
  const r0 = callee.regs[0];
  if (r0.type !== RegBase.SCALAR_VALUE) env.reject('EACCES', 'R0 not a scalar value');
  markChainPrecision(env, 0);
  const range = callee.callbackRetRange;
  if (range && !retvalWithin(range, r0)) {
    env.reject('EINVAL', invalidScalar(r0, range, 'At callback return', 'R0'));
  }
}
