import { digestOf, ManualTimers } from '@probed/stream';
import { MapSnapshots } from './map-snapshots';
import { FakeKernel, FakeStore, MAP } from './testing';

function setup() {
  const timers = new ManualTimers();
  const store = new FakeStore();
  const snapshots = new MapSnapshots(new FakeKernel(), store, timers);
  const offer = (value: number, node = 'node-1') =>
    snapshots.offer(MAP, [
      digestOf({ node, time: '2026-01-01T00:00:00Z', kind: 'entries', entries: [{ key: 1, value }] }),
    ]);
  return { timers, store, snapshots, offer };
}

describe('MapSnapshots', () => {
  it('stores a map on a node at most every 10 s, and only when it has changed', async () => {
    const { timers, store, offer } = setup();
    const stored: number[] = [];
    for (const [value, ms] of [
      [1, 0],
      [2, 9_999],
      [3, 1],
      [3, 10_000],
      [4, 1_000],
    ]) {
      await timers.advance(ms);
      offer(value);
      await timers.advance(0);
      stored.push(store.snapshots.length);
    }
    expect(stored).toEqual([1, 1, 2, 2, 3]);
    expect(store.snapshots[1]).toMatchObject({ map_id: 5, node: 'node-1', boot: 'boot-1' });
    expect(JSON.parse((store.snapshots[1] as { json: string }).json).entries).toEqual([{ key: 1, value: 3 }]);
  });

  it('counts each node by itself', async () => {
    const { timers, store, offer } = setup();
    offer(1, 'node-1');
    offer(1, 'node-2');
    offer(2, 'node-2');
    await timers.advance(0);
    expect(store.snapshots).toHaveLength(2);
  });

  it('has nothing to store of a buffer, and nothing to say when the store refuses', async () => {
    const { timers, store, snapshots, offer } = setup();
    snapshots.offer(MAP, [digestOf({ node: 'node-1', time: '2026-01-01T00:00:00Z', kind: 'buffer' })]);
    store.become({ state: 'failing' });
    offer(1);
    await timers.advance(0);
    expect(store.snapshots).toEqual([]);
  });
});
