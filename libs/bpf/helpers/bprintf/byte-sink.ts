/** Output bytes up to a limit, and a count of all that would have been written (vsnprintf's result). */
export class ByteSink {
  private readonly kept: Uint8Array;
  private total = 0;

  constructor(private readonly limit: number) {
    this.kept = new Uint8Array(limit);
  }

  /** Bytes that an unlimited buffer would hold. */
  get length(): number {
    return this.total;
  }

  /** What fits. */
  get bytes(): Uint8Array {
    return this.kept.subarray(0, Math.min(this.total, this.limit));
  }

  byte(value: number): void {
    if (this.total < this.limit) this.kept[this.total] = value;
    this.total++;
  }

  repeat(value: number, count: number): void {
    if (count <= 0) return;
    if (this.total < this.limit) this.kept.fill(value, this.total, Math.min(this.total + count, this.limit));
    this.total += count;
  }

  write(bytes: Uint8Array): void {
    const room = this.limit - this.total;
    if (room > 0) this.kept.set(bytes.length > room ? bytes.subarray(0, room) : bytes, this.total);
    this.total += bytes.length;
  }

  ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i));
  }
}
