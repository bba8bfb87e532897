import type { VerifierEnv } from '../../env';
import { markPtrNotNull } from '../../exec/null-check';
import { pushStack } from '../../exec/path-stack';
import { findPrevEntry } from '../../pruning/explored';
import { widenImpreciseScalars } from '../../pruning/widen';
import { ZERO } from '../../scalar';
import { IterState, type RegState } from '../../state/reg-state';
import type { VerifierState } from '../../state/verifier-state';
import type { KfuncMeta } from './kfunc-meta';

/** First slot of the iterator passed, in any state at this call (`get_iter_from_state`). */
export function iterSlot(st: VerifierState, meta: KfuncMeta): RegState {
  if (!meta.iter) throw new Error(`${meta.name} without an iterator`);
  return st.frame[meta.iter.frameno].spilled[meta.iter.spi];
}

/**
 * After `bpf_iter_*_next` (`process_iter_next_call`): one path gets an element and may go round the loop again, widened
 * towards convergence; this one gets NULL, and the iterator has no more.
 */
export function processIterNext(env: VerifierEnv, meta: KfuncMeta): void {
  const { cur, insnIdx } = env;
  const iter = iterSlot(cur, meta);
  if (iter.iterState === IterState.ACTIVE) {
    const prev = findPrevEntry(env, cur.parent, insnIdx);
    const queued = pushStack(env, insnIdx + 1, insnIdx, false, 'ENOMEM');
    iterSlot(queued, meta).iterDepth++;
    if (prev) widenImpreciseScalars(env, prev, queued);
    markPtrNotNull(env, queued.curFunc.regs[0]);
  }
  iter.iterState = IterState.DRAINED;
  const r0 = env.curRegs[0];
  r0.markScalar(ZERO);
  r0.precise = !env.bpfCapable;
}
