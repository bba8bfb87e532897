import { BPF_F } from '@probed/abi';
import type { MapInfo } from '@probed/spec';
import { BPF_EXIST } from './base-map';
import { copyBytes } from './copy-bytes';
import { E } from './errno';
import { HashTable } from './hash-table';
import { LruList } from './lru-list';
import type { MapEnv } from './map-env';

/**
 * BPF_MAP_TYPE_LRU_HASH and BPF_MAP_TYPE_LRU_PERCPU_HASH (kernel/bpf/hashtab.c): always preallocated; a new entry takes
 * the place of one that was not used for long. Lookups by programs count as use, those of user space don't.
 */
export class LruHashMap extends HashTable {
  private readonly elements: number;
  private readonly lru: LruList;
  /** The kernel makes the entries of per-CPU lists a multiple of the CPUs. */
  private readonly capacity: number;

  constructor(info: MapInfo, env: MapEnv, percpu: boolean) {
    super(info, env, percpu);
    const own = (info.flags & BPF_F.NO_COMMON_LRU) !== 0;
    this.capacity = own ? Math.ceil(info.maxEntries / env.cpus) * env.cpus : info.maxEntries;
    this.elements = env.memory.alloc(this.capacity * this.elementBytes);
    this.lru = new LruList(this.capacity, env.cpus, own, (node) => this.unlink(this.elementOf(node)));
  }

  override update(key: number, value: number, flags: number): number {
    return this.store(key, flags, (at) => copyBytes(this.env.memory, at, value, this.info.valueSize));
  }

  override updateElem(key: Uint8Array, value: Uint8Array, flags: number): number {
    const fault = this.userWriteFault();
    if (fault) return fault;
    const bytes = value.subarray(0, this.elementBytes - this.valueAt);
    return this.store(this.stage(key), flags, (at) => {
      const all = this.percpu ? at - this.env.currentCpu() * this.valueBytes : at;
      this.env.memory.u8.set(bytes, all);
    });
  }

  override destroy(): void {
    this.env.memory.free(this.elements);
    super.destroy();
  }

  protected override touch(element: number): void {
    this.lru.touch(this.nodeOf(element));
  }

  protected override give(element: number): void {
    this.lru.push(this.nodeOf(element));
  }

  private elementOf(node: number): number {
    return this.elements + node * this.elementBytes;
  }

  private nodeOf(element: number): number {
    return (element - this.elements) / this.elementBytes;
  }

  private store(key: number, flags: number, write: (at: number) => void): number {
    const fault = this.flagsFault(flags);
    if (fault) return fault;
    return this.percpu ? this.storePercpu(key, flags, write) : this.storePlain(key, flags, write);
  }

  /** htab_lru_map_update_elem: takes the new element first, since that may drop any other. */
  private storePlain(key: number, flags: number, write: (at: number) => void): number {
    this.find(key);
    const element = this.take(key);
    if (element === 0) return E.NOMEM;
    write(element + this.valueAt);
    const old = this.find(key);
    const existence = this.existenceFault(old, flags);
    if (existence) {
      this.give(element);
      return existence;
    }
    this.link(element);
    if (old !== 0) {
      this.touch(element);
      this.unlink(old);
      this.give(old);
    }
    return 0;
  }

  /** __htab_lru_percpu_map_update_elem: an entry that exists is written in place. */
  private storePercpu(key: number, flags: number, write: (at: number) => void): number {
    this.find(key);
    const element = flags === BPF_EXIST ? 0 : this.take(key);
    if (element === 0 && flags !== BPF_EXIST) return E.NOMEM;
    const old = this.find(key);
    const existence = this.existenceFault(old, flags);
    if (existence === 0 && old !== 0) {
      this.touch(old);
      write(this.currentValue(old));
    } else if (existence === 0) {
      this.clearValues(element);
      write(this.currentValue(element));
      this.link(element);
      return 0;
    }
    if (element !== 0) this.give(element);
    return existence;
  }

  /** A free element with the key set; the entry that had it is gone. */
  private take(key: number): number {
    const node = this.lru.pop(this.env.currentCpu());
    if (node < 0) return 0;
    const element = this.elementOf(node);
    this.setKey(element, key);
    return element;
  }
}
