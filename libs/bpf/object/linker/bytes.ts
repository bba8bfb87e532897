/** Bytes that grow at their end and may be changed in place. */
export class GrowingBytes {
  private buffer = new Uint8Array(256);
  private length = 0;

  get size(): number {
    return this.length;
  }

  /** What was written so far; valid until the next append. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  get view(): DataView {
    return new DataView(this.buffer.buffer, 0, this.length);
  }

  append(bytes: Uint8Array): void {
    const at = this.room(bytes.length);
    this.buffer.set(bytes, at);
  }

  /** Adds zeroes until there are `size` bytes. */
  padTo(size: number): void {
    if (size > this.length) this.room(size - this.length);
  }

  private room(count: number): number {
    const at = this.length;
    const end = at + count;
    if (end > this.buffer.length) {
      const grown = new Uint8Array(Math.max(this.buffer.length * 2, end));
      grown.set(this.bytes);
      this.buffer = grown;
    }
    this.length = end;
    return at;
  }
}

export const alignUp = (n: number, to: number): number => Math.ceil(n / Math.max(to, 1)) * Math.max(to, 1);
