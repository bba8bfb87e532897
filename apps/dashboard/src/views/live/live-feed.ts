import type {
  Batch,
  BatchItem,
  LostRecord,
  RecordQuery,
  ResponseOf,
  Subscribe,
  WireRecord,
} from '@probed/protocol';
import { type ApiError, asApiError } from '../../api/api-error';
import type { Subscription } from '../../api/stream';
import { Columns } from '../../format/columns';
import { Cell } from '../../state/cell';
import { pacedFrames } from '../../state/frames';
import { RowBuffer } from '../../state/row-buffer';

export const ROWS_MAX = 1_000;
const HISTORY_ROWS = 200;
const RENDER_PAUSE_MS = 80;

export interface LiveFilter {
  /** `object/program`, or the name of a program in any object. */
  readonly program: string;
  readonly pod: string;
  readonly node: string;
  readonly session: string;
  /** Substring of the decoded value, ignoring case. */
  readonly text: string;
}

export const NO_FILTER: LiveFilter = { program: '', pod: '', node: '', session: '', text: '' };

/** A line of the table: a record, or a remark between records. `key` names it for good. */
export type LiveRow =
  | { readonly key: number; readonly kind: 'record'; readonly record: WireRecord }
  | { readonly key: number; readonly kind: 'notice'; readonly tone: 'warn' | 'info'; readonly text: string };

/** What the table shows now. */
export interface LiveState {
  /** Newest first. */
  readonly rows: readonly LiveRow[];
  /** Rows that have come since, while the view is held. */
  readonly waiting: number;
  /** Records since the beginning, those that have left the table included. */
  readonly seen: number;
  readonly lost: number;
  /** Left out by the server because this page was too slow. */
  readonly dropped: number;
  readonly loading: boolean;
  readonly error?: ApiError;
}

interface Source {
  history(query: Partial<RecordQuery>): Promise<ResponseOf<'listRecords'>>;
  subscribe(subscription: Subscription): () => void;
}

interface Position {
  readonly boot: string;
  readonly sequence: number;
}

type RecordsRequest = Extract<Subscribe, { kind: 'records' }>;

const EMPTY: LiveState = { rows: [], waiting: 0, seen: 0, lost: 0, dropped: 0, loading: true };

/**
 * The newest records that match a filter: what is stored first, then live without a gap. Renders at most once a frame,
 * however many records arrive; memory is bounded by {@link ROWS_MAX}.
 */
export class LiveFeed {
  readonly state = new Cell<LiveState>(EMPTY);
  readonly columns = new Columns();
  private readonly buffer = new RowBuffer<LiveRow>(ROWS_MAX);
  private filter = NO_FILTER;
  private end: () => void = () => {};
  private held: { readonly rows: readonly LiveRow[]; readonly total: number } | undefined;
  private last: Position | undefined;
  private keys = 0;
  private seen = 0;
  private lost = 0;
  private dropped = 0;
  private loading = true;
  private error: ApiError | undefined;
  private scheduled = false;
  private generation = 0;

  constructor(
    private readonly source: Source,
    private readonly schedule: (render: () => void) => void = pacedFrames(RENDER_PAUSE_MS),
  ) {}

  /** Begins anew with another filter. */
  start(filter: LiveFilter): void {
    this.end();
    this.filter = filter;
    this.buffer.clear();
    this.columns.clear();
    this.held = this.last = this.error = undefined;
    this.lost = this.dropped = this.seen = 0;
    this.loading = true;
    const generation = ++this.generation;
    this.changed();
    this.end = this.source.subscribe({
      request: () => this.catchUp(generation),
      onBatch: (batch) => this.take(batch),
      onRefused: (message) => this.fail(new Error(message)),
    });
  }

  stop(): void {
    this.end();
    this.generation++;
  }

  /** Keeps the rows as they are on the screen; new ones wait. */
  hold(): void {
    this.held ??= { rows: this.buffer.snapshot(), total: this.buffer.total };
    this.changed();
  }

  release(): void {
    this.held = undefined;
    this.changed();
  }

  clear(): void {
    this.seen = 0;
    this.buffer.clear();
    this.columns.clear();
    if (this.held) this.held = { rows: [], total: 0 };
    this.changed();
  }

  /** At each connection: the newest stored records, then the subscription goes on after them. */
  private async catchUp(generation: number): Promise<RecordsRequest> {
    const { text, ...conditions } = { ...this.filter, program: programOf(this.filter.program).name };
    const given = Object.fromEntries(Object.entries(conditions).filter(([, value]) => value !== ''));
    const query = { ...given, ...(text && { text }) };
    try {
      const newest = Object.keys(query).length > 0 ? await this.newestOfAll() : undefined;
      const { records } = await this.source.history({ ...query, limit: HISTORY_ROWS, order: 'desc' });
      if (generation !== this.generation) return { kind: 'records', ...given };
      this.takeHistory(records.toReversed());
      const mark = newest ?? records[0];
      if (mark && this.isNew(mark)) this.last = positionOf(mark);
      return { kind: 'records', ...given, ...(mark && { after: positionOf(mark) }) };
    } catch (thrown) {
      // Live records are worth having without history too; the error says what is missing.
      if (generation === this.generation) this.fail(thrown);
      return { kind: 'records', ...given, ...(this.last && { after: this.last }) };
    }
  }

  /** Where live records begin: without it the server would go through all records since the last one that matched. */
  private async newestOfAll(): Promise<WireRecord | undefined> {
    const { records } = await this.source.history({ limit: 1, order: 'desc' });
    return records[0];
  }

  /** @param records oldest first */
  private takeHistory(records: readonly WireRecord[]): void {
    const gap = this.last && records.length === HISTORY_ROWS && this.isNew(records[0]);
    if (gap) this.notice('info', 'records in between are in the history: GET /api/v1/records');
    this.loading = false;
    this.error = undefined;
    for (const record of records) if (this.matches(record)) this.takeRecord(record);
    this.changed();
  }

  private take(batch: Batch): void {
    if (batch.dropped > 0) {
      this.dropped += batch.dropped;
      this.notice('warn', `${batch.dropped} records not shown: this page was too slow`);
    }
    for (const item of batch.items) this.takeItem(item);
    this.loading = false;
    this.changed();
  }

  private takeItem(item: BatchItem): void {
    if (item.type === 'record') {
      if (this.matches(item)) this.takeRecord(item);
    } else if (item.type === 'lost') this.takeLost(item);
  }

  private takeRecord(record: WireRecord): void {
    if (!this.isNew(record)) return;
    if (this.last && this.last.boot !== record.boot)
      this.notice('info', `the emulated kernel has booted anew`);
    this.last = positionOf(record);
    this.seen++;
    this.columns.add(record.value);
    this.buffer.push({ key: ++this.keys, kind: 'record', record });
  }

  /** Sequences count up within a boot, so what is not above the last one has been seen. */
  private isNew(record: WireRecord): boolean {
    return this.last?.boot !== record.boot || record.sequence > this.last.sequence;
  }

  private takeLost(lost: LostRecord): void {
    this.lost += lost.count;
    const place = `${lost.object}.${lost.map} on ${lost.node}`;
    this.notice('warn', `${lost.count} records lost: the buffer ${place} was full`);
  }

  /** What the server's filter does not cover. */
  private matches(record: WireRecord): boolean {
    const { object } = programOf(this.filter.program);
    if (object !== undefined && record.object !== object) return false;
    if (!this.filter.text) return true;
    return JSON.stringify(record.value ?? '')
      .toLowerCase()
      .includes(this.filter.text.toLowerCase());
  }

  private notice(tone: 'warn' | 'info', text: string): void {
    this.buffer.push({ key: ++this.keys, kind: 'notice', tone, text });
  }

  private fail(thrown: unknown): void {
    this.error = asApiError(thrown);
    this.loading = false;
    this.changed();
  }

  private changed(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.schedule(() => {
      this.scheduled = false;
      this.state.set(this.read());
    });
  }

  private read(): LiveState {
    const { seen, lost, dropped, loading, error, held, buffer } = this;
    const rows = held ? held.rows : buffer.snapshot();
    const waiting = held ? buffer.total - held.total : 0;
    return { rows, waiting, seen, lost, dropped, loading, error };
  }
}

function programOf(program: string): { readonly object?: string; readonly name: string } {
  const [object, name] = program.split('/');
  return name === undefined ? { name: object } : { object, name };
}

function positionOf({ boot, sequence }: WireRecord): Position {
  return { boot, sequence };
}
