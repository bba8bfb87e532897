import type { Output, OutputRecord } from '@probed/machine';

/** Records kept for a reader that comes later; the oldest go first, and count as lost. */
const RECORDS_MAX = 1_000_000;
/** Records taken before what is left moves up. */
const COMPACT_AT = 4_096;

/** User space's side of one output map: records that were taken out of it and wait for a reader. */
export class RecordQueue {
  lost = 0;
  /** Told when records have come, or no more will. */
  readonly listeners = new Set<() => void>();
  closed = false;
  private records: OutputRecord[] = [];
  private head = 0;

  take(output: Output): void {
    if (output.kind === 'lost') {
      this.lost += output.count;
      return;
    }
    this.records.push(output);
    if (this.records.length - this.head > RECORDS_MAX) {
      this.shift();
      this.lost++;
    }
  }

  shift(): OutputRecord | undefined {
    if (this.head >= this.records.length) return undefined;
    const record = this.records[this.head++];
    if (this.head === this.records.length || this.head >= COMPACT_AT) {
      this.records = this.records.slice(this.head);
      this.head = 0;
    }
    return record;
  }

  get size(): number {
    return this.records.length - this.head;
  }

  notify(): void {
    for (const listener of [...this.listeners]) listener();
  }

  close(): void {
    this.closed = true;
    this.notify();
  }
}
