import { MapType } from '@probed/spec';

const STRUCTS: Readonly<Partial<Record<MapType, string>>> = {
  [MapType.HASH]: 'bpf_htab',
  [MapType.PERCPU_HASH]: 'bpf_htab',
  [MapType.LRU_HASH]: 'bpf_htab',
  [MapType.LRU_PERCPU_HASH]: 'bpf_htab',
  [MapType.HASH_OF_MAPS]: 'bpf_htab',
  [MapType.ARRAY]: 'bpf_array',
  [MapType.PERCPU_ARRAY]: 'bpf_array',
  [MapType.PROG_ARRAY]: 'bpf_array',
  [MapType.PERF_EVENT_ARRAY]: 'bpf_array',
  [MapType.CGROUP_ARRAY]: 'bpf_array',
  [MapType.ARRAY_OF_MAPS]: 'bpf_array',
  [MapType.STACK_TRACE]: 'bpf_stack_map',
  [MapType.LPM_TRIE]: 'lpm_trie',
  [MapType.DEVMAP]: 'bpf_dtab',
  [MapType.DEVMAP_HASH]: 'bpf_dtab',
  [MapType.CPUMAP]: 'bpf_cpu_map',
  [MapType.XSKMAP]: 'xsk_map',
  [MapType.SOCKMAP]: 'bpf_stab',
  [MapType.SOCKHASH]: 'bpf_shtab',
  [MapType.CGROUP_STORAGE]: 'bpf_cgroup_storage_map',
  [MapType.PERCPU_CGROUP_STORAGE]: 'bpf_cgroup_storage_map',
  [MapType.REUSEPORT_SOCKARRAY]: 'reuseport_array',
  [MapType.QUEUE]: 'bpf_queue_stack',
  [MapType.STACK]: 'bpf_queue_stack',
  [MapType.SK_STORAGE]: 'bpf_local_storage_map',
  [MapType.INODE_STORAGE]: 'bpf_local_storage_map',
  [MapType.TASK_STORAGE]: 'bpf_local_storage_map',
  [MapType.CGRP_STORAGE]: 'bpf_local_storage_map',
  [MapType.STRUCT_OPS]: 'bpf_struct_ops_map',
  [MapType.RINGBUF]: 'bpf_ringbuf_map',
  [MapType.USER_RINGBUF]: 'bpf_ringbuf_map',
  [MapType.BLOOM_FILTER]: 'bpf_bloom_filter',
  [MapType.ARENA]: 'bpf_arena',
};

/** The kernel's struct behind a map, whose first member is `struct bpf_map` (`map->ops->map_btf_id`). */
export function mapStruct(type: number): string {
  return STRUCTS[type as MapType] ?? 'bpf_map';
}
