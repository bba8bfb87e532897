import { BPF_REG_FP } from '@probed/isa';
import type { VerifierEnv } from '../env';
import type { ErrnoName } from '../reject';
import { FuncState } from '../state/func-state';
import { RegBase } from '../state/reg-type';
import { VerifierState } from '../state/verifier-state';

/** Paths that may wait at once (BPF_COMPLEXITY_LIMIT_JMP_SEQ). */
const BPF_COMPLEXITY_LIMIT_JMP_SEQ = 8192;

/**
 * `push_stack`: a copy of the current state to be walked later, from `insnIdx` on.
 * @param speculative the path is one that the processor may only take in vain
 * @param tooMany what Linux answers when too many paths wait
 */
export function pushStack(
  env: VerifierEnv,
  insnIdx: number,
  prevInsnIdx: number,
  speculative = false,
  tooMany: ErrnoName = 'EFAULT',
): VerifierState {
  const state = new VerifierState();
  state.copyFrom(env.cur);
  state.speculative ||= speculative;
  env.pending.push({ state, insnIdx, prevInsnIdx, logPosition: env.log.position });
  env.observer?.fork(state);
  if (env.pending.length > BPF_COMPLEXITY_LIMIT_JMP_SEQ) {
    env.reject(tooMany, `The sequence of ${env.pending.length} jumps is too complex.`);
  }
  if (state.parent) state.parent.branches++;
  return state;
}

/** Callsite of a frame that nobody called (BPF_MAIN_FUNC). */
export const BPF_MAIN_FUNC = -1;

/** `init_func_state`: a frame with nothing in its registers but the frame pointer. */
export function newFrame(env: VerifierEnv, callsite: number, frameno: number, subprogno: number): FuncState {
  const func = FuncState.initial(callsite, frameno, subprogno);
  func.regs[BPF_REG_FP].markPointer(RegBase.PTR_TO_STACK);
  func.regs[BPF_REG_FP].frameno = frameno;
  env.touched.all();
  return func;
}

/** `push_async_cb`: a callback that runs later starts from nothing. */
export function pushAsyncCallback(
  env: VerifierEnv,
  insnIdx: number,
  prevInsnIdx: number,
  subprogno: number,
  sleepable: boolean,
): VerifierState {
  const state = new VerifierState();
  state.inSleepable = sleepable;
  state.branches = 1;
  state.frame = [newFrame(env, BPF_MAIN_FUNC, 0, subprogno)];
  env.pending.push({ state, insnIdx, prevInsnIdx, logPosition: env.log.position });
  env.observer?.fork(state);
  if (env.pending.length > BPF_COMPLEXITY_LIMIT_JMP_SEQ) {
    env.reject('EFAULT', `The sequence of ${env.pending.length} jumps is too complex for async cb.`);
  }
  return state;
}
