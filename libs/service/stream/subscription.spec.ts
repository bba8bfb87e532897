import type { SizedItem } from './frames';
import { recordFilter } from './item-filter';
import { Subscription } from './subscription';
import { range, sequenceOf, settle, sized } from './testing';

const all = recordFilter({});
const items = (from: number, to: number): SizedItem[] => range(from, to).map((sequence) => sized(sequence));
const sequences = (subscription: Subscription) => subscription.take()?.items.map(sequenceOf);

describe('Subscription', () => {
  it('gives batches of at most 500, numbered from 1', () => {
    const subscription = new Subscription('sub-1', all);
    subscription.offer(items(1, 1_200));
    const batches = [subscription.take(), subscription.take(), subscription.take(), subscription.take()];
    expect(batches.map((batch) => batch?.batch)).toEqual([1, 2, 3, undefined]);
    expect(batches.map((batch) => batch?.items.length)).toEqual([500, 500, 200, undefined]);
    expect(batches.flatMap((batch) => batch?.items.map(sequenceOf) ?? [])).toEqual(range(1, 1_200));
  });

  it('bounds a batch in bytes, but never to nothing', () => {
    const subscription = new Subscription('sub-1', all, { batchBytesMax: 250 });
    subscription.offer([...items(1, 3), { ...sized(4), bytes: 1_000 }]);
    expect([sequences(subscription), sequences(subscription), sequences(subscription)]).toEqual([
      [1, 2],
      [3],
      [4],
    ]);
  });

  it('drops the oldest when the client lags, and says so with the next batch', () => {
    const subscription = new Subscription('sub-1', all, { queueItemsMax: 100 });
    subscription.offer(items(1, 250));
    expect(subscription.pending).toBe(100);
    const first = subscription.take();
    expect(first?.dropped).toBe(150);
    expect(first?.items.map(sequenceOf)).toEqual(range(151, 250));
    subscription.offer(items(251, 252));
    expect(subscription.take()).toMatchObject({ batch: 2, dropped: 0 });
    expect(subscription.dropped).toBe(150);
  });

  it('bounds what waits in bytes', () => {
    const subscription = new Subscription('sub-1', all, { queueBytesMax: 1_000 });
    subscription.offer(items(1, 25));
    expect(subscription.take()).toMatchObject({ dropped: 15 });
  });

  it('loses no item over many rounds of its queue', () => {
    const subscription = new Subscription('sub-1', all, { batchItemsMax: 7 });
    const taken: (number | string)[] = [];
    for (let round = 0; round < 1_000; round++) {
      subscription.offer(items(round * 6 + 1, round * 6 + 6));
      taken.push(...(sequences(subscription) ?? []));
    }
    expect(taken).toEqual(range(1, 6_000));
    expect(subscription.pending).toBe(0);
  });

  it('tells when something waits, not for each item', () => {
    const subscription = new Subscription('sub-1', recordFilter({ node: 'node-1' }));
    let told = 0;
    subscription.onPending = () => told++;
    subscription.offer([sized(1, { node: 'node-2' })]);
    expect(told).toBe(0);
    subscription.offer(items(2, 3));
    subscription.offer(items(4, 5));
    expect(told).toBe(1);
    subscription.take();
    subscription.offer(items(6, 6));
    expect(told).toBe(2);
  });

  it('has room when half of its queue is free, or when it has ended', async () => {
    const subscription = new Subscription('sub-1', all, { queueItemsMax: 100, batchItemsMax: 25 });
    subscription.offer(items(1, 99));
    let room = 0;
    void subscription.room().then(() => room++);
    subscription.take();
    await settle();
    expect(room).toBe(0);
    subscription.take();
    await settle();
    expect(room).toBe(1);
    subscription.offer(items(100, 150));
    void subscription.room().then(() => room++);
    subscription.end();
    await settle();
    expect(room).toBe(2);
  });
});
