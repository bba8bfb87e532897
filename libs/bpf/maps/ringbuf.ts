import { readU64, writeI64 } from '@probed/base';
import { PAGE_BYTES } from '@probed/memory';
import type { MapInfo } from '@probed/spec';
import { BaseMap } from './base-map';
import { E } from './errno';
import type { MapEnv } from './map-env';

/** `include/uapi/linux/bpf.h`: BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT, BPF_RINGBUF_HDR_SZ. */
const BUSY = 0x8000_0000;
const DISCARD = 0x4000_0000;
const HEADER_BYTES = 8;
/** kernel/bpf/ringbuf.c: RINGBUF_MAX_RECORD_SZ. */
const RECORD_BYTES_MAX = 0xffff_ffff / 4;

/** Flags of submit, discard and output. */
const BPF_RB_NO_WAKEUP = 1;
const BPF_RB_FORCE_WAKEUP = 2;

/** What `bpf_ringbuf_query` answers, by its flag. */
const QUERY = { AVAIL_DATA: 0, RING_SIZE: 1, CONS_POS: 2, PROD_POS: 3 } as const;

/** Pages before the data: consumer position, producer position. */
const CONSUMER = 0;
const PRODUCER = PAGE_BYTES;
const DATA = 2 * PAGE_BYTES;

/**
 * BPF_MAP_TYPE_RINGBUF (kernel/bpf/ringbuf.c): one ring for all CPUs, records in order of reservation.
 *
 * Memory: a page with the consumer position, a page with the producer position, the data area, and a second area of
 * equal size that holds only the tail of a record that wraps, where Linux maps the data pages twice. Positions are
 * u64 that only grow; a record's header is u32 length (with BUSY and DISCARD bits) and u32 page offset of the record
 * from the ring's start.
 */
export class RingBuffer extends BaseMap {
  private readonly base: number;
  private readonly mask: number;
  /** Oldest record not yet committed; reservations may not pass it by a full ring. */
  private pending = 0;
  private dropped = 0;
  private readonly tags: unknown[] = [];
  private readonly wakeups = new Set<() => void>();

  constructor(info: MapInfo, env: MapEnv) {
    super(info, env);
    this.mask = info.maxEntries - 1;
    this.base = env.memory.alloc(DATA + 2 * info.maxEntries);
    env.registry.addRing(this.base, this);
  }

  /** Reservations refused because the ring was full. */
  get droppedRecords(): number {
    return this.dropped;
  }

  /** Calls `listener` when a program's commit wakes user space. @returns a function that stops it */
  onWakeup(listener: () => void): () => void {
    this.wakeups.add(listener);
    return () => this.wakeups.delete(listener);
  }

  /** `bpf_ringbuf_reserve`. @returns offset of `bytes` writable bytes, 0 when they do not fit or flags are wrong */
  reserve(bytes: number, flags: number): number {
    if (flags !== 0 || bytes > RECORD_BYTES_MAX) return 0;
    const length = roundUp8(bytes + HEADER_BYTES);
    if (length > this.mask + 1) return this.drop();
    const { view, u32 } = this.env.memory;
    const producer = readU64(view, this.base + PRODUCER);
    const next = producer + length;
    this.advancePending(producer);
    const consumer = readU64(view, this.base + CONSUMER);
    if (next - consumer > this.mask || next - this.pending > this.mask) return this.drop();
    const header = this.dataAt(producer);
    u32[header >> 2] = (bytes | BUSY) >>> 0;
    u32[(header + 4) >> 2] = (header - this.base) >>> 12;
    writeI64(view, this.base + PRODUCER, next);
    this.tags.push(this.env.tagRecord?.());
    return header + HEADER_BYTES;
  }

  /** `bpf_ringbuf_submit` and `bpf_ringbuf_discard` of a reserved record. */
  commit(record: number, flags: number, discard: boolean): void {
    const { u32, view } = this.env.memory;
    const header = record - HEADER_BYTES;
    u32[header >> 2] = ((u32[header >> 2] & ~BUSY) | (discard ? DISCARD : 0)) >>> 0;
    const consumer = readU64(view, this.base + CONSUMER);
    const caughtUp = this.dataAt(consumer) === header;
    if (flags & BPF_RB_FORCE_WAKEUP || (caughtUp && !(flags & BPF_RB_NO_WAKEUP))) this.wake();
  }

  /** `bpf_ringbuf_output`: copies `bytes` bytes at `data` in. @returns 0, -EINVAL, or -EAGAIN when the ring is full */
  output(data: number, bytes: number, flags: number): number {
    if (flags & ~(BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP)) return E.INVAL;
    const record = this.reserve(bytes, 0);
    if (record === 0) return E.AGAIN;
    this.env.memory.u8.copyWithin(record, data, data + bytes);
    this.commit(record, flags, false);
    return 0;
  }

  /** `bpf_ringbuf_query`; bytes or positions, 0 for an unknown flag. */
  query(flag: number): number {
    const { view } = this.env.memory;
    const consumer = readU64(view, this.base + CONSUMER);
    const producer = readU64(view, this.base + PRODUCER);
    if (flag === QUERY.AVAIL_DATA) return producer - consumer;
    if (flag === QUERY.RING_SIZE) return this.mask + 1;
    if (flag === QUERY.CONS_POS) return consumer;
    return flag === QUERY.PROD_POS ? producer : 0;
  }

  /**
   * User space's loop: hands each committed record to `take`, in order, up to the first that is still being written.
   * `tag` is what {@link MapEnv.tagRecord} gave when it was reserved. Record bytes are valid during the call only.
   * @returns records handed over
   */
  consume(take: (offset: number, bytes: number, tag: unknown) => void): number {
    const { memory } = this.env;
    let taken = 0;
    let consumer = readU64(memory.view, this.base + CONSUMER);
    while (consumer < readU64(memory.view, this.base + PRODUCER)) {
      const header = this.dataAt(consumer);
      const word = memory.u32[header >> 2];
      if (word & BUSY) break;
      const bytes = (word & ~DISCARD) >>> 0;
      const tag = this.tags.shift();
      if (!(word & DISCARD)) {
        take(header + HEADER_BYTES, bytes, tag);
        taken++;
      }
      consumer += roundUp8(bytes + HEADER_BYTES);
      writeI64(memory.view, this.base + CONSUMER, consumer);
    }
    return taken;
  }

  override destroy(): void {
    this.env.registry.removeRing(this.base);
    this.env.memory.free(this.base);
    super.destroy();
  }

  private dataAt(position: number): number {
    // Positions pass 2^32 in long runs; the mask only needs their low bits.
    return this.base + DATA + ((position >>> 0) & this.mask);
  }

  /** Moves past the records that are committed (`rb->pending_pos`). */
  private advancePending(producer: number): void {
    const { u32 } = this.env.memory;
    while (this.pending < producer) {
      const word = u32[this.dataAt(this.pending) >> 2];
      if (word & BUSY) break;
      this.pending += roundUp8(((word & ~DISCARD) >>> 0) + HEADER_BYTES);
    }
  }

  private drop(): number {
    this.dropped++;
    return 0;
  }

  private wake(): void {
    for (const listener of this.wakeups) listener();
  }
}

/** The ring that a reserved record belongs to: its header says how many pages back the ring begins. */
export function ringBaseOf(u32: Uint32Array, record: number): number {
  const header = record - HEADER_BYTES;
  return (header & ~(PAGE_BYTES - 1)) - u32[(header + 4) >> 2] * PAGE_BYTES;
}

function roundUp8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
