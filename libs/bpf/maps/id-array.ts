import type { MapInfo } from '@probed/spec';
import { BaseMap } from './base-map';
import { E } from './errno';
import type { MapEnv } from './map-env';
import { indexOf, keyOf, nextIndex } from './u32-key';

/**
 * BPF_MAP_TYPE_CGROUP_ARRAY, and what BPF_MAP_TYPE_PROG_ARRAY shares with it (kernel/bpf/arraymap.c): kernel objects by index. Where Linux
 * takes a file descriptor, user space here gives the object's id, and reads the id back; a cgroup's id is its low
 * 32 bits. Programs reach the entries through helpers only.
 */
export class IdArrayMap extends BaseMap {
  /** Offset of `max_entries` u32 ids, 0 where there is no object. */
  readonly idsOffset: number;

  constructor(info: MapInfo, env: MapEnv) {
    super(info, env);
    this.idsOffset = env.memory.alloc(info.maxEntries * 4);
  }

  /** Id of the object at an index, 0 when there is none. */
  idAt(index: number): number {
    return index < this.info.maxEntries ? this.env.memory.u32[(this.idsOffset >>> 2) + index] : 0;
  }

  override lookup(key: Uint8Array): Uint8Array | undefined {
    const id = this.idAt(indexOf(key));
    return id === 0 ? undefined : keyOf(id);
  }

  /** bpf_fd_array_map_update_elem. */
  override updateElem(key: Uint8Array, value: Uint8Array, flags: number): number {
    const fault = this.userWriteFault();
    if (fault) return fault;
    if (flags !== 0) return E.INVAL;
    if (indexOf(key) >= this.info.maxEntries) return E.TOO_BIG;
    const id = indexOf(value);
    if (id === 0) return E.BADF;
    this.set(indexOf(key), id);
    return 0;
  }

  /** __fd_array_map_delete_elem. */
  override deleteElem(key: Uint8Array): number {
    const index = indexOf(key);
    const fault = this.userWriteFault();
    if (fault) return fault;
    if (index >= this.info.maxEntries) return E.TOO_BIG;
    if (this.idAt(index) === 0) return E.NOENT;
    this.set(index, 0);
    return 0;
  }

  override nextKey(key: Uint8Array | undefined): Uint8Array | undefined {
    return nextIndex(key, this.info.maxEntries);
  }

  override destroy(): void {
    this.env.memory.free(this.idsOffset);
    super.destroy();
  }

  /** Stores an id; 0 empties the slot. */
  protected set(index: number, id: number): void {
    this.env.memory.u32[(this.idsOffset >>> 2) + index] = id;
  }
}
