const EMPTY = new Uint8Array(0);

/** Bytes in order of arrival: what a pipe or a stream socket holds. */
export class ByteQueue {
  private parts: Uint8Array[] = [];
  private head = 0;
  private total = 0;

  get size(): number {
    return this.total;
  }

  push(data: Uint8Array): void {
    if (data.length === 0) return;
    this.parts.push(data);
    this.total += data.length;
  }

  /** Removes and returns up to `count` bytes. */
  take(count: number): Uint8Array {
    const bytes = Math.min(count, this.total);
    if (bytes === 0) return EMPTY;
    const out = new Uint8Array(bytes);
    let done = 0;
    while (done < bytes) {
      const part = this.parts[0];
      const length = Math.min(part.length - this.head, bytes - done);
      out.set(part.subarray(this.head, this.head + length), done);
      done += length;
      this.head += length;
      if (this.head === part.length) {
        this.parts.shift();
        this.head = 0;
      }
    }
    this.total -= bytes;
    return out;
  }

  /** Up to `count` bytes, which stay. */
  peek(count: number): Uint8Array {
    const out = this.take(count);
    if (out.length === 0) return out;
    if (this.head > 0) {
      this.parts[0] = this.parts[0].subarray(this.head);
      this.head = 0;
    }
    this.parts.unshift(out);
    this.total += out.length;
    return out;
  }

  clear(): void {
    this.parts = [];
    this.head = 0;
    this.total = 0;
  }
}
