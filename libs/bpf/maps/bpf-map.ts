import type { MapInfo } from '@probed/spec';

/**
 * A map in the kernel.
 *
 * Program-side methods work on offsets into linear memory and return 0 or a negative errno; user-side methods work on
 * bytes, as bpf(2) does. Per-CPU values are, on the user side, the values of all CPUs one behind the other, each rounded
 * up to 8 bytes.
 */
export interface BpfMap {
  readonly info: MapInfo;
  /** Kernel-wide map id. */
  readonly id: number;
  /** Offset of its `struct bpf_map` in linear memory: what a program's map pointer points to. */
  readonly offset: number;
  /** ARRAY only: offset of the value of entry 0. */
  readonly valuesOffset?: number;

  /** Program side: offset of the value (of the current CPU, for per-CPU maps), 0 when there is none. */
  lookupOffset(key: number): number;
  /** The value as CPU `cpu` has it; per-CPU maps only, others give 0. */
  lookupPercpuOffset(key: number, cpu: number): number;
  /** Program side update; per-CPU maps write the current CPU's value. */
  update(key: number, value: number, flags: number): number;
  delete(key: number): number;
  /** QUEUE, STACK and BLOOM_FILTER: `bpf_map_push_elem`, `bpf_map_pop_elem`, `bpf_map_peek_elem`; offsets of values. */
  push(value: number, flags: number): number;
  pop(value: number): number;
  peek(value: number): number;

  /** User side. @returns undefined when there is no such entry */
  lookup(key: Uint8Array): Uint8Array | undefined;
  /** @returns 0 or a negative errno */
  updateElem(key: Uint8Array, value: Uint8Array, flags: number): number;
  deleteElem(key: Uint8Array): number;
  /** `BPF_MAP_GET_NEXT_KEY`: the first key when `key` is undefined or unknown; undefined at the end. */
  nextKey(key: Uint8Array | undefined): Uint8Array | undefined;
  /** All entries; safe while the map changes. */
  entries(): Generator<MapEntry>;

  /** Program-side walk (`bpf_for_each_map_elem`): stops when `visit` returns non-zero. @returns entries visited, or -errno */
  walk(visit: (key: number, value: number) => number): number;
  /** `BPF_MAP_FREEZE`: from now on user space cannot write. */
  freeze(): void;
  /** Frees everything. No program may hold the map. */
  destroy(): void;
}

export interface MapEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}
