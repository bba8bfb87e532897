import { readU64, writeI64 } from '@probed/base';
import { PAGE_BYTES } from '@probed/memory';
import type { MapInfo } from '@probed/spec';
import { BaseMap } from './base-map';
import { E } from './errno';
import type { MapEnv } from './map-env';

/** `enum perf_event_type` (include/uapi/linux/perf_event.h). */
const PERF_RECORD_LOST = 2;
const PERF_RECORD_SAMPLE = 9;

/** `struct perf_event_header`: u32 type, u16 misc, u16 size. */
const HEADER_BYTES = 8;
/** `PERF_RECORD_LOST`: header, u64 id, u64 lost. */
const LOST_BYTES = HEADER_BYTES + 16;
/** A record's size is a u16 in its header. */
const RECORD_BYTES_MAX = 0xffff;

const POINTER_BYTES = 8;

/** Flags of `bpf_perf_event_output`. */
const BPF_F_INDEX_MASK = 0xffff_ffff;

/** Offsets in `struct perf_event_mmap_page` of the two positions. */
const DATA_HEAD = 1024;
const DATA_TAIL = 1032;

/** What a perf buffer holds: a program's sample, or how many were lost before the next one. */
export type PerfRecord =
  | {
      readonly kind: 'sample';
      readonly cpu: number;
      readonly offset: number;
      readonly bytes: number;
      readonly tag: unknown;
    }
  | { readonly kind: 'lost'; readonly cpu: number; readonly count: number };

/** One CPU's buffer: a control page, the data, and a second area for the tail of a record that wraps. */
interface PerfBuffer {
  readonly page: number;
  readonly dataBytes: number;
  lost: number;
  readonly tags: unknown[];
}

/**
 * BPF_MAP_TYPE_PERF_EVENT_ARRAY (kernel/bpf/arraymap.c, kernel/events/ring_buffer.c): per-CPU buffers that user space
 * opens. A sample is a PERF_RECORD_SAMPLE with PERF_SAMPLE_RAW: header, u32 size, data, zero-padded to 8 bytes.
 */
export class PerfEventArray extends BaseMap {
  private readonly buffers: (PerfBuffer | undefined)[];
  /** The kernel's array of events. */
  private readonly accounted: number;

  constructor(info: MapInfo, env: MapEnv) {
    super(info, env);
    this.accounted = env.memory.alloc(info.maxEntries * POINTER_BYTES);
    this.buffers = new Array(info.maxEntries);
  }

  /** Opens a buffer of `pages` data pages (a power of two) on each CPU that has an entry, as libbpf's perf_buffer does. */
  openAll(pages: number): void {
    for (let cpu = 0; cpu < Math.min(this.env.cpus, this.info.maxEntries); cpu++) {
      const dataBytes = pages * PAGE_BYTES;
      const page = this.env.memory.alloc(PAGE_BYTES + 2 * dataBytes);
      this.buffers[cpu] = { page, dataBytes, lost: 0, tags: [] };
    }
  }

  /** `bpf_perf_event_output`. @returns 0, -EINVAL, -E2BIG, -ENOENT (no buffer), -EOPNOTSUPP (other CPU), -ENOSPC (full) */
  output(flagsLow: number, flagsHigh: number, data: number, bytes: number): number {
    if (flagsHigh !== 0) return E.INVAL;
    const cpu = this.env.currentCpu();
    const index = flagsLow >>> 0 === BPF_F_INDEX_MASK ? cpu : flagsLow >>> 0;
    if (index >= this.info.maxEntries) return E.TOO_BIG;
    const buffer = this.buffers[index];
    if (!buffer) return E.NOENT;
    if (index !== cpu) return E.OPNOTSUPP;
    return this.write(buffer, data, bytes);
  }

  /** Counts a sample of this CPU that was refused for reasons of others, as if the buffer were full. */
  refuse(): void {
    const buffer = this.buffers[this.env.currentCpu()];
    if (buffer) buffer.lost++;
  }

  /** Samples refused and not yet reported in a record of their own. */
  get pendingLost(): number {
    return this.buffers.reduce((sum, buffer) => sum + (buffer?.lost ?? 0), 0);
  }

  /** User space's loop over all CPUs' buffers. Record bytes are valid during the call only. @returns records taken */
  consume(take: (record: PerfRecord) => void): number {
    let taken = 0;
    this.buffers.forEach((buffer, cpu) => {
      if (buffer) taken += this.drain(buffer, cpu, take);
    });
    return taken;
  }

  override destroy(): void {
    this.buffers.forEach((buffer) => {
      if (buffer) this.env.memory.free(buffer.page);
    });
    this.env.memory.free(this.accounted);
    super.destroy();
  }

  private write(buffer: PerfBuffer, data: number, bytes: number): number {
    const rawBytes = Math.ceil((bytes + 4) / 8) * 8 - 4;
    const total = HEADER_BYTES + 4 + rawBytes;
    if (total > RECORD_BYTES_MAX) return E.TOO_BIG;
    const { view } = this.env.memory;
    const head = readU64(view, buffer.page + DATA_HEAD);
    const tail = readU64(view, buffer.page + DATA_TAIL);
    const needed = total + (buffer.lost ? LOST_BYTES : 0);
    // One byte always stays free, as CIRC_SPACE has it.
    if (buffer.dataBytes - (head - tail) <= needed) {
      buffer.lost++;
      return E.NOSPC;
    }
    const at = buffer.lost ? this.writeLost(buffer, head) : head;
    this.writeSample(this.dataAt(buffer, at), total, rawBytes, data, bytes);
    buffer.tags.push(this.env.tagRecord?.());
    writeI64(view, buffer.page + DATA_HEAD, at + total);
    return 0;
  }

  private writeLost(buffer: PerfBuffer, head: number): number {
    const at = this.dataAt(buffer, head);
    const { view } = this.env.memory;
    writeHeader(view, at, PERF_RECORD_LOST, LOST_BYTES);
    writeI64(view, at + HEADER_BYTES, this.id);
    writeI64(view, at + HEADER_BYTES + 8, buffer.lost);
    buffer.lost = 0;
    return head + LOST_BYTES;
  }

  private writeSample(at: number, total: number, rawBytes: number, data: number, bytes: number): void {
    const { u8, view } = this.env.memory;
    writeHeader(view, at, PERF_RECORD_SAMPLE, total);
    view.setUint32(at + HEADER_BYTES, rawBytes, true);
    const raw = at + HEADER_BYTES + 4;
    u8.copyWithin(raw, data, data + bytes);
    u8.fill(0, raw + bytes, raw + rawBytes);
  }

  private drain(buffer: PerfBuffer, cpu: number, take: (record: PerfRecord) => void): number {
    const { memory } = this.env;
    let taken = 0;
    let tail = readU64(memory.view, buffer.page + DATA_TAIL);
    while (tail < readU64(memory.view, buffer.page + DATA_HEAD)) {
      const at = this.dataAt(buffer, tail);
      const { view } = memory;
      const total = view.getUint16(at + 6, true);
      if (view.getUint32(at, true) === PERF_RECORD_LOST) {
        take({ kind: 'lost', cpu, count: readU64(view, at + HEADER_BYTES + 8) });
      } else {
        const bytes = view.getUint32(at + HEADER_BYTES, true);
        take({ kind: 'sample', cpu, offset: at + HEADER_BYTES + 4, bytes, tag: buffer.tags.shift() });
      }
      taken++;
      tail += total;
      writeI64(memory.view, buffer.page + DATA_TAIL, tail);
    }
    return taken;
  }

  private dataAt(buffer: PerfBuffer, position: number): number {
    return buffer.page + PAGE_BYTES + ((position >>> 0) & (buffer.dataBytes - 1));
  }
}

function writeHeader(view: DataView, at: number, type: number, size: number): void {
  view.setUint32(at, type, true);
  view.setUint16(at + 4, 0, true);
  view.setUint16(at + 6, size, true);
}
