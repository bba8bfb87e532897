import { AttachType, helperById, type MapInfo, MapType, ProgType } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { isReadOnly } from '../memory/region';

const UPDATES_SOCKMAP = ['map_update_elem', 'map_delete_elem'];

/** Helpers that a map type may be passed to; types without a row may go to any that does not ask for a type. */
const HELPERS_OF_MAP: Readonly<Partial<Record<MapType, readonly string[]>>> = {
  [MapType.PROG_ARRAY]: ['tail_call'],
  [MapType.PERF_EVENT_ARRAY]: [
    'perf_event_read',
    'perf_event_output',
    'skb_output',
    'perf_event_read_value',
    'xdp_output',
  ],
  [MapType.RINGBUF]: [
    'ringbuf_output',
    'ringbuf_reserve',
    'ringbuf_query',
    'ringbuf_reserve_dynptr',
    'ringbuf_submit_dynptr',
    'ringbuf_discard_dynptr',
  ],
  [MapType.USER_RINGBUF]: ['user_ringbuf_drain'],
  [MapType.STACK_TRACE]: ['get_stackid'],
  [MapType.CGROUP_ARRAY]: ['skb_under_cgroup', 'current_task_under_cgroup'],
  [MapType.CGROUP_STORAGE]: ['get_local_storage'],
  [MapType.PERCPU_CGROUP_STORAGE]: ['get_local_storage'],
  [MapType.DEVMAP]: ['redirect_map', 'map_lookup_elem'],
  [MapType.DEVMAP_HASH]: ['redirect_map', 'map_lookup_elem'],
  [MapType.CPUMAP]: ['redirect_map'],
  [MapType.XSKMAP]: ['redirect_map', 'map_lookup_elem'],
  [MapType.ARRAY_OF_MAPS]: ['map_lookup_elem'],
  [MapType.HASH_OF_MAPS]: ['map_lookup_elem'],
  [MapType.SOCKMAP]: [
    'sk_redirect_map',
    'sock_map_update',
    'msg_redirect_map',
    'sk_select_reuseport',
    'map_lookup_elem',
    ...UPDATES_SOCKMAP,
  ],
  [MapType.SOCKHASH]: [
    'sk_redirect_hash',
    'sock_hash_update',
    'msg_redirect_hash',
    'sk_select_reuseport',
    'map_lookup_elem',
    ...UPDATES_SOCKMAP,
  ],
  [MapType.REUSEPORT_SOCKARRAY]: ['sk_select_reuseport'],
  [MapType.QUEUE]: ['map_peek_elem', 'map_pop_elem', 'map_push_elem'],
  [MapType.STACK]: ['map_peek_elem', 'map_pop_elem', 'map_push_elem'],
  [MapType.SK_STORAGE]: ['sk_storage_get', 'sk_storage_delete', 'kptr_xchg'],
  [MapType.INODE_STORAGE]: ['inode_storage_get', 'inode_storage_delete', 'kptr_xchg'],
  [MapType.TASK_STORAGE]: ['task_storage_get', 'task_storage_delete', 'kptr_xchg'],
  [MapType.CGRP_STORAGE]: ['cgrp_storage_get', 'cgrp_storage_delete', 'kptr_xchg'],
  [MapType.BLOOM_FILTER]: ['map_peek_elem', 'map_push_elem'],
};

const PERF = [MapType.PERF_EVENT_ARRAY];
const RING = [MapType.RINGBUF];

/** Map types that a helper takes; helpers without a row take any that has no row above. */
const MAPS_OF_HELPER: Readonly<Record<string, readonly MapType[]>> = {
  tail_call: [MapType.PROG_ARRAY],
  perf_event_read: PERF,
  perf_event_output: PERF,
  perf_event_read_value: PERF,
  skb_output: PERF,
  xdp_output: PERF,
  ringbuf_output: RING,
  ringbuf_reserve: RING,
  ringbuf_query: RING,
  ringbuf_reserve_dynptr: RING,
  ringbuf_submit_dynptr: RING,
  ringbuf_discard_dynptr: RING,
  user_ringbuf_drain: [MapType.USER_RINGBUF],
  get_stackid: [MapType.STACK_TRACE],
  current_task_under_cgroup: [MapType.CGROUP_ARRAY],
  skb_under_cgroup: [MapType.CGROUP_ARRAY],
  redirect_map: [MapType.DEVMAP, MapType.DEVMAP_HASH, MapType.CPUMAP, MapType.XSKMAP],
  sk_redirect_map: [MapType.SOCKMAP],
  msg_redirect_map: [MapType.SOCKMAP],
  sock_map_update: [MapType.SOCKMAP],
  sk_redirect_hash: [MapType.SOCKHASH],
  msg_redirect_hash: [MapType.SOCKHASH],
  sock_hash_update: [MapType.SOCKHASH],
  get_local_storage: [MapType.CGROUP_STORAGE, MapType.PERCPU_CGROUP_STORAGE],
  sk_select_reuseport: [MapType.REUSEPORT_SOCKARRAY, MapType.SOCKMAP, MapType.SOCKHASH],
  map_pop_elem: [MapType.QUEUE, MapType.STACK],
  map_peek_elem: [MapType.QUEUE, MapType.STACK, MapType.BLOOM_FILTER],
  map_push_elem: [MapType.QUEUE, MapType.STACK, MapType.BLOOM_FILTER],
  map_lookup_percpu_elem: [MapType.PERCPU_ARRAY, MapType.PERCPU_HASH, MapType.LRU_PERCPU_HASH],
  sk_storage_get: [MapType.SK_STORAGE],
  sk_storage_delete: [MapType.SK_STORAGE],
  inode_storage_get: [MapType.INODE_STORAGE],
  inode_storage_delete: [MapType.INODE_STORAGE],
  task_storage_get: [MapType.TASK_STORAGE],
  task_storage_delete: [MapType.TASK_STORAGE],
  cgrp_storage_get: [MapType.CGRP_STORAGE],
  cgrp_storage_delete: [MapType.CGRP_STORAGE],
};

const SOCK_MAPS: ReadonlySet<number> = new Set([MapType.SOCKMAP, MapType.SOCKHASH]);

/** Program types that never hold a locked socket. */
const UPDATE_SOCKMAP: ReadonlySet<number> = new Set([
  ProgType.SOCKET_FILTER,
  ProgType.SCHED_CLS,
  ProgType.SCHED_ACT,
  ProgType.XDP,
  ProgType.SK_REUSEPORT,
  ProgType.FLOW_DISSECTOR,
  ProgType.SK_LOOKUP,
]);

/** `may_update_sockmap`. */
function mayUpdateSockMap({ spec }: VerifierEnv, helper: string): boolean {
  if (spec.type === ProgType.TRACING) return spec.expectedAttachType === AttachType.TRACE_ITER;
  if (spec.type === ProgType.SOCK_OPS) return helper === 'map_delete_elem';
  return UPDATE_SOCKMAP.has(spec.type);
}

/** `check_map_func_compatibility`: a helper and the map it is given fit together, seen from either side. */
export function checkMapFuncCompatibility(env: VerifierEnv, map: MapInfo | undefined, funcId: number): void {
  if (!map) return;
  const name = helperById(funcId)?.name ?? '';
  const helpers = HELPERS_OF_MAP[map.type as MapType];
  const maps = MAPS_OF_HELPER[name];
  if (SOCK_MAPS.has(map.type) && UPDATES_SOCKMAP.includes(name) && !mayUpdateSockMap(env, name)) {
    env.complain('cannot update sockmap in this context');
    env.reject('EINVAL', `cannot pass map_type ${map.type} into func bpf_${name}#${funcId}`);
  }
  if ((helpers && !helpers.includes(name)) || (maps && !maps.includes(map.type as MapType))) {
    env.reject('EINVAL', `cannot pass map_type ${map.type} into func bpf_${name}#${funcId}`);
  }
}

const WRITES: ReadonlySet<string> = new Set([
  'map_delete_elem',
  'map_update_elem',
  'map_push_elem',
  'map_pop_elem',
]);

/** `record_func_map`: a map that programs may only read is not written through helpers either. */
export function checkMapWritable(env: VerifierEnv, map: MapInfo, funcName: string): void {
  if (isReadOnly(map) && WRITES.has(funcName)) {
    env.reject('EACCES', 'write into map forbidden');
  }
}
