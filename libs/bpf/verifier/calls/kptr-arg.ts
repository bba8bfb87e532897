import type { VerifierEnv } from '../env';
import { KPTR } from '../records/field-kinds';
import { recordOf, typesOfMap } from '../records/of-register';
import { isConst } from '../scalar';
import { RegBase } from '../state/reg-type';
import type { CallMeta } from './call-meta';

/** The place of bpf_kptr_xchg: a referenced kptr of a map value or of an allocated object (`process_kptr_func`). */
export function processKptr(env: VerifierEnv, regno: number, meta: CallMeta): void {
  const reg = env.curRegs[regno];
  if (reg.type === RegBase.PTR_TO_MAP_VALUE && reg.map) {
    if (!typesOfMap(env, reg.map).hasBtf) {
      const name = reg.map.name.slice(0, 15);
      env.reject('EINVAL', `map '${name}' has to have BTF in order to use bpf_kptr_xchg`);
    }
    meta.map = reg.map;
  }
  if (!isConst(reg.v)) {
    env.reject('EINVAL', `R${regno} doesn't have constant offset. kptr has to be at the constant offset`);
  }
  const record = recordOf(env, reg);
  if (!record?.hasAny(KPTR)) env.reject('EINVAL', `R${regno} has no valid kptr`);
  const off = Number(BigInt.asIntN(32, reg.v.value)) + reg.off;
  const field = record.find(off, KPTR);
  if (!field) env.reject('EACCES', `off=${off} doesn't point to kptr`);
  if (field.kind === 'KPTR_UNREF') env.reject('EACCES', `off=${off} kptr isn't referenced kptr`);
  meta.kptr = field;
}
