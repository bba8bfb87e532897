import type { Batch } from '@probed/protocol';
import { BoundedQueue } from './bounded-queue';
import type { SizedItem } from './frames';
import type { ItemFilter } from './item-filter';

export interface SubscriptionLimits {
  /** What waits for the client; beyond it the oldest items are dropped. */
  readonly queueItemsMax: number;
  readonly queueBytesMax: number;
  readonly batchItemsMax: number;
  readonly batchBytesMax: number;
}

const LIMITS: SubscriptionLimits = {
  queueItemsMax: 10_000,
  queueBytesMax: 16 * 1024 * 1024,
  batchItemsMax: 500,
  batchBytesMax: 1024 * 1024,
};

/** One client's view of the stream: what matches waits here, bounded, until the client takes it. */
export class Subscription {
  /** Told when an item waits that did not before. */
  onPending: () => void = () => {};

  private readonly queue: BoundedQueue;
  private readonly limits: SubscriptionLimits;
  private batches = 0;
  private droppedUntold = 0;
  private droppedTotal = 0;
  private waiters: (() => void)[] = [];

  constructor(
    readonly id: string,
    private readonly filter: ItemFilter,
    limits: Partial<SubscriptionLimits> = {},
  ) {
    this.limits = { ...LIMITS, ...limits };
    this.queue = new BoundedQueue(this.limits.queueItemsMax, this.limits.queueBytesMax);
  }

  /** Items that wait. */
  get pending(): number {
    return this.queue.length;
  }

  /** Items that this client did not take in time, since the beginning. */
  get dropped(): number {
    return this.droppedTotal;
  }

  offer(entries: readonly SizedItem[]): void {
    const before = this.queue.length;
    let dropped = 0;
    for (const entry of entries) if (this.filter(entry.item)) dropped += this.queue.push(entry);
    this.droppedUntold += dropped;
    this.droppedTotal += dropped;
    if (before === 0 && this.queue.length > 0) this.onPending();
  }

  /** The next batch for the client, if anything waits. */
  take(): Batch | undefined {
    if (this.queue.length === 0) return undefined;
    const taken = this.queue.take(this.limits.batchItemsMax, this.limits.batchBytesMax);
    const dropped = this.droppedUntold;
    this.droppedUntold = 0;
    if (this.hasRoom()) this.releaseWaiters();
    return { subscription: this.id, batch: ++this.batches, items: taken.map(({ item }) => item), dropped };
  }

  /** Resolves when the queue is at most half full, or the subscription has ended. */
  room(): Promise<void> {
    if (this.hasRoom()) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  end(): void {
    this.queue.clear();
    this.onPending = () => {};
    this.releaseWaiters();
  }

  private hasRoom(): boolean {
    return this.queue.length * 2 <= this.queue.itemsMax && this.queue.bytes * 2 <= this.queue.bytesMax;
  }

  private releaseWaiters(): void {
    const waiters = this.waiters;
    this.waiters = [];
    for (const release of waiters) release();
  }
}
