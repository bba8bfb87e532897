import type { VerifierEnv } from '../env';
import type { VerifierState } from '../state/verifier-state';

/** A state kept for pruning, with how often it was of use (`struct bpf_verifier_state_list`). */
export interface ExploredState {
  readonly state: VerifierState;
  hits: number;
  misses: number;
}

/**
 * `explored_state`: the bucket of states kept at an instruction under the current frame's call. Buckets are the
 * kernel's, other instructions' states included: they count towards the statistics.
 */
export function exploredAt(env: VerifierEnv, insn: number): ExploredState[] {
  const key = ((insn ^ env.curFunc.callsite) >>> 0) % env.insns.length;
  let list = env.explored.get(key);
  if (!list) {
    list = [];
    env.explored.set(key, list);
  }
  return list;
}

/**
 * `find_prev_entry`: the latest state kept at an instruction that the path comes from, under the same chain of calls.
 * @param from the state, or the kept state at this very instruction, above which to look
 */
export function findPrevEntry(
  env: VerifierEnv,
  from: VerifierState | undefined,
  insn: number,
): VerifierState | undefined {
  if (!from) return undefined;
  // States with open paths are on the way of the current one.
  return exploredAt(env, insn).find(
    ({ state }) =>
      state.insnIdx === insn &&
      state.branches > 0 &&
      state.dfsDepth < from.dfsDepth &&
      state.frame.length === from.frame.length &&
      state.frame.every((func, i) => func.callsite === from.frame[i].callsite),
  )?.state;
}
