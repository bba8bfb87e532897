import type { BpfMap } from './bpf-map';
import type { RingBuffer } from './ringbuf';

/** All maps of one kernel: by the address that programs hold, by id, and rings by where their memory begins. */
export class MapRegistry {
  private readonly byOffset = new Map<number, BpfMap>();
  private readonly byNumber = new Map<number, BpfMap>();
  private readonly rings = new Map<number, RingBuffer>();
  private lastId = 0;

  /** Ids grow and are never used twice. */
  nextId(): number {
    return ++this.lastId;
  }

  add(map: BpfMap): void {
    this.byOffset.set(map.offset, map);
    this.byNumber.set(map.id, map);
  }

  remove(map: BpfMap): void {
    this.byOffset.delete(map.offset);
    this.byNumber.delete(map.id);
  }

  addRing(base: number, ring: RingBuffer): void {
    this.rings.set(base, ring);
  }

  removeRing(base: number): void {
    this.rings.delete(base);
  }

  /** The map whose `struct bpf_map` lies at an offset. */
  at(offset: number): BpfMap | undefined {
    return this.byOffset.get(offset);
  }

  /** `BPF_MAP_GET_FD_BY_ID`. */
  byId(id: number): BpfMap | undefined {
    return this.byNumber.get(id);
  }

  /** The ring that begins at an offset; records find theirs by their header. */
  ringAt(base: number): RingBuffer | undefined {
    return this.rings.get(base);
  }

  all(): IterableIterator<BpfMap> {
    return this.byOffset.values();
  }
}
