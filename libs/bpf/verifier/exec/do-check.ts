import { BPF_F_SLEEPABLE } from '@probed/spec';
import { checkExceptionCallback, noteMainSignature, setGlobalArgs } from '../calls/global-func';
import { BPF_COMPLEXITY_LIMIT_INSNS, type InsnAux, type VerifierEnv } from '../env';
import { printInsn } from '../log/print-insn';
import { printInsnState, printVerifierState } from '../log/print-state';
import { sourceLine } from '../log/source-line';
import { pushJmpHistory } from '../pruning/jmp-history';
import { isStateVisited, updateBranchCounts } from '../pruning/visited';
import { ERRNO, Rejection } from '../reject';
import { RegBase } from '../state/reg-type';
import { VerifierState } from '../state/verifier-state';
import { BPF_MAIN_FUNC, newFrame } from './path-stack';
import { checkInsn, type StepResult } from './step';

/** Walks the main program, then each global function that is called, on its own (`do_check_main`, `do_check_subprogs`). */
export function doCheck(env: VerifierEnv): void {
  checkCommon(env, 0);
  if (env.exceptionCallback !== 0) env.subprogs[env.exceptionCallback].called = true;
  const verified = new Set<number>();
  for (let more = true; more; ) {
    more = false;
    for (let n = 1; n < env.subprogs.length; n++) {
      if (!env.isGlobal(n) || !env.subprogs[n].called || verified.has(n)) continue;
      checkCommon(env, n);
      if (env.log.detailed) {
        env.verbose(`Func#${n} ('${env.subprogs[n].name}') is safe for any args that match its prototype\n`);
      }
      verified.add(n);
      more = true;
    }
  }
}

/** `do_check_common`. */
function checkCommon(env: VerifierEnv, subprogno: number): void {
  const state = new VerifierState();
  state.branches = 1;
  state.inSleepable = (env.spec.flags & BPF_F_SLEEPABLE) !== 0;
  state.frame = [newFrame(env, BPF_MAIN_FUNC, 0, subprogno)];
  state.firstInsnIdx = env.subprogs[subprogno].start;
  state.lastInsnIdx = -1;
  env.cur = state;
  env.insnIdx = env.subprogs[subprogno].start;
  env.prevInsnIdx = -1;
  env.liveness.resetCallchain();
  if (subprogno === 0) {
    noteMainSignature(env);
    env.curRegs[1].markPointer(RegBase.PTR_TO_CTX);
  } else {
    if (env.log.detailed) env.verbose(`Validating ${env.subprogs[subprogno].name}() func#${subprogno}...\n`);
    setGlobalArgs(env, subprogno);
    if (env.subprogs[subprogno].isExceptionCb) checkExceptionCallback(env, subprogno);
  }
  env.touched.all();
  env.observer?.start(state, env.insnIdx);
  walk(env);
  env.observer?.finish();
  if (!env.log.level2) env.log.reset(0);
  env.explored.clear();
}

/** `do_check`: one path after the other, depth first, each until it ends or meets a state that was explored. */
function walk(env: VerifierEnv): void {
  let printState = false;
  let prev = -1;
  for (;;) {
    env.curHistEnt = undefined;
    env.prevInsnIdx = prev;
    const at = env.insnIdx;
    if (at >= env.insns.length) {
      env.reject('EFAULT', `invalid insn idx ${at} insn_cnt ${env.insns.length}`);
    }
    if (++env.insnProcessed > BPF_COMPLEXITY_LIMIT_INSNS) {
      env.reject('E2BIG', `BPF program is too large. Processed ${env.insnProcessed} insn`);
    }
    const { cur } = env;
    cur.lastInsnIdx = prev;
    cur.insnIdx = at;
    const aux = env.aux[at];
    let ended = false;
    if (aux.prunePoint && !env.observer?.isExhaustive && isStateVisited(env, at)) {
      if (env.log.detailed) {
        const vain = cur.speculative ? SPECULATIVE : '';
        env.verbose(printState ? `\nfrom ${prev} to ${at}${vain}: safe\n` : `${at}: safe\n`);
      }
      ended = true;
    } else {
      if (aux.jmpPoint) pushJmpHistory(env, cur, 0);
      if (env.log.detailed) {
        printBefore(env, printState);
        printState = printState && !env.log.level2;
      }
      if (!cur.speculative) aux.seen = true;
      prev = at;
      env.observer?.before(cur, at);
      const result = runInsn(env, aux);
      env.observer?.step(env.cur, at, env.insnIdx);
      if (result === 'exit') ended = true;
      else if (result === 'returned') printState = true;
    }
    if (!ended) continue;
    env.touched.all();
    updateBranchCounts(env, env.cur);
    env.liveness.update();
    const next = env.pending.pop();
    if (!next) return;
    env.cur = next.state;
    env.insnIdx = next.insnIdx;
    prev = next.prevInsnIdx;
    env.observer?.resume(next.state, prev, next.insnIdx);
    env.liveness.resetCallchain();
    if (!env.log.level2) env.log.reset(next.logPosition);
    printState = true;
  }
}

const SPECULATIVE = ' (speculative execution)';

/** What a path that is walked in vain may fail with: a barrier then keeps the processor from going on. */
const RECOVERABLE: ReadonlySet<number> = new Set([ERRNO.EPERM, ERRNO.EACCES, ERRNO.EINVAL]);

/** One instruction; on speculative paths a fault or a barrier ends the path, not the verification. */
function runInsn(env: VerifierEnv, aux: InsnAux): StepResult {
  const { speculative } = env.cur;
  if (speculative && aux.nospec) return 'exit';
  env.liveness.resetWriteMarks(env.insnIdx);
  const complaints = env.log.complaints.length;
  let result: StepResult;
  try {
    result = checkInsn(env);
  } catch (fault) {
    if (!speculative || !(fault instanceof Rejection) || !RECOVERABLE.has(fault.errno)) throw fault;
    env.log.forgetComplaints(complaints);
    aux.nospec = true;
    aux.aluState = 0;
    result = 'exit';
  }
  env.liveness.commitWriteMarks();
  return speculative && aux.nospecResult ? 'exit' : result;
}

/** What the log shows ahead of an instruction's effect. */
function printBefore(env: VerifierEnv, printState: boolean): void {
  const { cur, log } = env;
  if (log.level2 && printState) {
    env.verbose(`\nfrom ${env.prevInsnIdx} to ${env.insnIdx}${cur.speculative ? SPECULATIVE : ''}:`);
    printVerifierState(env, cur, cur.curframe, true);
  }
  if (env.touched.any) printInsnState(env, cur, cur.curframe);
  env.verbose(sourceLine(env, env.insnIdx, '; '));
  env.prevLogPosition = log.position;
  env.verbose(`${env.insnIdx}: ${printInsn(env, env.insnIdx)}\n`);
  env.prevInsnPrintPosition = log.position - env.prevLogPosition;
  env.prevLogPosition = log.position;
}
