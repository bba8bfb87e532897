import { BPF_F } from '@probed/abi';
import type { MapInfo } from '@probed/spec';
import { copyBytes } from './copy-bytes';
import { E } from './errno';
import { HashTable, LINK_WORD } from './hash-table';
import type { MapEnv } from './map-env';

/** Elements of maps that are not preallocated are cut from chunks of about this size, bytes. */
const CHUNK_BYTES = 16 * 1024;

/**
 * BPF_MAP_TYPE_HASH and BPF_MAP_TYPE_PERCPU_HASH (kernel/bpf/hashtab.c).
 *
 * As in the kernel, elements are allocated up front unless BPF_F_NO_PREALLOC, an update of a plain hash puts a new
 * element in place of the old one (a pointer to the old value keeps seeing the old value), and an update of a per-CPU
 * hash writes in place.
 */
export class HashMap extends HashTable {
  private readonly chunks: number[] = [];
  private readonly chunkElements: number;
  /** Chain of free elements, through {@link LINK_WORD}. */
  private free = 0;
  private count = 0;
  /** Set by {@link prepare}: the new element, and the one it replaces. */
  private prepared = 0;
  private replaced = 0;

  constructor(info: MapInfo, env: MapEnv, percpu: boolean) {
    super(info, env, percpu);
    const lazy = (info.flags & BPF_F.NO_PREALLOC) !== 0;
    // One more a CPU, so that an update in a full map finds a new element (alloc_extra_elems).
    const all = info.maxEntries + (percpu ? 0 : env.cpus);
    this.chunkElements = lazy ? Math.min(all, Math.max(1, Math.floor(CHUNK_BYTES / this.elementBytes))) : all;
    if (!lazy) this.addChunk(env.memory.alloc(all * this.elementBytes));
  }

  /** Entries in the map. */
  get size(): number {
    return this.count;
  }

  override update(key: number, value: number, flags: number): number {
    const at = this.prepare(key, flags);
    if (at < 0) return at;
    copyBytes(this.env.memory, at, value, this.info.valueSize);
    return this.commit();
  }

  override updateElem(key: Uint8Array, value: Uint8Array, flags: number): number {
    const fault = this.userWriteFault();
    if (fault) return fault;
    const at = this.prepare(this.stage(key), flags);
    if (at < 0) return at;
    const all = this.percpu ? at - this.env.currentCpu() * this.valueBytes : at;
    this.env.memory.u8.set(value.subarray(0, this.elementBytes - this.valueAt), all);
    return this.commit();
  }

  override destroy(): void {
    for (const chunk of this.chunks) this.env.memory.free(chunk);
    super.destroy();
  }

  /** Checks as htab_map_update_elem orders them. @returns where the value goes, or a negative errno */
  private prepare(key: number, flags: number): number {
    const fault = this.flagsFault(flags);
    if (fault) return fault;
    const old = this.find(key);
    const existence = this.existenceFault(old, flags);
    if (existence) return existence;
    this.prepared = 0;
    if (old !== 0 && (this.percpu || flags & BPF_F.LOCK)) return this.currentValue(old);
    if (old === 0 && this.count >= this.info.maxEntries) return E.TOO_BIG;
    const element = this.take();
    if (element === 0) return E.NOMEM;
    this.setKey(element, key);
    if (this.percpu) this.clearValues(element);
    this.prepared = element;
    this.replaced = old;
    return this.currentValue(element);
  }

  private commit(): number {
    if (this.prepared === 0) return 0;
    this.link(this.prepared);
    if (this.replaced !== 0) {
      this.unlink(this.replaced);
      this.release(this.replaced);
    } else this.count++;
    return 0;
  }

  protected override give(element: number): void {
    this.release(element);
    this.count--;
  }

  private release(element: number): void {
    this.env.memory.u32[(element >>> 2) + LINK_WORD] = this.free;
    this.free = element;
  }

  /** A free element, 0 when memory is exhausted. */
  private take(): number {
    if (this.free === 0) {
      const chunk = this.env.memory.tryAlloc(this.chunkElements * this.elementBytes);
      if (chunk === undefined) return 0;
      this.addChunk(chunk);
    }
    const element = this.free;
    this.free = this.env.memory.u32[(element >>> 2) + LINK_WORD];
    return element;
  }

  private addChunk(chunk: number): void {
    this.chunks.push(chunk);
    for (let i = this.chunkElements - 1; i >= 0; i--) this.release(chunk + i * this.elementBytes);
  }
}
