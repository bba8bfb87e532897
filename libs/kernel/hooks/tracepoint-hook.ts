import { Listeners } from './listeners';

/** Value of one field of a tracepoint record: a signed word, text (NUL added), raw bytes, or an array of words. */
export type FieldValue = number | string | Uint8Array | readonly number[];

/**
 * One row of the tracepoint table: how the kernel's code path describes itself to the two kinds of consumer.
 * `A` are the arguments at the call site (kernel objects, numbers).
 */
export interface TracepointRow<A extends readonly unknown[]> {
  readonly group: string;
  readonly name: string;
  /** TP_PROTO as words: what a raw tracepoint program finds in `args[]` (pointers as addresses). */
  readonly raw: (...args: A) => readonly number[];
  /** TP_fast_assign: record fields by their name in the format file, less the common ones. */
  readonly fields: (...args: A) => Readonly<Record<string, FieldValue>>;
}

/** A tracepoint: raw listeners get words, record listeners get fields; both are computed only when someone listens. */
export class TracepointHook<A extends readonly unknown[] = readonly unknown[]> {
  /** True when anything is attached; call sites test it first. */
  active = false;
  readonly raw = new Listeners<readonly number[]>(() => this.refresh());
  readonly record = new Listeners<Readonly<Record<string, FieldValue>>>(() => this.refresh());
  /** False when the format exists but no code path of the emulation fires it (`inert`). */
  live = false;
  /** Raw arguments in another kernel's order, when the kernel wears that one's layout. */
  rearrange: ((args: readonly number[]) => readonly number[]) | undefined;

  constructor(
    readonly group: string,
    readonly name: string,
    private readonly row?: TracepointRow<A>,
  ) {
    this.live = row !== undefined;
  }

  fire(...args: A): void {
    if (!this.active || !this.row) return;
    if (this.raw.size) this.fireRaw(this.row.raw(...args));
    if (this.record.size) this.record.fire(this.row.fields(...args));
  }

  private fireRaw(words: readonly number[]): void {
    this.raw.fire(this.rearrange?.(words) ?? words);
  }

  private refresh(): void {
    this.active = this.raw.size + this.record.size > 0;
  }
}
