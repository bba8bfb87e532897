import type { MapInfo } from '@probed/spec';
import { BaseMap, BPF_EXIST, BPF_NOEXIST, round8, updateFlagsFault } from './base-map';
import { E } from './errno';
import { hashWord, hashWords } from './key-hash';
import type { MapEnv } from './map-env';

/**
 * Layout of an element, bytes: u32 next in its chain (offset, 0 at the end), u32 hash, u32 link of whoever owns free
 * elements, 4 unused, key (zero-padded to 8), value. The chain's link survives while an element is free, so that a walk
 * that stands on a deleted element finds its way on, as in the kernel.
 */
const NEXT_WORD = 0;
const HASH_WORD = 1;
export const LINK_WORD = 2;
const KEY = 16;
const KEY_WORD = KEY / 4;

/** Chained buckets in linear memory: what the hash maps of kernel/bpf/hashtab.c have in common. */
export abstract class HashTable extends BaseMap {
  protected readonly valueAt: number;
  /** Bytes from one CPU's value to the next; of the one value, when not per CPU. */
  protected readonly valueBytes: number;
  protected readonly elementBytes: number;
  private readonly buckets: number;
  private readonly bucketMask: number;
  private readonly keyWords: number;
  /** A key of user space, or one that is not aligned, zero-padded. */
  private readonly scratch: number;
  /** Hash of the key that {@link find} looked for last. */
  private hash = 0;

  constructor(
    info: MapInfo,
    env: MapEnv,
    protected readonly percpu: boolean,
  ) {
    super(info, env);
    const bucketCount = 2 ** Math.ceil(Math.log2(info.maxEntries));
    this.bucketMask = bucketCount - 1;
    this.buckets = env.memory.alloc(bucketCount * 4);
    this.keyWords = Math.ceil(info.keySize / 4);
    this.valueAt = KEY + round8(info.keySize);
    this.valueBytes = round8(info.valueSize);
    this.elementBytes = this.valueAt + this.valueBytes * (percpu ? env.cpus : 1);
    this.scratch = env.memory.alloc(round8(info.keySize));
  }

  override lookupOffset(key: number): number {
    const element = this.find(key);
    if (element === 0) return 0;
    this.touch(element);
    const value = element + this.valueAt;
    return this.percpu ? value + this.env.currentCpu() * this.valueBytes : value;
  }

  override lookupPercpuOffset(key: number, cpu: number): number {
    const element = this.percpu && cpu < this.env.cpus ? this.find(key) : 0;
    if (element === 0) return 0;
    this.touch(element);
    return element + this.valueAt + cpu * this.valueBytes;
  }

  override delete(key: number): number {
    const element = this.find(key);
    if (element === 0) return E.NOENT;
    this.unlink(element);
    this.give(element);
    return 0;
  }

  override lookup(key: Uint8Array): Uint8Array | undefined {
    const element = this.find(this.stage(key));
    if (element === 0) return undefined;
    const bytes = this.percpu ? this.valueBytes * this.env.cpus : this.info.valueSize;
    return this.env.memory.copyOut(element + this.valueAt, bytes);
  }

  override deleteElem(key: Uint8Array): number {
    return this.userWriteFault() || this.delete(this.stage(key));
  }

  override nextKey(key: Uint8Array | undefined): Uint8Array | undefined {
    const { u32 } = this.env.memory;
    let bucket = 0;
    let element = key ? this.find(this.stage(key)) : 0;
    if (element) {
      bucket = (u32[(element >>> 2) + HASH_WORD] & this.bucketMask) + 1;
      element = u32[(element >>> 2) + NEXT_WORD];
    }
    for (; element === 0 && bucket <= this.bucketMask; bucket++) element = u32[(this.buckets >>> 2) + bucket];
    return element ? this.env.memory.copyOut(element + KEY, this.info.keySize) : undefined;
  }

  override walk(visit: (key: number, value: number) => number): number {
    const { memory } = this.env;
    const cpu = this.percpu ? this.env.currentCpu() : 0;
    let visited = 0;
    for (let bucket = 0; bucket <= this.bucketMask; bucket++) {
      let element = memory.u32[(this.buckets >>> 2) + bucket];
      while (element) {
        visited++;
        if (visit(element + KEY, element + this.valueAt + cpu * this.valueBytes) !== 0) return visited;
        element = memory.u32[(element >>> 2) + NEXT_WORD];
      }
    }
    return visited;
  }

  override destroy(): void {
    this.env.memory.free(this.buckets);
    this.env.memory.free(this.scratch);
    super.destroy();
  }

  /** A program looked an element up (LRU maps remember). */
  protected touch(_element: number): void {}

  /** Takes back an element that is in no chain any more. */
  protected abstract give(element: number): void;

  /** Puts a user-side key into linear memory. */
  protected stage(key: Uint8Array): number {
    this.env.memory.u8.set(key.subarray(0, this.info.keySize), this.scratch);
    return this.scratch;
  }

  /** The element of a key, 0 when there is none. Leaves the key's hash and place for {@link insert}. */
  protected find(key: number): number {
    return this.keyWords === 1 && this.info.keySize === 4 ? this.findWord(key) : this.findWords(key);
  }

  private findWord(key: number): number {
    const { memory } = this.env;
    const { u32 } = memory;
    const word = key & 3 ? memory.view.getUint32(key, true) : u32[key >>> 2];
    const hash = hashWord(word);
    this.hash = hash;
    let element = u32[(this.buckets >>> 2) + (hash & this.bucketMask)];
    while (element !== 0) {
      const at = element >>> 2;
      if (u32[at + KEY_WORD] === word) return element;
      element = u32[at + NEXT_WORD];
    }
    return 0;
  }

  private findWords(key: number): number {
    const { u32, i32 } = this.env.memory;
    const from = this.aligned(key) >>> 2;
    const hash = hashWords(i32, from, this.keyWords);
    this.hash = hash;
    let element = u32[(this.buckets >>> 2) + (hash & this.bucketMask)];
    while (element !== 0) {
      const at = element >>> 2;
      if (u32[at + HASH_WORD] === hash && this.sameKey(i32, at + KEY_WORD, from)) return element;
      element = u32[at + NEXT_WORD];
    }
    return 0;
  }

  private sameKey(i32: Int32Array, a: number, b: number): boolean {
    for (let i = 0; i < this.keyWords; i++) if (i32[a + i] !== i32[b + i]) return false;
    return true;
  }

  /** The key itself, or a zero-padded copy when it does not consist of aligned words. */
  private aligned(key: number): number {
    if (((key | this.info.keySize) & 3) === 0) return key;
    if (key !== this.scratch) this.env.memory.u8.copyWithin(this.scratch, key, key + this.info.keySize);
    return this.scratch;
  }

  /** -EEXIST and -ENOENT by the flags of an update (check_flags). */
  protected existenceFault(old: number, flags: number): number {
    if (old !== 0 && flags & BPF_NOEXIST) return E.EXIST;
    return old === 0 && flags & BPF_EXIST ? E.NOENT : 0;
  }

  protected flagsFault(flags: number): number {
    return updateFlagsFault(flags);
  }

  /** Makes `element` the one of the key that {@link find} looked for last. */
  protected setKey(element: number, key: number): void {
    const { u32, u8 } = this.env.memory;
    u32[(element >>> 2) + HASH_WORD] = this.hash;
    if (this.info.keySize === 4) u32[(element + KEY) >>> 2] = this.wordAt(key);
    else {
      const bytes = this.keyWords * 4;
      u8.copyWithin(element + KEY, this.aligned(key), this.aligned(key) + bytes);
    }
  }

  private wordAt(key: number): number {
    const { memory } = this.env;
    return key & 3 ? memory.view.getUint32(key, true) : memory.u32[key >>> 2];
  }

  /** Puts an element with its key set at the head of its chain. */
  protected link(element: number): void {
    const { u32 } = this.env.memory;
    const bucket = (this.buckets >>> 2) + (u32[(element >>> 2) + HASH_WORD] & this.bucketMask);
    u32[(element >>> 2) + NEXT_WORD] = u32[bucket];
    u32[bucket] = element;
  }

  /** Takes an element out of its chain. @returns false when it is in none */
  protected unlink(element: number): boolean {
    const { u32 } = this.env.memory;
    let link = (this.buckets >>> 2) + (u32[(element >>> 2) + HASH_WORD] & this.bucketMask);
    while (u32[link] !== element) {
      if (u32[link] === 0) return false;
      link = (u32[link] >>> 2) + NEXT_WORD;
    }
    u32[link] = u32[(element >>> 2) + NEXT_WORD];
    return true;
  }

  /** Clears the values of all CPUs, for a new per-CPU element that is given only one (pcpu_init_value). */
  protected clearValues(element: number): void {
    const at = element + this.valueAt;
    this.env.memory.u8.fill(0, at, element + this.elementBytes);
  }

  protected currentValue(element: number): number {
    return element + this.valueAt + (this.percpu ? this.env.currentCpu() * this.valueBytes : 0);
  }
}
