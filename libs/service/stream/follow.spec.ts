import { Subject } from 'rxjs';
import { follow, type RecordPosition, type RecordSource, replayAndFollow } from './follow';
import type { SizedItem } from './frames';
import { recordFilter } from './item-filter';
import { Subscription } from './subscription';
import { range, recordOf, sequenceOf, settle, sized } from './testing';

/** A pipeline and a database: what is committed is stored, then given out. */
class FakeSource implements RecordSource {
  readonly entries = new Subject<readonly SizedItem[]>();
  readonly stored: { boot: string; sequence: number; json: string }[] = [];
  readonly behind: SizedItem[] = [];
  reads = 0;
  /** Runs while a page is on its way. */
  whileReading: () => void = () => {};

  store(from: number, to: number, boot = 'boot-1'): void {
    for (const sequence of range(from, to))
      this.stored.push({ boot, sequence, json: JSON.stringify(recordOf(sequence, { boot })) });
  }

  emit(from: number, to: number, boot = 'boot-1'): void {
    this.entries.next(range(from, to).map((sequence) => sized(sequence, { boot })));
  }

  commit(from: number, to: number, boot = 'boot-1'): void {
    this.store(from, to, boot);
    this.emit(from, to, boot);
  }

  unstored(): readonly SizedItem[] {
    return [...this.behind];
  }

  async readAfter({ boot, sequence }: RecordPosition, limit: number) {
    this.reads++;
    const at = this.stored.findIndex((row) => row.boot === boot && row.sequence > sequence);
    const other = this.stored.findIndex((row) => row.boot > boot);
    const from = at >= 0 ? at : other >= 0 ? other : this.stored.length;
    const page = this.stored.slice(from, from + limit);
    this.whileReading();
    await settle();
    return page;
  }
}

/** Takes all that comes. */
function client(source: FakeSource, after: RecordPosition, limits = {}, filter = recordFilter({})) {
  const subscription = new Subscription('sub-1', filter, limits);
  const got: string[] = [];
  let dropped = 0;
  const failures: string[] = [];
  const take = () => {
    for (let batch = subscription.take(); batch; batch = subscription.take()) {
      dropped += batch.dropped;
      for (const item of batch.items)
        got.push(item.type === 'record' ? `${item.boot}:${item.sequence}` : `${sequenceOf(item)}`);
    }
  };
  subscription.onPending = () => setImmediate(take);
  const stop = replayAndFollow(subscription, source, after, (error) => failures.push(error.message));
  return { subscription, got, stop, failures, dropped: () => dropped };
}

async function quiet(source: FakeSource): Promise<void> {
  for (let reads = -1; reads !== source.reads; ) {
    reads = source.reads;
    for (let i = 0; i < 20; i++) await settle();
  }
}

const names = (from: number, to: number, boot = 'boot-1') => range(from, to).map((n) => `${boot}:${n}`);
const START = { boot: 'boot-1', sequence: 0 };

describe('follow', () => {
  it('gives live items until it is ended', () => {
    const source = new FakeSource();
    const subscription = new Subscription('sub-1', recordFilter({}));
    source.emit(1, 2);
    const stop = follow(subscription, source);
    source.emit(3, 4);
    stop();
    source.emit(5, 6);
    expect(subscription.take()?.items.map(sequenceOf)).toEqual([3, 4]);
  });
});

describe('replayAndFollow', () => {
  it('gives what is stored after the position, then live items', async () => {
    const source = new FakeSource();
    source.store(1, 3_500);
    const { got } = client(source, { boot: 'boot-1', sequence: 1_200 });
    await quiet(source);
    source.commit(3_501, 3_600);
    await quiet(source);
    expect(got).toEqual(names(1_201, 3_600));
  });

  it('leaves nothing out and gives nothing twice while records come at each of its steps', async () => {
    const source = new FakeSource();
    source.store(1, 2_990);
    let next = 2_991;
    source.whileReading = () => {
      source.commit(next, next + 36);
      next += 37;
    };
    const { got } = client(source, START);
    await quiet(source);
    for (let i = 0; i < 5; i++) source.whileReading();
    await quiet(source);
    expect(got).toEqual(names(1, next - 1));
  });

  it('does not repeat what was read from the database before it was given out', async () => {
    const source = new FakeSource();
    source.store(1, 60);
    const { got } = client(source, START);
    await quiet(source);
    source.emit(51, 60);
    source.commit(61, 62);
    await quiet(source);
    expect(got).toEqual(names(1, 62));
  });

  it('includes what was given out while the store failed', async () => {
    const source = new FakeSource();
    source.store(1, 50);
    for (const sequence of range(51, 70)) source.behind.push(sized(sequence));
    const { got } = client(source, { boot: 'boot-1', sequence: 40 });
    await quiet(source);
    source.emit(71, 72);
    await quiet(source);
    expect(got).toEqual(names(41, 72));
  });

  it('meets the store that catches up in the middle of what it lacked', async () => {
    const source = new FakeSource();
    source.store(1, 50);
    for (const sequence of range(51, 70)) source.behind.push(sized(sequence));
    source.whileReading = () => {
      if (source.reads === 2) source.store(51, 60);
    };
    const { got } = client(source, START);
    await quiet(source);
    expect(got).toEqual(names(1, 70));
  });

  it('goes on across a new boot', async () => {
    const source = new FakeSource();
    source.store(1, 10, 'boot-1');
    source.store(1, 5, 'boot-2');
    const { got } = client(source, { boot: 'boot-1', sequence: 8 });
    await quiet(source);
    source.commit(6, 8, 'boot-2');
    source.commit(1, 2, 'boot-3');
    await quiet(source);
    expect(got).toEqual([...names(9, 10), ...names(1, 8, 'boot-2'), ...names(1, 2, 'boot-3')]);
  });

  it('filters', async () => {
    const source = new FakeSource();
    source.store(1, 10);
    const { got } = client(source, START, {}, recordFilter({ node: 'node-2' }));
    await quiet(source);
    source.entries.next([sized(11), sized(12, { node: 'node-2' })]);
    await quiet(source);
    expect(got).toEqual(names(12, 12));
  });

  it('reads no faster than the client takes, and so drops nothing', async () => {
    const source = new FakeSource();
    source.store(1, 20_000);
    const subscription = new Subscription('sub-1', recordFilter({}), { queueItemsMax: 1_000 });
    replayAndFollow(subscription, source, START, () => {});
    await quiet(source);
    expect(source.reads).toBe(1);
    expect(subscription.pending).toBeLessThanOrEqual(1_000);
    source.commit(20_001, 20_100);
    const got: (number | string)[] = [];
    let dropped = 0;
    for (let idle = 0; idle < 20; idle++) {
      await settle();
      for (let batch = subscription.take(); batch; batch = subscription.take()) {
        dropped += batch.dropped;
        got.push(...batch.items.map(sequenceOf));
        idle = 0;
      }
    }
    expect(got).toEqual(range(1, 20_100));
    expect(dropped).toBe(0);
  });

  it('reads from the database again when too much came to be kept', async () => {
    const source = new FakeSource();
    source.store(1, 100);
    source.whileReading = () => {
      if (source.reads === 2) source.commit(101, 160_100);
    };
    const { got, dropped } = client(source, START);
    await quiet(source);
    source.commit(160_101, 160_110);
    await quiet(source);
    expect(got).toHaveLength(160_110);
    expect(got).toEqual(names(1, 160_110));
    expect(dropped()).toBe(0);
  });

  it('says when the database can not be read, and stops', async () => {
    const source = new FakeSource();
    source.readAfter = () => Promise.reject(new Error('the store thread is gone'));
    const { got, failures } = client(source, START);
    await quiet(source);
    source.emit(1, 2);
    await quiet(source);
    expect(failures).toEqual(['the store thread is gone']);
    expect(got).toEqual([]);
  });

  it('ends when told, also in the middle of a read', async () => {
    const source = new FakeSource();
    source.store(1, 5_000);
    const { got, stop } = client(source, START);
    stop();
    await quiet(source);
    source.emit(5_001, 5_002);
    await quiet(source);
    expect(got).toEqual([]);
  });
});
