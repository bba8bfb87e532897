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

const TWO32 = 0x1_0000_0000;

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
  /** What the page with the producer position says; only this class writes it. */
  private producer = 0;
  private readonly tags = new TagQueue();
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
    const { producer } = this;
    const next = producer + length;
    this.advancePending(producer);
    if (next - this.consumer() > this.mask || next - this.pending > this.mask) return this.drop();
    const { u32 } = this.env.memory;
    const header = this.dataAt(producer);
    u32[header >> 2] = (bytes | BUSY) >>> 0;
    u32[(header + 4) >> 2] = (header - this.base) >>> 12;
    this.producer = next;
    this.writePosition(PRODUCER, next);
    if (this.env.tagRecord) this.tags.push(this.env.tagRecord());
    return header + HEADER_BYTES;
  }

  /** Counts a reservation that was refused for reasons of others, as if the ring were full. */
  refuse(): void {
    this.dropped++;
  }

  /** `bpf_ringbuf_submit` and `bpf_ringbuf_discard` of a reserved record. */
  commit(record: number, flags: number, discard: boolean): void {
    const { u32 } = this.env.memory;
    const header = record - HEADER_BYTES;
    u32[header >> 2] = ((u32[header >> 2] & ~BUSY) | (discard ? DISCARD : 0)) >>> 0;
    const caughtUp = this.dataAt(this.consumer()) === header;
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
    const { producer } = this;
    const consumer = this.consumer();
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
    let consumer = this.consumer();
    while (consumer < this.producer) {
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
      this.writePosition(CONSUMER, consumer);
    }
    return taken;
  }

  override destroy(): void {
    this.env.registry.removeRing(this.base);
    this.env.memory.free(this.base);
    super.destroy();
  }

  /** User space writes it, perhaps from another thread. */
  private consumer(): number {
    const { u32 } = this.env.memory;
    const at = (this.base + CONSUMER) >>> 2;
    return u32[at + 1] * TWO32 + u32[at];
  }

  private writePosition(page: number, position: number): void {
    const { u32 } = this.env.memory;
    const at = (this.base + page) >>> 2;
    u32[at] = position;
    u32[at + 1] = position / TWO32;
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

/** Entries taken before the rest is moved up. */
const COMPACT_AT = 4096;

/** First in, first out, moving what is left only now and then. */
class TagQueue {
  private tags: unknown[] = [];
  private head = 0;

  push(tag: unknown): void {
    this.tags.push(tag);
  }

  shift(): unknown {
    const tag = this.tags[this.head];
    this.tags[this.head++] = undefined;
    if (this.head >= COMPACT_AT) {
      this.tags = this.tags.slice(this.head);
      this.head = 0;
    }
    return tag;
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
