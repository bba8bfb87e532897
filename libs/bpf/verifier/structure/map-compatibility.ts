import { BPF_F_SLEEPABLE, type MapInfo, MapType, ProgType } from '@probed/spec';
import type { VerifierEnv } from '../env';
import type { FieldKind } from '../records/field-kinds';
import { typesOfMap } from '../records/of-register';
import { isTracingProg } from '../tables';

/** Map types that sleepable programs may use. */
const SLEEPABLE_MAPS: ReadonlySet<number> = new Set([
  MapType.HASH,
  MapType.LRU_HASH,
  MapType.ARRAY,
  MapType.PERCPU_HASH,
  MapType.PERCPU_ARRAY,
  MapType.LRU_PERCPU_HASH,
  MapType.ARRAY_OF_MAPS,
  MapType.HASH_OF_MAPS,
  MapType.RINGBUF,
  MapType.USER_RINGBUF,
  MapType.INODE_STORAGE,
  MapType.SK_STORAGE,
  MapType.TASK_STORAGE,
  MapType.CGRP_STORAGE,
  MapType.QUEUE,
  MapType.STACK,
  MapType.ARENA,
]);

/** Fields that tracing programs may not have in their maps, and how the message calls them. */
const NOT_FOR_TRACING: readonly (readonly [field: FieldKind, name: string])[] = [
  ['LIST_HEAD', 'bpf_{list_head,rb_root}'],
  ['RB_ROOT', 'bpf_{list_head,rb_root}'],
  ['SPIN_LOCK', 'bpf_spin_lock'],
  ['RES_SPIN_LOCK', 'bpf_spin_lock'],
  ['TIMER', 'bpf_timer'],
  ['WORKQUEUE', 'bpf_wq'],
];

/** `check_map_prog_compatibility`: a map that the program names suits the program's type. */
export function checkMapCompatibility(env: VerifierEnv, map: MapInfo): void {
  const { type } = env.spec;
  const { record } = typesOfMap(env, map);
  for (const [field, name] of NOT_FOR_TRACING) {
    if (!record?.has(field)) continue;
    if (isTracingProg(type)) env.reject('EINVAL', `tracing progs cannot use ${name} yet`);
    if (name === 'bpf_spin_lock' && type === ProgType.SOCKET_FILTER) {
      env.reject('EINVAL', 'socket filter progs cannot use bpf_spin_lock yet');
    }
  }
  if (map.type === MapType.STRUCT_OPS) env.reject('EINVAL', 'bpf_struct_ops map cannot be used in prog');
  if ((env.spec.flags & BPF_F_SLEEPABLE) !== 0 && !SLEEPABLE_MAPS.has(map.type)) {
    env.reject('EINVAL', 'Sleepable programs can only use array, hash, ringbuf and local storage maps');
  }
}
