/// <reference lib="es2024.sharedmemory" />

/** Layout of the buffer: a line with the positions, apart from each other's cache line, then the data. */
const WRITTEN = 0;
const READ = 16;
const HEADER_BYTES = 128;
/** Each frame has its length before it, u32 little-endian. */
const LENGTH_BYTES = 4;

const RING_BYTES_DEFAULT = 16 * 1024 * 1024;
const RING_BYTES_MIN = 64;
const RING_BYTES_MAX = 2 ** 30;

/** `too-large`: no reader will ever make room for it; `full`: not now. */
export type RingWrite = 'written' | 'full' | 'too-large';

/**
 * Frames of bytes from one thread to another through a SharedArrayBuffer: one producer, one consumer, no locks.
 *
 * Invariants: the producer alone writes the position `written`, the consumer alone `read`; both count bytes modulo
 * 2^32 and never differ by more than the capacity, a power of two; a frame's bytes are in place before `written`
 * passes them. A frame that reaches the end of the area goes on at its beginning.
 */
export class SharedRing {
  /** Bytes of frames and their lengths that fit at once. */
  readonly capacity: number;
  private readonly positions: Int32Array<SharedArrayBuffer>;
  private readonly data: Uint8Array<SharedArrayBuffer>;
  private readonly mask: number;
  private readonly lengthBytes = new Uint8Array(LENGTH_BYTES);

  /** A view of a ring that {@link create} made, in whichever thread. */
  constructor(readonly buffer: SharedArrayBuffer) {
    this.capacity = buffer.byteLength - HEADER_BYTES;
    if (this.capacity < RING_BYTES_MIN || (this.capacity & (this.capacity - 1)) !== 0)
      throw new RangeError(`a ring of ${this.capacity} bytes: a power of two is wanted`);
    this.mask = this.capacity - 1;
    this.positions = new Int32Array(buffer, 0, HEADER_BYTES / 4);
    this.data = new Uint8Array(buffer, HEADER_BYTES, this.capacity);
  }

  /** @param capacity bytes, a power of two from 64 to 2^30; default 16 MiB */
  static create(capacity = RING_BYTES_DEFAULT): SharedRing {
    if (capacity > RING_BYTES_MAX) throw new RangeError(`a ring of ${capacity} bytes is too large`);
    return new SharedRing(new SharedArrayBuffer(HEADER_BYTES + capacity));
  }

  /** Bytes of the longest frame that is taken: half the ring, so that one frame cannot hold up all others. */
  get frameBytesMax(): number {
    return this.capacity / 2 - LENGTH_BYTES;
  }

  /** Bytes that wait to be read, lengths included. */
  get usedBytes(): number {
    return (Atomics.load(this.positions, WRITTEN) - Atomics.load(this.positions, READ)) >>> 0;
  }

  /** Producer: puts one frame in, made of `parts` one behind the other, or nothing at all. */
  tryWrite(parts: readonly Uint8Array[]): RingWrite {
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    if (bytes > this.frameBytesMax) return 'too-large';
    if (this.capacity - this.usedBytes < LENGTH_BYTES + bytes) return 'full';
    new DataView(this.lengthBytes.buffer).setUint32(0, bytes, true);
    let at = Atomics.load(this.positions, WRITTEN);
    at = this.put(at, this.lengthBytes);
    for (const part of parts) at = this.put(at, part);
    Atomics.store(this.positions, WRITTEN, at);
    return 'written';
  }

  /** Producer: wakes the consumer; once after a number of writes is enough. */
  notify(): void {
    Atomics.notify(this.positions, WRITTEN);
  }

  /**
   * Consumer: takes frames out, as copies, in order.
   * @param maxBytes stop before a frame that would bring the sum of their lengths above this; one is always given
   */
  read(maxBytes: number): Uint8Array[] {
    const frames: Uint8Array[] = [];
    const written = Atomics.load(this.positions, WRITTEN);
    let at = Atomics.load(this.positions, READ);
    let sum = 0;
    while (at !== written) {
      this.get(at, this.lengthBytes);
      const bytes = new DataView(this.lengthBytes.buffer).getUint32(0, true);
      sum += bytes;
      if (frames.length > 0 && sum > maxBytes) break;
      const frame = new Uint8Array(bytes);
      at = this.get((at + LENGTH_BYTES) | 0, frame);
      frames.push(frame);
    }
    Atomics.store(this.positions, READ, at);
    return frames;
  }

  /**
   * Consumer: resolves when there is something to read, when somebody calls {@link notify}, or after `timeoutMs`.
   * It does not keep the process alive.
   */
  async wait(timeoutMs = Number.POSITIVE_INFINITY): Promise<void> {
    const written = Atomics.load(this.positions, WRITTEN);
    if (written !== Atomics.load(this.positions, READ)) return;
    const { value } = Atomics.waitAsync(this.positions, WRITTEN, written, timeoutMs);
    await value;
  }

  private put(position: number, bytes: Uint8Array): number {
    const at = position & this.mask;
    const first = Math.min(bytes.length, this.capacity - at);
    if (first === bytes.length) this.data.set(bytes, at);
    else {
      this.data.set(bytes.subarray(0, first), at);
      this.data.set(bytes.subarray(first), 0);
    }
    return (position + bytes.length) | 0;
  }

  private get(position: number, into: Uint8Array): number {
    const at = position & this.mask;
    const first = Math.min(into.length, this.capacity - at);
    into.set(this.data.subarray(at, at + first));
    if (first < into.length) into.set(this.data.subarray(0, into.length - first), first);
    return (position + into.length) | 0;
  }
}
