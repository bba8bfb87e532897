import { isMayGoto } from '@probed/isa';
import type { VerifierEnv } from '../env';
import { printVerifierState } from '../log/print-state';
import { sourceLine } from '../log/source-line';
import { slotOf } from '../memory/stack-slots';
import { type FuncState, SlotType } from '../state/func-state';
import { IterState } from '../state/reg-state';
import { RegBase } from '../state/reg-type';
import { VerifierState } from '../state/verifier-state';
import { type ExploredState, exploredAt } from './explored';
import { pushJmpHistory } from './jmp-history';
import { propagatePrecision } from './precision';
import { Exact } from './regs-equal';
import { frameInsn, statesEqual, statesMaybeLooping } from './states-equal';

/** Length of a way without a kept state at which one is kept anyway. */
const MAX_JMP_HISTORY = 40;
/** States of one instruction at most, for programs without CAP_BPF (BPF_COMPLEXITY_LIMIT_STATES). */
const BPF_COMPLEXITY_LIMIT_STATES = 64;

/** BPF_F_TEST_STATE_FREQ in the program's flags, heeded for the privileged. */
const BPF_F_TEST_STATE_FREQ = 1 << 3;

function keepsEveryState(env: VerifierEnv): boolean {
  return env.bpfCapable && (env.spec.flags & BPF_F_TEST_STATE_FREQ) !== 0;
}

/** How the walk of the list of kept states ends for one of them. */
type Verdict = 'hit' | 'loop-hit' | 'miss' | 'looping-miss';

/**
 * At a pruning point (`is_state_visited`): true when an equivalent state was explored, so the path can stop.
 * Otherwise keeps the current state where that promises to pay.
 */
export function isStateVisited(env: VerifierEnv, insn: number): boolean {
  const { cur } = env;
  const aux = env.aux[insn];
  const force = keepsEveryState(env) || aux.forceCheckpoint || cur.jmpHistory.length > MAX_JMP_HISTORY;
  const jmps = env.jmpsProcessed - env.prevJmpsProcessed;
  const insns = env.insnProcessed - env.prevInsnProcessed;
  let add = force || (jmps >= 2 && insns >= 8);
  const list = exploredAt(env, insn);
  cleanLiveStates(env, list, insn);
  let count = 0;
  for (let i = 0; i < list.length; i++) {
    const entry = list[i];
    count++;
    if (entry.state.insnIdx !== insn) continue;
    const verdict = compare(env, entry.state, insn);
    if (verdict === 'hit' || verdict === 'loop-hit') {
      entry.hits++;
      takeHit(env, entry.state, insn, verdict === 'loop-hit');
      return true;
    }
    if (verdict === 'looping-miss' && !force && jmps < 20 && insns < 100) add = false;
    if (add) entry.misses++;
    const n = aux.forceCheckpoint && entry.state.branches > 0 ? 64 : 3;
    if (entry.misses > entry.hits * n + n) {
      list.splice(i--, 1);
      env.exploredSize--;
      entry.state.evicted = true;
      if (mustOutlive(env, entry.state)) env.evictedSize++;
    }
  }
  if (env.maxStatesPerInsn < count) env.maxStatesPerInsn = count;
  if (!env.bpfCapable && count > BPF_COMPLEXITY_LIMIT_STATES) return false;
  if (add) keepState(env, list, insn);
  return false;
}

function compare(env: VerifierEnv, old: VerifierState, insn: number): Verdict {
  const { cur } = env;
  if (old.branches === 0) {
    const incomplete = env.sccs.isIncomplete(old);
    if (!statesEqual(env, old, cur, incomplete ? Exact.RANGE_WITHIN : Exact.NOT_EXACT)) return 'miss';
    return incomplete ? 'loop-hit' : 'hit';
  }
  if (old.curFunc.inAsyncCallbackFn && old.curFunc.asyncEntryCnt !== cur.curFunc.asyncEntryCnt)
    return 'looping-miss';
  if (env.aux[insn].iterNext) {
    const goesOn = statesEqual(env, old, cur, Exact.RANGE_WITHIN) && isIterActive(cur);
    return goesOn ? 'loop-hit' : 'looping-miss';
  }
  if (
    isMayGoto(env.insns[insn]) &&
    old.mayGotoDepth !== cur.mayGotoDepth &&
    statesEqual(env, old, cur, Exact.RANGE_WITHIN)
  ) {
    return 'loop-hit';
  }
  if (env.aux[insn].callsCallback) {
    return statesEqual(env, old, cur, Exact.RANGE_WITHIN) ? 'hit' : 'looping-miss';
  }
  if (isEndless(env, old)) {
    env.verbose(sourceLine(env, insn, '; '));
    env.complain(`infinite loop detected at insn ${insn}`);
    env.verbose('cur state:');
    printVerifierState(env, cur, cur.curframe, true);
    env.verbose('old state:');
    printVerifierState(env, old, cur.curframe, true);
    env.fail('EINVAL');
  }
  return 'looping-miss';
}

/** The iterator that R1 points to may still have elements. */
function isIterActive(cur: VerifierState): boolean {
  const r1 = cur.curFunc.regs[1];
  const spi = slotOf(r1.off + Number(BigInt.asIntN(64, r1.v.value)));
  return cur.frame[r1.frameno].spilled[spi].iterState === IterState.ACTIVE;
}

/** `iter_active_depths_differ`: an iterator advanced since, so the loop makes progress. */
function iterDepthsDiffer(old: VerifierState, cur: VerifierState): boolean {
  return old.frame.some((func, fr) => {
    for (let spi = 0; spi < func.slots; spi++) {
      if (func.slotType[spi * 8] !== SlotType.ITER) continue;
      const slot = func.spilled[spi];
      if (slot.iterState !== IterState.ACTIVE) continue;
      if (cur.frame[fr].spilled[spi].iterDepth !== slot.iterDepth) return true;
    }
    return false;
  });
}

function isEndless(env: VerifierEnv, old: VerifierState): boolean {
  const { cur } = env;
  return (
    statesMaybeLooping(old, cur) &&
    statesEqual(env, old, cur, Exact.EXACT) &&
    !iterDepthsDiffer(old, cur) &&
    old.mayGotoDepth === cur.mayGotoDepth &&
    old.callbackUnrollDepth === cur.callbackUnrollDepth
  );
}

function takeHit(env: VerifierEnv, old: VerifierState, insn: number, loop: boolean): void {
  const { cur } = env;
  if (env.aux[insn].jmpPoint) pushJmpHistory(env, cur, 0);
  propagatePrecision(env, old, cur);
  if (!loop) return;
  const backedge = new VerifierState();
  backedge.copyFrom(cur);
  backedge.equalState = old;
  backedge.insnIdx = insn;
  env.sccs.addBackedge(old, backedge);
  updatePeakStates(env);
}

function keepState(env: VerifierEnv, list: ExploredState[], insn: number): void {
  const { cur } = env;
  env.totalStates++;
  env.exploredSize++;
  updatePeakStates(env);
  env.prevJmpsProcessed = env.jmpsProcessed;
  env.prevInsnProcessed = env.insnProcessed;
  if (env.bpfCapable) forgetPrecision(cur);
  const kept = new VerifierState();
  kept.copyFrom(cur);
  kept.insnIdx = insn;
  kept.lastInsnIdx = cur.lastInsnIdx;
  env.sccs.enter(kept);
  cur.parent = kept;
  cur.firstInsnIdx = insn;
  cur.dfsDepth = kept.dfsDepth + 1;
  cur.jmpHistory = [];
  env.curHistEnt = undefined;
  list.unshift({ state: kept, hits: 0, misses: 0 });
}

/** `update_peak_states`. */
function updatePeakStates(env: VerifierEnv): void {
  const now = env.exploredSize + env.evictedSize + env.sccs.pendingBackedges;
  if (now > env.peakStates) env.peakStates = now;
}

/** `mark_all_scalars_imprecise`: marks that came along belong to the parent; this state gathers its own. */
function forgetPrecision(st: VerifierState): void {
  for (const func of st.frame) {
    for (let i = 0; i < 10; i++) if (func.regs[i].type === RegBase.SCALAR_VALUE) func.regs[i].precise = false;
    for (let spi = 0; spi < func.slots; spi++) {
      if (func.isSpilled(spi) && func.spilled[spi].type === RegBase.SCALAR_VALUE) {
        func.spilled[spi].precise = false;
      }
    }
  }
}

/** `update_branch_counts`: a path ended, and with it perhaps all paths from some kept states. */
export function updateBranchCounts(env: VerifierEnv, from: VerifierState): void {
  for (let st: VerifierState | undefined = from; st; st = st.parent) {
    if (--st.branches > 0) break;
    env.sccs.exit(st);
    if (st.evicted && !mustOutlive(env, st)) env.evictedSize--;
  }
}

/** A dropped state stays in memory while paths from it are open, or back edges of its loop refer to it. */
function mustOutlive(env: VerifierEnv, st: VerifierState): boolean {
  return st.branches > 0 || env.sccs.isIncomplete(st);
}

/** `clean_live_states`: states whose paths all ended drop what nobody reads any more. */
function cleanLiveStates(env: VerifierEnv, list: readonly ExploredState[], insn: number): void {
  for (const { state } of list) {
    if (state.branches > 0 || state.cleaned || state.insnIdx !== insn || !sameCallsites(state, env.cur))
      continue;
    if (env.sccs.isIncomplete(state)) continue;
    cleanState(env, state);
  }
}

function sameCallsites(a: VerifierState, b: VerifierState): boolean {
  return a.frame.length === b.frame.length && a.frame.every((f, i) => f.callsite === b.frame[i].callsite);
}

function cleanState(env: VerifierEnv, st: VerifierState): void {
  env.liveness.startQuery(st);
  st.cleaned = true;
  st.frame.forEach((func, i) => {
    cleanFunc(env, func, i, env.aux[frameInsn(st, i)].liveRegsBefore);
  });
}

function cleanFunc(env: VerifierEnv, func: FuncState, frame: number, liveRegs: number): void {
  for (let i = 0; i < 10; i++) if (((liveRegs >> i) & 1) === 0) func.regs[i].markNotInit();
  for (let spi = 0; spi < func.slots; spi++) {
    if (env.liveness.isSlotAlive(frame, spi)) continue;
    func.spilled[spi].markNotInit();
    func.slotType.fill(SlotType.INVALID, spi * 8, spi * 8 + 8);
  }
}
