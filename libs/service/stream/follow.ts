import type { WireRecord } from '@probed/protocol';
import type { Observable } from 'rxjs';
import type { SizedItem } from './frames';
import type { Subscription } from './subscription';

/** Names a record for good. */
export interface RecordPosition {
  readonly boot: string;
  readonly sequence: number;
}

interface StoredRecord extends RecordPosition {
  readonly json: string;
}

/** Where records come from: the database, and the pipeline. */
export interface RecordSource {
  /** Live items, each after its commit or, while the store fails, at once. */
  readonly entries: Observable<readonly SizedItem[]>;
  /** Live items of the past that are not in the database. */
  unstored(): readonly SizedItem[];
  /** What is stored after a position, oldest first; fewer than `limit` only at the end. */
  readAfter(position: RecordPosition, limit: number): Promise<readonly StoredRecord[]>;
}

const PAGE_RECORDS = 1_000;
/** Items that a subscription gets at once; a quarter of what it may have waiting holds them. */
const CHUNK_ITEMS = 100;
/** Items that are kept while the last stored ones are read; enough for all that can wait for a failing store. */
const CATCH_UP_ITEMS_MAX = 150_000;

/** Feeds live items to a subscription. @returns what ends it */
export function follow(subscription: Subscription, source: Pick<RecordSource, 'entries'>): () => void {
  const live = source.entries.subscribe((entries) => subscription.offer(entries));
  return () => live.unsubscribe();
}

/**
 * Feeds a subscription with what is stored after a position, then with live items: none left out, none twice. Reads no
 * faster than the client takes, so that replaying drops nothing.
 *
 * @param failed told when the database can't be read; nothing more comes then
 * @returns what ends it
 */
export function replayAndFollow(
  subscription: Subscription,
  source: RecordSource,
  after: RecordPosition,
  failed: (error: Error) => void,
): () => void {
  const replay = new Replay(subscription, source, after);
  replay.run().catch((error: unknown) => {
    replay.stop();
    failed(error instanceof Error ? error : new Error(String(error)));
  });
  return () => replay.stop();
}

class Replay {
  private position: RecordPosition;
  private catchUp: CatchUp | undefined;
  private stopFollowing: (() => void) | undefined;
  private stopped = false;

  constructor(
    private readonly subscription: Subscription,
    private readonly source: RecordSource,
    after: RecordPosition,
  ) {
    this.position = after;
  }

  stop(): void {
    this.stopped = true;
    this.catchUp?.stop();
    this.stopFollowing?.();
  }

  async run(): Promise<void> {
    while (!this.stopped) {
      const catchUp = await this.readPage();
      if (catchUp && (await this.drain(catchUp))) return;
    }
  }

  /**
   * Reads the next page of what is stored. With the first page that is the last, live items begin to be kept; what was
   * stored in the meantime is read up to the first of those.
   * @returns what was kept, once nothing lies between what was read and it
   */
  private async readPage(): Promise<CatchUp | undefined> {
    await this.subscription.room();
    if (this.stopped) return undefined;
    const page = await this.source.readAfter(this.position, PAGE_RECORDS);
    if (this.catchUp?.overflown) this.catchUp = undefined;
    const { catchUp } = this;
    const met = catchUp ? page.findIndex((row) => catchUp.covers(row)) : -1;
    await this.offerStored(met < 0 ? page : page.slice(0, met));
    if (this.stopped || (met < 0 && page.length >= PAGE_RECORDS)) return undefined;
    if (!catchUp) this.catchUp = new CatchUp(this.source);
    return catchUp;
  }

  private async offerStored(rows: readonly StoredRecord[]): Promise<void> {
    for (let at = 0; at < rows.length && !this.stopped; at += CHUNK_ITEMS) {
      const chunk = rows.slice(at, at + CHUNK_ITEMS);
      await this.subscription.room();
      this.subscription.offer(
        chunk.map(({ json }) => ({ item: JSON.parse(json) as WireRecord, bytes: json.length })),
      );
      this.position = chunk[chunk.length - 1];
    }
  }

  /** Offers what was kept, then follows. @returns false when too much came in the meantime: read on from the database */
  private async drain(catchUp: CatchUp): Promise<boolean> {
    while (catchUp.entries.length > 0) {
      await this.subscription.room();
      if (this.stopped) return true;
      this.offerLive(catchUp.entries.splice(0, CHUNK_ITEMS));
    }
    this.catchUp = undefined;
    if (catchUp.overflown) return false;
    catchUp.stop();
    const live = this.source.entries.subscribe((entries) => this.offerLive(entries));
    this.stopFollowing = () => live.unsubscribe();
    return true;
  }

  private offerLive(entries: readonly SizedItem[]): void {
    // What was committed just before it was read comes again.
    const { boot, sequence } = this.position;
    this.subscription.offer(
      entries.filter(({ item }) => item.type !== 'record' || item.boot !== boot || item.sequence > sequence),
    );
    for (const { item } of entries) if (item.type === 'record') this.position = this.later(item);
  }

  private later(record: RecordPosition): RecordPosition {
    const { boot, sequence } = this.position;
    const known = record.boot === boot && record.sequence <= sequence;
    return known ? this.position : { boot: record.boot, sequence: record.sequence };
  }
}

/** Live items since a moment, and those before it that the database lacks. */
class CatchUp {
  /** Oldest first; taken from the front. */
  readonly entries: SizedItem[] = [];
  /** More came than could be kept; what is kept is of no use any more. */
  overflown = false;
  /** The first record of each boot. */
  private readonly first = new Map<string, number>();
  private readonly live: { unsubscribe(): void };

  constructor(source: RecordSource) {
    this.add(source.unstored());
    this.live = source.entries.subscribe((entries) => {
      this.add(entries);
      if (this.entries.length > CATCH_UP_ITEMS_MAX) this.overflow();
    });
  }

  /** Whether a record is among the items kept so far, or one of them came before it in its boot. */
  covers({ boot, sequence }: RecordPosition): boolean {
    const first = this.first.get(boot);
    return first !== undefined && sequence >= first;
  }

  stop(): void {
    this.live.unsubscribe();
  }

  private add(entries: readonly SizedItem[]): void {
    for (const entry of entries) {
      const { item } = entry;
      if (item.type === 'record' && !this.first.has(item.boot)) this.first.set(item.boot, item.sequence);
      this.entries.push(entry);
    }
  }

  private overflow(): void {
    this.overflown = true;
    this.entries.length = 0;
    this.stop();
  }
}
