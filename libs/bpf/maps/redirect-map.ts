import { type MapInfo, MapType } from '@probed/spec';
import { BaseMap, BPF_EXIST, BPF_NOEXIST } from './base-map';
import { E } from './errno';
import type { MapEnv } from './map-env';
import { indexOf, keyOf, nextIndex } from './u32-key';

/**
 * BPF_MAP_TYPE_DEVMAP, DEVMAP_HASH, CPUMAP (kernel/bpf/devmap.c, cpumap.c): where `bpf_redirect_map` may send a packet,
 * by index. Programs read entries and never write them; an entry with a program of its own (`bpf_prog.fd`) is refused.
 */
export class RedirectMap extends BaseMap {
  /** Offset of the value, by key. */
  private readonly values = new Map<number, number>();
  private readonly hashed: boolean;

  constructor(info: MapInfo, env: MapEnv) {
    super(info, env);
    this.hashed = info.type === MapType.DEVMAP_HASH;
  }

  /** Whether a packet can be sent there. */
  has(index: number): boolean {
    return this.values.has(index);
  }

  override lookupOffset(key: number): number {
    return this.values.get(this.env.memory.view.getUint32(key, true)) ?? 0;
  }

  override update(): number {
    return E.INVAL;
  }

  override delete(): number {
    return E.INVAL;
  }

  override lookup(key: Uint8Array): Uint8Array | undefined {
    const at = this.values.get(indexOf(key));
    return at === undefined ? undefined : this.env.memory.copyOut(at, this.info.valueSize);
  }

  /** __dev_map_update_elem, __dev_map_hash_update_elem, cpu_map_update_elem. */
  override updateElem(key: Uint8Array, value: Uint8Array, flags: number): number {
    const index = indexOf(key);
    const fault = this.userWriteFault() || this.updateFault(index, value, flags);
    if (fault) return fault;
    // Interface 0, or a queue of no entries, takes the entry away.
    if (indexOf(value) === 0) return this.hashed ? E.INVAL : this.take(index);
    const { memory } = this.env;
    const at = this.values.get(index) ?? memory.tryAlloc(8);
    if (at === undefined) return E.NOMEM;
    memory.u8.fill(0, at, at + 8);
    memory.u8.set(value.subarray(0, 4), at);
    this.values.set(index, at);
    return 0;
  }

  override deleteElem(key: Uint8Array): number {
    const index = indexOf(key);
    const fault = this.userWriteFault();
    if (fault) return fault;
    if (!this.hashed) return index >= this.info.maxEntries ? E.INVAL : this.take(index);
    return this.values.has(index) ? this.take(index) : E.NOENT;
  }

  override nextKey(key: Uint8Array | undefined): Uint8Array | undefined {
    if (!this.hashed) return nextIndex(key, this.info.maxEntries);
    const keys = [...this.values.keys()];
    const at = key === undefined ? -1 : keys.indexOf(indexOf(key));
    return at + 1 < keys.length ? keyOf(keys[at + 1]) : undefined;
  }

  override destroy(): void {
    for (const index of [...this.values.keys()]) this.take(index);
    super.destroy();
  }

  private updateFault(index: number, value: Uint8Array, flags: number): number {
    if (flags > BPF_EXIST) return E.INVAL;
    if (!this.hashed && index >= this.info.maxEntries) return E.TOO_BIG;
    const known = this.values.has(index);
    if (flags === BPF_NOEXIST && (known || !this.hashed)) return E.EXIST;
    if (this.hashed && !known && this.values.size >= this.info.maxEntries) return E.TOO_BIG;
    const program = value.length >= 8 ? indexOf(value.subarray(4)) : 0;
    return program > 0 && program < 0x8000_0000 ? E.OPNOTSUPP : 0;
  }

  private take(index: number): 0 {
    const at = this.values.get(index);
    if (at !== undefined) this.env.memory.free(at);
    this.values.delete(index);
    return 0;
  }
}
