import type { MapInfo, MapMessage } from '@probed/protocol';
import { type ContentsDigest, MapChanges } from '@probed/stream';
import type { OutMessage } from './client-outbox';
import type { Feed, FeedContext } from './feed';
import type { MapPolls } from './map-polls';

interface MapFeedOptions {
  readonly map: MapInfo;
  readonly node?: string;
  readonly intervalMs: number;
  readonly gone: (error: unknown) => void;
}

/** A map's contents, then its changes. To a client that lags it tells what has changed since it was told last. */
export class MapFeed implements Feed {
  readonly dropped = 0;
  private readonly changes = new MapChanges();
  private latest: readonly ContentsDigest[] | undefined;
  private batches = 0;
  private readonly stop: () => void;

  constructor(
    private readonly context: FeedContext,
    polls: MapPolls,
    private readonly options: MapFeedOptions,
  ) {
    this.stop = polls.watch(options, {
      contents: (digests) => {
        this.latest = digests;
        context.wake();
      },
      gone: options.gone,
    });
  }

  take(): OutMessage | undefined {
    const changes = this.latest && this.changes.next(this.latest);
    this.latest = undefined;
    if (!changes) return undefined;
    const message: MapMessage = {
      subscription: this.context.id,
      batch: ++this.batches,
      ...changes,
      ...(changes.snapshot && { map: this.options.map }),
    };
    return { event: 'map', args: [message] };
  }

  close(): void {
    this.stop();
  }
}
