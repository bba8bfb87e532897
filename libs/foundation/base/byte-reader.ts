/** Thrown by {@link ByteReader} when a read passes the end; parsers turn it into a diagnostic at their edge. */
export class TruncatedError extends Error {
  constructor(
    readonly offset: number,
    readonly wanted: number,
    readonly size: number,
  ) {
    super(`needs ${wanted} bytes at offset ${offset}, but there are ${size}`);
  }
}

/** Little-endian cursor over bytes with every read bounds-checked. Offsets and lengths in bytes. */
export class ByteReader {
  private readonly view: DataView;
  constructor(
    readonly bytes: Uint8Array,
    public pos = 0,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get size(): number {
    return this.bytes.length;
  }

  private take(n: number): number {
    const at = this.pos;
    if (!(at >= 0 && n >= 0 && at + n <= this.bytes.length))
      throw new TruncatedError(at, n, this.bytes.length);
    this.pos = at + n;
    return at;
  }

  seek(pos: number): this {
    if (!(pos >= 0 && pos <= this.bytes.length)) throw new TruncatedError(pos, 0, this.bytes.length);
    this.pos = pos;
    return this;
  }

  skip(n: number): this {
    this.take(n);
    return this;
  }

  u8(): number {
    return this.view.getUint8(this.take(1));
  }

  u16(): number {
    return this.view.getUint16(this.take(2), true);
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  i32(): number {
    return this.view.getInt32(this.take(4), true);
  }

  i16(): number {
    return this.view.getInt16(this.take(2), true);
  }

  u64(): bigint {
    return this.view.getBigUint64(this.take(8), true);
  }

  /** An unsigned 64-bit field that must fit a JS number exactly (file offsets, sizes); else it counts as truncated. */
  size64(): number {
    const value = this.u64();
    if (value > 0x1f_ffff_ffff_ffffn)
      throw new TruncatedError(this.pos - 8, Number(value), this.bytes.length);
    return Number(value);
  }

  /** A view, not a copy. */
  slice(n: number): Uint8Array {
    const at = this.take(n);
    return this.bytes.subarray(at, at + n);
  }

  /** NUL-terminated Latin-1/UTF-8 string at an absolute offset; the cursor does not move. */
  cstringAt(offset: number): string {
    if (!(offset >= 0 && offset < this.bytes.length)) throw new TruncatedError(offset, 1, this.bytes.length);
    const end = this.bytes.indexOf(0, offset);
    if (end < 0) throw new TruncatedError(offset, this.bytes.length - offset + 1, this.bytes.length);
    return utf8.decode(this.bytes.subarray(offset, end));
  }
}

const utf8 = new TextDecoder('utf-8');
