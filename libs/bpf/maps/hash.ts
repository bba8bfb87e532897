import type { MapInfo } from '@probed/spec';
import { BaseMap, BPF_EXIST, BPF_NOEXIST, round8, updateFlagsFault } from './base-map';
import { E } from './errno';
import { hashKey, sameBytes } from './key-hash';
import type { MapEnv } from './map-env';

/** include/uapi/linux/bpf.h */
const BPF_F_NO_PREALLOC = 1;

/** An element: u32 next (offset, 0 at the end of the chain), u32 hash, key, value; key and value rounded up to 8. */
const NEXT = 0;
const HASH = 4;
const KEY = 8;

/**
 * BPF_MAP_TYPE_HASH and BPF_MAP_TYPE_PERCPU_HASH (kernel/bpf/hashtab.c): chained buckets of elements in linear memory.
 *
 * As in the kernel, elements are allocated up front unless BPF_F_NO_PREALLOC, an update of a plain hash puts a new
 * element in place of the old one (a pointer to the old value keeps seeing the old value), and an update of a per-CPU
 * hash writes in place.
 */
export class HashMap extends BaseMap {
  private readonly buckets: number;
  private readonly bucketMask: number;
  private readonly valueAt: number;
  private readonly valueBytes: number;
  private readonly elementBytes: number;
  private readonly scratch: number;
  private readonly preallocated: number;
  /** Chain of free elements; also of elements given back. */
  private free = 0;
  private count = 0;

  constructor(
    info: MapInfo,
    env: MapEnv,
    private readonly percpu: boolean,
  ) {
    super(info, env);
    const { memory } = env;
    const bucketCount = 2 ** Math.ceil(Math.log2(info.maxEntries));
    this.bucketMask = bucketCount - 1;
    this.buckets = memory.alloc(bucketCount * 4);
    this.valueAt = KEY + round8(info.keySize);
    this.valueBytes = round8(info.valueSize);
    this.elementBytes = this.valueAt + this.valueBytes * (percpu ? env.cpus : 1);
    this.scratch = memory.alloc(round8(info.keySize) + this.valueBytes);
    this.preallocated = info.flags & BPF_F_NO_PREALLOC ? 0 : this.preallocate();
  }

  /** One block of all elements, and one more a CPU so that an update in a full map finds a new element. */
  private preallocate(): number {
    const { memory, cpus } = this.env;
    const count = this.info.maxEntries + (this.percpu ? 0 : cpus);
    const block = memory.alloc(count * this.elementBytes);
    for (let i = count - 1; i >= 0; i--) this.release(block + i * this.elementBytes);
    return block;
  }

  /** Entries in the map. */
  get size(): number {
    return this.count;
  }

  override lookupOffset(key: number): number {
    const element = this.find(key);
    if (element === 0) return 0;
    const value = element + this.valueAt;
    return this.percpu ? value + this.env.currentCpu() * this.valueBytes : value;
  }

  override lookupPercpuOffset(key: number, cpu: number): number {
    const element = this.percpu && cpu < this.env.cpus ? this.find(key) : 0;
    return element && element + this.valueAt + cpu * this.valueBytes;
  }

  override update(key: number, value: number, flags: number): number {
    const cpu = this.percpu ? this.env.currentCpu() : 0;
    return this.store(key, flags, (at) => {
      this.env.memory.u8.copyWithin(at + cpu * this.valueBytes, value, value + this.info.valueSize);
    });
  }

  override delete(key: number): number {
    const { memory } = this.env;
    const hash = hashKey(memory, key, this.info.keySize);
    const element = this.findIn(hash, key);
    if (element === 0) return E.NOENT;
    this.unlink(hash, element);
    this.release(element);
    this.count--;
    return 0;
  }

  override lookup(key: Uint8Array): Uint8Array | undefined {
    const element = this.find(this.stage(key));
    if (element === 0) return undefined;
    const bytes = this.percpu ? this.valueBytes * this.env.cpus : this.info.valueSize;
    return this.env.memory.copyOut(element + this.valueAt, bytes);
  }

  override updateElem(key: Uint8Array, value: Uint8Array, flags: number): number {
    const fault = this.userWriteFault();
    if (fault) return fault;
    return this.store(this.stage(key), flags, (at) => this.env.memory.u8.set(value, at));
  }

  override deleteElem(key: Uint8Array): number {
    return this.userWriteFault() || this.delete(this.stage(key));
  }

  override nextKey(key: Uint8Array | undefined): Uint8Array | undefined {
    const { memory } = this.env;
    let bucket = 0;
    let element = key ? this.find(this.stage(key)) : 0;
    if (element) {
      bucket = (memory.u32[(element + HASH) >> 2] & this.bucketMask) + 1;
      element = memory.u32[(element + NEXT) >> 2];
    }
    for (; element === 0 && bucket <= this.bucketMask; bucket++) {
      element = memory.u32[(this.buckets >> 2) + bucket];
    }
    return element ? memory.copyOut(element + KEY, this.info.keySize) : undefined;
  }

  override walk(visit: (key: number, value: number) => number): number {
    const { memory } = this.env;
    const cpu = this.percpu ? this.env.currentCpu() : 0;
    let visited = 0;
    for (let bucket = 0; bucket <= this.bucketMask; bucket++) {
      let element = memory.u32[(this.buckets >> 2) + bucket];
      while (element) {
        // Read before the visit, which may delete this very element.
        const next = memory.u32[(element + NEXT) >> 2];
        visited++;
        if (visit(element + KEY, element + this.valueAt + cpu * this.valueBytes) !== 0) return visited;
        element = next;
      }
    }
    return visited;
  }

  override destroy(): void {
    const { memory } = this.env;
    if (!this.preallocated) this.freeElements();
    else memory.free(this.preallocated);
    memory.free(this.buckets);
    memory.free(this.scratch);
    super.destroy();
  }

  private freeElements(): void {
    const { memory } = this.env;
    for (let bucket = 0; bucket <= this.bucketMask; bucket++) {
      let element = memory.u32[(this.buckets >> 2) + bucket];
      while (element) {
        const next = memory.u32[(element + NEXT) >> 2];
        memory.free(element);
        element = next;
      }
    }
  }

  /** Puts a user-side key into linear memory. */
  private stage(key: Uint8Array): number {
    this.env.memory.u8.set(key.subarray(0, this.info.keySize), this.scratch);
    return this.scratch;
  }

  private find(key: number): number {
    return this.findIn(hashKey(this.env.memory, key, this.info.keySize), key);
  }

  private findIn(hash: number, key: number): number {
    const { memory } = this.env;
    const { u32 } = memory;
    let element = u32[(this.buckets >> 2) + (hash & this.bucketMask)];
    while (element) {
      if (u32[(element + HASH) >> 2] === hash && sameBytes(memory, element + KEY, key, this.info.keySize))
        break;
      element = u32[(element + NEXT) >> 2];
    }
    return element;
  }

  /** Checks as htab_map_update_elem orders them, then writes the value into the element that will hold it. */
  private store(key: number, flags: number, write: (valueAt: number) => void): number {
    const fault = updateFlagsFault(flags);
    if (fault) return fault;
    const hash = hashKey(this.env.memory, key, this.info.keySize);
    const old = this.findIn(hash, key);
    if (old && flags & BPF_NOEXIST) return E.EXIST;
    if (!old && flags & BPF_EXIST) return E.NOENT;
    if (old && this.percpu) {
      write(old + this.valueAt);
      return 0;
    }
    if (!old && this.count >= this.info.maxEntries) return E.TOO_BIG;
    const element = this.take();
    if (element === 0) return E.NOMEM;
    this.fill(element, hash, key);
    write(element + this.valueAt);
    if (old) {
      this.unlink(hash, old);
      this.release(old);
    } else this.count++;
    this.link(hash, element);
    return 0;
  }

  private fill(element: number, hash: number, key: number): void {
    const { u8, u32 } = this.env.memory;
    u32[(element + HASH) >> 2] = hash;
    u8.copyWithin(element + KEY, key, key + this.info.keySize);
    u8.fill(0, element + KEY + this.info.keySize, element + this.elementBytes);
  }

  private link(hash: number, element: number): void {
    const { u32 } = this.env.memory;
    const bucket = (this.buckets >> 2) + (hash & this.bucketMask);
    u32[(element + NEXT) >> 2] = u32[bucket];
    u32[bucket] = element;
  }

  private unlink(hash: number, element: number): void {
    const { u32 } = this.env.memory;
    let link = (this.buckets >> 2) + (hash & this.bucketMask);
    while (u32[link] !== element) link = (u32[link] + NEXT) >> 2;
    u32[link] = u32[(element + NEXT) >> 2];
  }

  /** A free element, 0 when memory is exhausted. */
  private take(): number {
    const element = this.free;
    if (element === 0) return this.env.memory.tryAlloc(this.elementBytes) ?? 0;
    this.free = this.env.memory.u32[(element + NEXT) >> 2];
    return element;
  }

  private release(element: number): void {
    if (this.info.flags & BPF_F_NO_PREALLOC) {
      this.env.memory.free(element);
      return;
    }
    this.env.memory.u32[(element + NEXT) >> 2] = this.free;
    this.free = element;
  }
}
