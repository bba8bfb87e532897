import type { BatchItem } from '@probed/protocol';
import { map, Observable, Subject, share } from 'rxjs';
import { type AnyFrame, entryOf, type SizedItem, type StoreBatch, storeBatchOf } from './frames';
import { SlidingRate } from './sliding-rate';
import { StoreQueue } from './store-queue';
import { SYSTEM_TIMERS, type Timers } from './timers';

interface PipelineLimits {
  /** A transaction holds no more entries than this … */
  readonly batchEntriesMax: number;
  /** … nor bytes … */
  readonly batchBytesMax: number;
  /** … and begins no later than this after its first entry came, unless one is under way. */
  readonly batchMs: number;
  /** With this many entries waiting for a store that works, `accept` stays pending. */
  readonly waitAbove: number;
  /** Records that wait for a store that fails; beyond it the oldest are dropped for the store. */
  readonly queueRecordsMax: number;
  readonly queueBytesMax: number;
  /** A transaction that takes longer than this counts as failing until it is done. */
  readonly attemptMs: number;
  readonly backoffMsMin: number;
  readonly backoffMsMax: number;
}

const LIMITS: PipelineLimits = {
  batchEntriesMax: 1_000,
  batchBytesMax: 8 * 1024 * 1024,
  batchMs: 25,
  waitAbove: 10_000,
  queueRecordsMax: 100_000,
  queueBytesMax: 256 * 1024 * 1024,
  attemptMs: 5_000,
  backoffMsMin: 100,
  backoffMsMax: 2_000,
};

interface PipelineDeps {
  /** Resolves when the batch is committed; rejects when nothing of it is. */
  readonly append: (batch: StoreBatch) => Promise<unknown>;
  /**
   * Whether an error of `append` says that something in the batch will never be taken, however often it is tried. By
   * default every failure is one of the store and may pass.
   */
  readonly isFinal?: (error: unknown) => boolean;
  readonly timers?: Timers;
  readonly limits?: Partial<PipelineLimits>;
}

/** Records since start; `queued` of now. */
export interface PipelineStatistics {
  readonly total: number;
  readonly per_second: number;
  /** Records that a full buffer in the kernel could not take. */
  readonly lost: number;
  readonly stored: number;
  /** Records that could not be stored. */
  readonly dropped: number;
  readonly queued: number;
  readonly queue_max: number;
  readonly store: 'ok' | 'failing';
  /** Why the store fails. */
  readonly error?: string;
}

/**
 * The way from the kernel thread to the store and from there to subscribers.
 *
 * While the store works, an item reaches subscribers after the transaction that holds it is committed. While it fails,
 * items go to subscribers at once and wait for the store as well, oldest dropped first beyond the limits. Either way
 * each item reaches subscribers once, in the order in which it was accepted.
 */
export class RecordPipeline {
  /** What subscribers get, in order. */
  readonly entries: Observable<readonly SizedItem[]>;
  /** The same without sizes. */
  readonly committed: Observable<readonly BatchItem[]>;

  private readonly output = new Subject<readonly SizedItem[]>();
  private readonly timers: Timers;
  private readonly limits: PipelineLimits;
  private readonly queue = new StoreQueue();
  private readonly rate: SlidingRate;
  private waiters: (() => void)[] = [];
  /** The transaction under way: how many entries it holds, and whether it went well within its time. */
  private attempt: { readonly count: number; readonly outcome: Promise<boolean> } | undefined;
  private error: string | undefined;
  private backoffMs: number;
  /** Entries that the next transaction may hold; fewer while one that is never taken is being looked for. */
  private entriesMax: number;
  private cancelForm: (() => void) | undefined;
  private cancelRetry: (() => void) | undefined;
  private closed = false;
  private total = 0;
  private lost = 0;
  private stored = 0;
  private dropped = 0;

  constructor(private readonly deps: PipelineDeps) {
    this.timers = deps.timers ?? SYSTEM_TIMERS;
    this.limits = { ...LIMITS, ...deps.limits };
    this.backoffMs = this.limits.backoffMsMin;
    this.entriesMax = this.limits.batchEntriesMax;
    this.rate = new SlidingRate(() => this.timers.now());
    this.entries = this.output.asObservable();
    this.committed = this.output.pipe(
      map((entries) => entries.map(({ item }) => item)),
      share(),
    );
  }

  /** Takes frames in order. Resolves when there is room for more; await it before the next call. */
  accept(frames: readonly AnyFrame[]): Promise<void> {
    if (this.closed) return Promise.reject(new Error('the record pipeline is closed'));
    const at = this.timers.now();
    let records = 0;
    for (const frame of frames) {
      const entry = entryOf(frame, at);
      if (!entry) continue;
      this.queue.push(entry);
      if (entry.row) records++;
      else if (entry.item.type === 'lost') this.lost += entry.item.count;
    }
    this.total += records;
    this.rate.add(records);
    this.form();
    return this.room();
  }

  /** Items that subscribers have had and that are not in the store: none while it works. */
  unstored(): readonly SizedItem[] {
    return this.queue.seen();
  }

  /** Resolves when all that was accepted is stored, or the store has failed once more. */
  async flush(): Promise<void> {
    while (this.queue.length > 0) {
      this.startAttempt();
      if (!(await this.attempt?.outcome)) return;
    }
  }

  /** Flushes; what the store does not take then is counted as dropped. Observers complete. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.flush();
    this.cancelForm?.();
    this.cancelRetry?.();
    this.show();
    this.dropped += this.queue.records;
    this.queue.remove(this.queue.length);
    this.releaseWaiters();
    this.output.complete();
  }

  get statistics(): PipelineStatistics {
    return {
      total: this.total,
      per_second: this.rate.perSecond(),
      lost: this.lost,
      stored: this.stored,
      dropped: this.dropped,
      queued: this.queue.records,
      queue_max: this.limits.queueRecordsMax,
      store: this.error === undefined ? 'ok' : 'failing',
      error: this.error,
    };
  }

  /** Sees to it that what nobody has seen moves on: at once if it fills a batch, else when its time has come. */
  private form(): void {
    const unseen = this.queue.length - this.queue.shown;
    if (unseen === 0) return;
    const waited = this.timers.now() - this.queue.oldestUnseenAt();
    if (unseen >= this.limits.batchEntriesMax || waited >= this.limits.batchMs) {
      this.moveOn();
      return;
    }
    this.cancelForm ??= this.timers.after(this.limits.batchMs - waited, () => {
      this.cancelForm = undefined;
      this.moveOn();
    });
  }

  private moveOn(): void {
    this.cancelForm?.();
    this.cancelForm = undefined;
    if (this.error !== undefined) this.show();
    else this.startAttempt();
  }

  /** Gives everything to subscribers without the store. */
  private show(): void {
    this.emit(this.queue.showAll());
    const { queueRecordsMax, queueBytesMax } = this.limits;
    this.dropped += this.queue.trim(this.attempt?.count ?? 0, queueRecordsMax, queueBytesMax);
  }

  private emit(entries: readonly SizedItem[]): void {
    if (entries.length > 0) this.output.next(entries);
  }

  private startAttempt(): void {
    if (this.attempt || this.queue.length === 0) return;
    this.cancelRetry?.();
    this.cancelRetry = undefined;
    const entries = this.queue.head(this.entriesMax, this.limits.batchBytesMax);
    const batch = storeBatchOf(entries);
    this.attempt = {
      count: entries.length,
      outcome: this.settled(this.write(batch), batch?.records.length ?? 0),
    };
  }

  private async write(batch: StoreBatch | undefined): Promise<void> {
    if (batch) await this.deps.append(batch);
  }

  /** @returns a promise of whether the batch was committed in time */
  private settled(writing: Promise<unknown>, records: number): Promise<boolean> {
    return new Promise((resolve) => {
      const { attemptMs } = this.limits;
      const cancelLate = this.timers.after(attemptMs, () => {
        this.fail(`the store has not answered for ${attemptMs / 1000} s`);
        resolve(false);
      });
      writing.then(
        () => {
          cancelLate();
          this.commit(records);
          resolve(true);
        },
        (error: unknown) => {
          cancelLate();
          resolve(this.refused(error));
        },
      );
    });
  }

  private commit(records: number): void {
    const count = this.attempt?.count ?? 0;
    this.attempt = undefined;
    this.stored += records;
    this.backoffMs = this.limits.backoffMsMin;
    this.entriesMax = Math.min(this.entriesMax * 2, this.limits.batchEntriesMax);
    this.emit(this.queue.remove(count));
    if (this.queue.shown === 0) this.error = undefined;
    else this.startAttempt();
    this.form();
    if (this.queue.length < this.limits.waitAbove) this.releaseWaiters();
  }

  /** @returns whether there is another attempt already */
  private refused(error: unknown): boolean {
    const count = this.attempt?.count ?? 0;
    this.attempt = undefined;
    this.fail(error instanceof Error ? error.message : String(error));
    if (!this.deps.isFinal?.(error)) {
      this.retryLater();
      return false;
    }
    this.narrowDown(count);
    this.startAttempt();
    return true;
  }

  /** Halves the batch until the entry is alone that the store never takes, and leaves that one out. */
  private narrowDown(count: number): void {
    if (count > 1) {
      this.entriesMax = Math.ceil(count / 2);
      return;
    }
    const before = this.queue.records;
    this.queue.remove(1);
    this.dropped += before - this.queue.records;
    if (this.queue.length === 0) this.error = undefined;
  }

  private fail(error: string): void {
    this.error = error;
    this.show();
    this.releaseWaiters();
  }

  private retryLater(): void {
    if (this.closed) return;
    this.cancelRetry = this.timers.after(this.backoffMs, () => this.startAttempt());
    this.backoffMs = Math.min(this.backoffMs * 2, this.limits.backoffMsMax);
  }

  private room(): Promise<void> {
    if (this.error !== undefined || this.queue.length < this.limits.waitAbove) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  private releaseWaiters(): void {
    const waiters = this.waiters;
    this.waiters = [];
    for (const release of waiters) release();
  }
}
