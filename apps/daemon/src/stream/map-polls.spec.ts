import { diagnostic } from '@probed/base';
import type { MapContents } from '@probed/protocol';
import { type ContentsDigest, ManualTimers } from '@probed/stream';
import { CommandRefused } from '../threads/rpc';
import { MapPolls, type MapWatcher } from './map-polls';
import { MapSnapshots } from './map-snapshots';
import { FakeKernel, FakeStore, MAP } from './testing';

class FakeWatcher implements MapWatcher {
  readonly readings: unknown[] = [];
  readonly errors: unknown[] = [];
  contents(digests: readonly ContentsDigest[]): void {
    this.readings.push(digests[0].contents.entries?.[0].value);
  }
  gone(error: unknown): void {
    this.errors.push(error);
  }
}

const NO_SUCH_MAP = new CommandRefused(diagnostic('no-such-map', 'no map 5'));

/** A kernel whose map holds a number that counts the readings, and polls of it. */
function setup() {
  const timers = new ManualTimers();
  const kernel = new FakeKernel();
  let value = 0;
  const contents = (): MapContents[] => [
    { node: 'node-1', time: '2026-01-01T00:00:00Z', kind: 'entries', entries: [{ key: 1, value: ++value }] },
  ];
  kernel.handlers['map.dump'] = contents;
  const polls = new MapPolls(kernel, new MapSnapshots(kernel, new FakeStore(), timers), timers);
  const watch = (intervalMs = 1_000, node?: string) => {
    const watcher = new FakeWatcher();
    return { watcher, stop: polls.watch({ map: MAP, node, intervalMs }, watcher) };
  };
  return { timers, kernel, polls, watch, contents, readings: () => kernel.count('map.dump') };
}

describe('MapPolls', () => {
  it('reads once for all who watch the same at the same interval', async () => {
    const { timers, watch, readings } = setup();
    const [first, second] = [watch(), watch()];
    await timers.advance(2_500);
    expect(readings()).toBe(3);
    expect(first.watcher.readings).toEqual([1, 2, 3]);
    expect(second.watcher.readings).toEqual([1, 2, 3]);
    watch(500);
    watch(1_000, 'node-1');
    await timers.advance(0);
    expect(readings()).toBe(5);
  });

  it('gives who comes later what was read last', async () => {
    const { timers, watch } = setup();
    watch();
    await timers.advance(1_500);
    expect(watch().watcher.readings).toEqual([2]);
  });

  it('stops when the last one leaves', async () => {
    const { timers, watch, readings } = setup();
    const [first, second] = [watch(), watch()];
    await timers.advance(0);
    first.stop();
    await timers.advance(1_000);
    expect(readings()).toBe(2);
    second.stop();
    await timers.advance(5_000);
    expect(readings()).toBe(2);
    expect(first.watcher.readings).toEqual([1]);
  });

  it('lets readings out while one takes long', async () => {
    const { timers, kernel, watch, contents, readings } = setup();
    let answer = () => {};
    kernel.handlers['map.dump'] = () => new Promise((resolve) => (answer = () => resolve(contents())));
    const { watcher } = watch();
    await timers.advance(3_500);
    expect(readings()).toBe(1);
    answer();
    await timers.advance(500);
    expect(readings()).toBe(2);
    expect(watcher.readings).toEqual([1]);
  });

  it('tells all when the map is gone, and begins anew for who asks again', async () => {
    const { timers, kernel, watch, contents, readings } = setup();
    const [first, second] = [watch(), watch()];
    await timers.advance(0);
    kernel.handlers['map.dump'] = () => Promise.reject(NO_SUCH_MAP);
    await timers.advance(1_000);
    expect([first.watcher.errors.length, second.watcher.errors.length]).toEqual([1, 1]);
    kernel.handlers['map.dump'] = contents;
    const third = watch();
    first.stop();
    second.stop();
    await timers.advance(1_000);
    expect(third.watcher.readings).toEqual([2, 3]);
    expect(readings()).toBe(4);
  });

  it('does not take the map for gone when the kernel restarted under the reading', async () => {
    const { timers, kernel, watch, contents } = setup();
    let refuse = () => {};
    kernel.handlers['map.dump'] = () =>
      new Promise((_resolve, reject) => {
        refuse = () => reject(NO_SUCH_MAP);
      });
    const { watcher } = watch();
    kernel.become({ state: 'running', boot: 'boot-2' });
    refuse();
    kernel.handlers['map.dump'] = contents;
    await timers.advance(1_000);
    expect(watcher.errors).toEqual([]);
    expect(watcher.readings).toEqual([1]);
  });
});
