import type { VerifierEnv } from '../env';
import type { JmpHistoryEntry, LinkedReg, VerifierState } from '../state/verifier-state';

/**
 * Records how the current instruction was reached, with what backtracking must know of it (`push_jmp_history`).
 * A second call for the same instruction adds to its entry.
 */
export function pushJmpHistory(
  env: VerifierEnv,
  state: VerifierState,
  flags: number,
  frame = 0,
  spi = 0,
  linked?: readonly LinkedReg[],
): void {
  const last = env.curHistEnt;
  if (last) {
    if (flags !== 0) {
      last.frame = frame;
      last.spi = spi;
    }
    last.flags |= flags;
    last.linked = linked;
    return;
  }
  const entry: JmpHistoryEntry = {
    idx: env.insnIdx,
    prevIdx: env.prevInsnIdx,
    flags,
    frame,
    spi,
    linked,
  };
  state.jmpHistory.push(entry);
  env.curHistEnt = entry;
}
