import { assert, toHex } from '@probed/base';
import type { Output } from '@probed/machine';
import type { SharedRing } from '@probed/stream';
import type { KernelFrame } from '../kernel/commands';
import { encodeFrame } from '../kernel/frame-codec';

/** A record that is not text yet: it becomes a frame when there is room for it. */
export interface RawOutput {
  readonly node: number;
  readonly output: Output;
}

/** Makes a frame of what a program emitted; records get their numbers by it, so each is made once. */
export type MakeFrame = (raw: RawOutput) => KernelFrame;

type Waiting = KernelFrame | RawOutput;

/** Bytes of sessions' output that wait at most; what comes beyond is cut. */
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;
/** Lines of bpf_printk that wait at most. */
const TRACE_LINES_MAX = 10_000;
/** What is kept of a record that is too long for the ring. */
const SHORTENED_BYTES = 4_096;

/**
 * The way out of the kernel thread: frames in order, as far as the ring has room. While anything waits here, nobody
 * takes records out of the kernel's buffers, so that these fill, drop and count as on Linux.
 */
export class Outlet {
  private waiting: Waiting[] = [];
  private next = 0;
  /** The one to be written next, when there was no room for it. */
  private encoded: readonly Uint8Array[] | undefined;
  /** Frames have been written since the last {@link notify}. */
  private written = false;
  private outputBytes = 0;
  private traceLines = 0;
  /** Bytes of a session's output that were cut since the last that was sent. */
  private readonly cut = new Map<string, number>();

  constructor(
    private readonly ring: SharedRing,
    private readonly makeFrame: MakeFrame,
  ) {}

  /** Something waits for room. */
  get clogged(): boolean {
    return this.next < this.waiting.length;
  }

  record(raw: RawOutput): void {
    this.waiting.push(raw);
  }

  push(frame: KernelFrame): void {
    if (frame.type === 'output' && this.isCut(frame)) return;
    if (frame.type === 'trace' && ++this.traceLines > TRACE_LINES_MAX) return;
    if (frame.type === 'output' || frame.type === 'exit') this.tellCut(frame.session);
    this.waiting.push(frame);
  }

  /**
   * Writes until all is written, the ring is full, or `untilMs` (of performance.now) has come.
   * @returns false when only the time was too short
   */
  flush(untilMs: number): boolean {
    while (this.next < this.waiting.length) {
      if (!this.write(this.waiting[this.next])) return true;
      this.next++;
      this.written = true;
      if ((this.next & 63) === 0 && performance.now() >= untilMs) return !this.clogged;
    }
    this.waiting = [];
    this.next = 0;
    this.traceLines = 0;
    return true;
  }

  /** Wakes who reads the frames, if there are new ones. */
  notify(): void {
    if (this.written) this.ring.notify();
    this.written = false;
  }

  private write(item: Waiting): boolean {
    this.encoded ??= this.encode(item);
    if (this.ring.tryWrite(this.encoded) === 'full') return false;
    this.encoded = undefined;
    if ('type' in item && item.type === 'output') this.outputBytes -= item.bytes.length;
    return true;
  }

  private encode(item: Waiting): readonly Uint8Array[] {
    const frame = 'output' in item ? this.makeFrame(item) : item;
    const parts = encodeFrame(frame);
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    return bytes <= this.ring.frameBytesMax ? parts : encodeFrame(shortened(frame));
  }

  private isCut({ session, bytes }: KernelFrame & { type: 'output' }): boolean {
    if (this.outputBytes + bytes.length > OUTPUT_BYTES_MAX) {
      this.cut.set(session, (this.cut.get(session) ?? 0) + bytes.length);
      return true;
    }
    this.outputBytes += bytes.length;
    return false;
  }

  /** Where bytes of a session's output are missing, it says so. */
  private tellCut(session: string): void {
    const count = this.cut.get(session);
    if (count === undefined) return;
    this.cut.delete(session);
    const text = `\r\n[${count} bytes of output were not taken in time]\r\n`;
    this.push({ type: 'output', session, stream: 'stderr', bytes: new TextEncoder().encode(text) });
  }
}

/** A record without its value and with the first of its bytes only. */
function shortened(frame: KernelFrame): KernelFrame {
  assert(frame.type === 'record', `a frame of type ${frame.type} is too long`);
  const { value: _value, wall: _wall, explained: _explained, stacks: _stacks, ...rest } = frame.record;
  const raw = frame.raw.subarray(0, SHORTENED_BYTES);
  const record = { ...rest, raw: toHex(raw) };
  return { type: 'record', record, json: JSON.stringify(record), raw };
}
