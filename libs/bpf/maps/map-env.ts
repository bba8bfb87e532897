import type { KernelMemory } from '@probed/memory';
import type { MapRegistry } from './map-registry';

/** A loaded program as program arrays hold it: it stays runnable while one does. */
export interface ProgramRef {
  readonly id: number;
  /** `enum bpf_prog_type`. */
  readonly type: number;
}

/** What maps need of the machine they live in. */
export interface MapEnv {
  readonly memory: KernelMemory;
  readonly cpus: number;
  readonly registry: MapRegistry;
  currentCpu(): number;
  /** Byte offset of a member of the kernel's `struct bpf_map`; undefined when its BTF has no such member. */
  mapField(name: string): number | undefined;
  /** The loaded program of an id, for program arrays. */
  programById?(id: number): ProgramRef | undefined;
  /**
   * Offset of the kernel object that a storage map of a type (`enum bpf_map_type`) can hold a value for, by the number
   * that user space knows it by: a pid, a cgroup id.
   */
  objectByNumber?(mapType: number, number: number): number | undefined;
  /** The inverse of {@link objectByNumber}. */
  numberOfObject?(mapType: number, object: number): number | undefined;
  /** Called when a program reserves or emits a record; what it returns comes back when the record is consumed. */
  tagRecord?(): unknown;
}
