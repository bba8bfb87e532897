import type { RecordPosition } from '@probed/stream';
import { follow, type ItemFilter, type RecordSource, replayAndFollow, Subscription } from '@probed/stream';
import type { OutMessage } from './client-outbox';
import type { Feed, FeedContext } from './feed';

interface ItemFeedOptions {
  readonly filter: ItemFilter;
  readonly source: RecordSource;
  /** Begin with what is stored after this record. */
  readonly after?: RecordPosition;
  /** Told when the database can't be read for it. */
  readonly failed: (error: Error) => void;
}

/** Records, printk lines or sessions, in batches. */
export class ItemFeed implements Feed {
  private readonly subscription: Subscription;
  private readonly stop: () => void;

  constructor({ id, wake }: FeedContext, { filter, source, after, failed }: ItemFeedOptions) {
    this.subscription = new Subscription(id, filter);
    this.subscription.onPending = wake;
    this.stop = after
      ? replayAndFollow(this.subscription, source, after, failed)
      : follow(this.subscription, source);
  }

  get dropped(): number {
    return this.subscription.dropped;
  }

  take(): OutMessage | undefined {
    const batch = this.subscription.take();
    return batch && { event: 'batch', args: [batch] };
  }

  close(): void {
    this.stop();
    this.subscription.end();
  }
}
