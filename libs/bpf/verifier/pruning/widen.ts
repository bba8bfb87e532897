import type { VerifierEnv } from '../env';
import type { RegState } from '../state/reg-state';
import { RegBase } from '../state/reg-type';
import type { VerifierState } from '../state/verifier-state';
import { IdMap } from './id-map';
import { regsExact } from './regs-equal';

/**
 * `widen_imprecise_scalars`: a scalar that changed since the last round and did not matter to safety may be anything,
 * so that loops whose number of rounds is open come to rest.
 */
export function widenImpreciseScalars(env: VerifierEnv, old: VerifierState, cur: VerifierState): void {
  const ids = new IdMap();
  ids.reset(env.idGen);
  for (let fr = old.curframe; fr >= 0; fr--) {
    const a = old.frame[fr];
    const b = cur.frame[fr];
    for (let i = 0; i < 11; i++) widen(env, a.regs[i], b.regs[i], ids);
    for (let spi = 0; spi < a.slots && spi < b.slots; spi++) {
      if (a.isSpilled(spi) && b.isSpilled(spi)) widen(env, a.spilled[spi], b.spilled[spi], ids);
    }
  }
}

function widen(env: VerifierEnv, old: RegState, cur: RegState, ids: IdMap): void {
  if (old.type !== RegBase.SCALAR_VALUE || cur.type !== RegBase.SCALAR_VALUE) return;
  if (old.precise || cur.precise || regsExact(old, cur, ids)) return;
  cur.markUnknown(!env.bpfCapable);
}
