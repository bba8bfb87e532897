import { daemon, FakeKernel, removeStores } from '../programs/testing';
import { ThreadUnavailable } from '../threads/rpc';

afterAll(removeStores);

describe('restore', () => {
  test('brings objects back under their ids, one that the kernel refuses as failed', async () => {
    const first = daemon();
    await first.load('a', 'a');
    await first.load('later bad', 'b');
    await first.load('c', 'c');
    const kernel = new FakeKernel();
    kernel.refused.add('b');
    const after = daemon(first.store, kernel);
    expect(await after.restorer.restore()).toEqual({ objects: 2, links: 4, failed: 1 });
    const objects = await after.registry.listObjects();
    expect(objects.map(({ id, state, error }) => [id, state, error])).toEqual([
      [1, 'loaded', undefined],
      [2, 'failed', 'R1 is bad'],
      [3, 'loaded', undefined],
    ]);
    expect(after.lines).toEqual(['probed: warn: object b (id 2) was not restored: R1 is bad']);
    // It stays stored, and can be unloaded.
    await after.service.unload(2);
    expect((await first.store.call('object.list', null)).map(({ id }) => id)).toEqual([1, 3]);
  });

  test('an object in whose loading the thread dies is left out when the next boot is told of it', async () => {
    const first = daemon();
    await first.load('a', 'a');
    await first.load('b', 'b');
    const kernel = new FakeKernel();
    const { restorer, registry } = daemon(first.store, kernel);
    kernel.deadly.add('a');
    await expect(restorer.restore()).rejects.toBeInstanceOf(ThreadUnavailable);
    kernel.reset('b2');
    expect(await restorer.restore(new Set([1]))).toEqual({ objects: 1, links: 2, failed: 1 });
    expect(registry.object(1).error).toBe('the kernel thread died while loading it');
    expect(kernel.loads.map(({ name }) => name)).toEqual(['b']);
  });
});
