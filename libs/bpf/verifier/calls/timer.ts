import type { VerifierEnv } from '../env';
import { mapFields } from '../memory/map-fields';
import { isConst } from '../scalar';
import type { CallMeta } from './call-meta';

/** A timer argument: the `struct bpf_timer` of a map value (`process_timer_func`). */
export function processTimer(env: VerifierEnv, regno: number, meta: CallMeta): void {
  const reg = env.curRegs[regno];
  const { map } = reg;
  if (!isConst(reg.v)) {
    env.reject(
      'EINVAL',
      `R${regno} doesn't have constant offset. bpf_timer has to be at the constant offset`,
    );
  }
  if (!map) throw new Error('a timer argument without a map');
  const name = map.name.slice(0, 15);
  if (!env.options.objectBtf || map.valueTypeId === 0) {
    env.reject('EINVAL', `map '${name}' has to have BTF in order to use bpf_timer`);
  }
  const field = mapFields(env, map).find((f) => f.name === 'bpf_timer');
  if (!field) env.reject('EINVAL', `map '${name}' has no valid bpf_timer`);
  const at = Number(reg.v.smin) + reg.off;
  if (field.offset !== at) {
    env.reject('EINVAL', `off ${at} doesn't point to 'struct bpf_timer' that is at ${field.offset}`);
  }
  meta.map = map;
  meta.mapUid = reg.mapUid;
}
