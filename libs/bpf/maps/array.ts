import type { MapInfo } from '@probed/spec';
import { BaseMap, BPF_NOEXIST, round8, updateFlagsFault } from './base-map';
import { E } from './errno';
import type { MapEnv } from './map-env';
import { indexOf, nextIndex } from './u32-key';

/**
 * BPF_MAP_TYPE_ARRAY and BPF_MAP_TYPE_PERCPU_ARRAY (kernel/bpf/arraymap.c): all entries exist from the start, zeroed.
 * A per-CPU array is one array a CPU, one behind the other.
 */
export class ArrayMap extends BaseMap {
  private readonly values: number;
  private readonly elementBytes: number;
  private readonly copies: number;
  /** Key buffer for {@link walk}. */
  private readonly keyScratch: number;

  constructor(
    info: MapInfo,
    env: MapEnv,
    private readonly percpu: boolean,
  ) {
    super(info, env);
    this.elementBytes = round8(info.valueSize);
    this.copies = percpu ? env.cpus : 1;
    this.values = env.memory.alloc(this.elementBytes * info.maxEntries * this.copies);
    this.keyScratch = env.memory.alloc(8);
  }

  get valuesOffset(): number | undefined {
    return this.percpu ? undefined : this.values;
  }

  override lookupOffset(key: number): number {
    const index = this.env.memory.view.getUint32(key, true);
    if (index >= this.info.maxEntries) return 0;
    return this.valueAt(index, this.percpu ? this.env.currentCpu() : 0);
  }

  override lookupPercpuOffset(key: number, cpu: number): number {
    const index = this.env.memory.view.getUint32(key, true);
    return !this.percpu || index >= this.info.maxEntries || cpu >= this.env.cpus
      ? 0
      : this.valueAt(index, cpu);
  }

  override update(key: number, value: number, flags: number): number {
    const { memory } = this.env;
    const fault = this.updateFault(memory.view.getUint32(key, true), flags);
    if (fault) return fault;
    memory.u8.copyWithin(this.lookupOffset(key), value, value + this.info.valueSize);
    return 0;
  }

  override delete(_key: number): number {
    return E.INVAL;
  }

  override lookup(key: Uint8Array): Uint8Array | undefined {
    const index = indexOf(key);
    if (index >= this.info.maxEntries) return undefined;
    if (!this.percpu) return this.env.memory.copyOut(this.valueAt(index, 0), this.info.valueSize);
    const all = new Uint8Array(this.elementBytes * this.copies);
    for (let cpu = 0; cpu < this.copies; cpu++) {
      all.set(
        this.env.memory.copyOut(this.valueAt(index, cpu), this.info.valueSize),
        cpu * this.elementBytes,
      );
    }
    return all;
  }

  override updateElem(key: Uint8Array, value: Uint8Array, flags: number): number {
    const index = indexOf(key);
    const fault = this.userWriteFault() || this.updateFault(index, flags);
    if (fault) return fault;
    for (let cpu = 0; cpu < this.copies; cpu++) {
      const from = cpu * this.elementBytes;
      this.env.memory.u8.set(value.subarray(from, from + this.info.valueSize), this.valueAt(index, cpu));
    }
    return 0;
  }

  override deleteElem(_key: Uint8Array): number {
    return E.INVAL;
  }

  override nextKey(key: Uint8Array | undefined): Uint8Array | undefined {
    return nextIndex(key, this.info.maxEntries);
  }

  override walk(visit: (key: number, value: number) => number): number {
    const cpu = this.percpu ? this.env.currentCpu() : 0;
    let visited = 0;
    for (let index = 0; index < this.info.maxEntries; index++) {
      this.env.memory.view.setUint32(this.keyScratch, index, true);
      visited++;
      if (visit(this.keyScratch, this.valueAt(index, cpu)) !== 0) break;
    }
    return visited;
  }

  override destroy(): void {
    super.destroy();
    this.env.memory.free(this.values);
    this.env.memory.free(this.keyScratch);
  }

  private valueAt(index: number, cpu: number): number {
    return this.values + (cpu * this.info.maxEntries + index) * this.elementBytes;
  }

  /** As array_map_update_elem orders its checks. */
  private updateFault(index: number, flags: number): number {
    const fault = updateFlagsFault(flags);
    if (fault) return fault;
    if (index >= this.info.maxEntries) return E.TOO_BIG;
    return flags & BPF_NOEXIST ? E.EXIST : 0;
  }
}
