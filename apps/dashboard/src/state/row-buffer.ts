/** The newest rows of a stream, at most `capacity`; index 0 is the newest one. */
export class RowBuffer<T> {
  private readonly rows: (T | undefined)[];
  /** Slot of the next row. */
  private next = 0;
  private held = 0;
  private added = 0;

  constructor(readonly capacity: number) {
    this.rows = new Array(capacity);
  }

  get size(): number {
    return this.held;
  }

  /** Rows since the last {@link clear}, those that have left the buffer included. */
  get total(): number {
    return this.added;
  }

  push(row: T): void {
    this.rows[this.next] = row;
    this.next = (this.next + 1) % this.capacity;
    this.held = Math.min(this.held + 1, this.capacity);
    this.added++;
  }

  at(index: number): T | undefined {
    if (index < 0 || index >= this.held) return undefined;
    return this.rows[(this.next - 1 - index + 2 * this.capacity) % this.capacity];
  }

  /** All rows, newest first: a copy that later rows don't change. */
  snapshot(): T[] {
    return Array.from({ length: this.held }, (_, index) => this.at(index) as T);
  }

  clear(): void {
    this.rows.fill(undefined);
    this.next = this.held = this.added = 0;
  }
}
