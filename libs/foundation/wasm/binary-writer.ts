const INITIAL_BYTES_DEFAULT = 256;

/** Growing byte buffer with the integer encodings of the binary format: LEB128, fixed 32 bits, length-prefixed names. */
export class BinaryWriter {
  protected buffer: Uint8Array;
  protected length = 0;

  constructor(initialBytes = INITIAL_BYTES_DEFAULT) {
    this.buffer = new Uint8Array(initialBytes);
  }

  /** Bytes written so far. */
  get size(): number {
    return this.length;
  }

  u8(value: number): this {
    if (this.length === this.buffer.length) this.reserve(1);
    this.buffer[this.length++] = value;
    return this;
  }

  /** Unsigned LEB128 of a value below 2^32. */
  u32(value: number): this {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.u8((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.u8(rest);
  }

  /** Signed LEB128 of 32 bits. */
  s32(value: number): this {
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.u8((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    return this.u8(rest & 0x7f);
  }

  /** Signed LEB128 of 64 bits given as halves; the sign of either number is ignored. */
  s64(lo: number, hi: number): this {
    let low = lo | 0;
    let high = hi | 0;
    while (high !== low >> 31 || low < -64 || low > 63) {
      this.u8((low & 0x7f) | 0x80);
      low = (low >>> 7) | (high << 25);
      high >>= 7;
    }
    return this.u8(low & 0x7f);
  }

  bytes(data: Uint8Array): this {
    this.reserve(data.length);
    this.buffer.set(data, this.length);
    this.length += data.length;
    return this;
  }

  /** All that another writer holds. */
  append(other: BinaryWriter): this {
    return this.bytes(other.buffer.subarray(0, other.length));
  }

  /** UTF-8 with its length before it (§5.2.4). */
  name(text: string): this {
    const data = new TextEncoder().encode(text);
    return this.u32(data.length).bytes(data);
  }

  /** A copy of what was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.buffer.subarray(0, this.length));
  }

  private reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.buffer.length * 2));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }
}
