import type { VerifierEnv } from '../env';
import type { CallMeta } from './call-meta';
import { checkMapFieldPointer } from './map-field-arg';

/** A timer argument: the `struct bpf_timer` of a map value (`process_timer_func`). */
export function processTimer(env: VerifierEnv, regno: number, meta: CallMeta): void {
  checkMapFieldPointer(env, regno, 'TIMER');
  const reg = env.curRegs[regno];
  meta.map = reg.map;
  meta.mapUid = reg.mapUid;
}
