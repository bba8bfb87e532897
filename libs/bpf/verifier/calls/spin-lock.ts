import type { VerifierEnv } from '../env';
import { mapFields } from '../memory/map-fields';
import { isConst } from '../scalar';
import { RegBase } from '../state/reg-type';
import { RefType } from '../state/verifier-state';

/** bpf_spin_lock and bpf_spin_unlock (`process_spin_lock`): one lock at a time, at a known place in a map value. */
export function processSpinLock(env: VerifierEnv, regno: number, lock: boolean): void {
  const reg = env.curRegs[regno];
  if (!isConst(reg.v)) {
    env.reject(
      'EINVAL',
      `R${regno} doesn't have constant offset. bpf_spin_lock has to be at the constant offset`,
    );
  }
  const { map } = reg;
  if (reg.type !== RegBase.PTR_TO_MAP_VALUE || !map) env.unsupported('bpf_spin_lock in an allocated object');
  const name = map.name.slice(0, 15);
  if (!env.options.objectBtf || map.valueTypeId === 0) {
    env.reject('EINVAL', `map '${name}' has to have BTF in order to use bpf_spin_lock`);
  }
  const field = mapFields(env, map).find((f) => f.name === 'bpf_spin_lock');
  if (!field) env.reject('EINVAL', `map '${name}' has no valid bpf_spin_lock`);
  const at = Number(reg.v.smin) + reg.off;
  if (field.offset !== at) {
    env.reject('EINVAL', `off ${at} doesn't point to 'struct bpf_spin_lock' that is at ${field.offset}`);
  }
  const { refs } = env.cur;
  if (lock) {
    if (refs.activeLocks > 0) env.reject('EINVAL', 'Locking two bpf_spin_locks are not allowed');
    refs.items.push({ type: RefType.LOCK, id: reg.id, insn: env.insnIdx, ptr: map });
    refs.activeLocks++;
    refs.activeLockId = reg.id;
    refs.activeLockPtr = map;
    return;
  }
  if (refs.activeLocks === 0) env.reject('EINVAL', 'bpf_spin_unlock without taking a lock');
  const held = refs.items.findIndex((r) => r.type === RefType.LOCK && r.id === reg.id && r.ptr === map);
  if (held < 0) env.reject('EINVAL', 'bpf_spin_unlock of different lock');
  refs.items.splice(held, 1);
  refs.activeLocks--;
  refs.activeLockId = 0;
  refs.activeLockPtr = undefined;
}
