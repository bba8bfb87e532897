import { ThreadUnavailable } from '../threads/rpc';
import { daemon, removeStores } from './testing';

afterAll(removeStores);

describe('load', () => {
  test('gives ids, attaches, and is stored when it is answered', async () => {
    const { load, store, registry } = daemon();
    const object = await load('one', 'first');
    expect(object).toMatchObject({ id: 1, name: 'first', size: 3, state: 'loaded' });
    expect(object.programs.map(({ id, link_ids }) => [id, link_ids])).toEqual([
      [1, [1]],
      [2, [2]],
    ]);
    expect(await store.call('object.list', null)).toHaveLength(1);
    expect(await store.call('link.list', null)).toHaveLength(2);
    expect(registry.listMaps().map(({ id, name }) => [id, name])).toEqual([[1, 'events']]);
  });

  test('one after the other, so that ids never meet', async () => {
    const { load } = daemon();
    const objects = await Promise.all(['a', 'b', 'c', 'd'].map((text) => load(text)));
    expect(objects.map(({ id }) => id)).toEqual([1, 2, 3, 4]);
    expect(objects.flatMap(({ programs }) => programs.map(({ id }) => id))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(objects.map(({ name }) => name)).toEqual(['object-1', 'object-2', 'object-3', 'object-4']);
  });

  test('that can not be stored is undone', async () => {
    const { load, store, kernel, registry } = daemon();
    store.failing.add('object.save');
    await expect(load('a')).rejects.toMatchObject({ diagnostic: { code: 'store-full' } });
    expect([kernel.objects.size, kernel.links.size, registry.all().length]).toEqual([0, 0, 0]);
    store.failing.clear();
    expect(await load('b')).toMatchObject({ id: 1 });
  });

  test('that the kernel refuses leaves nothing, and the next one goes on', async () => {
    const { load, store } = daemon();
    const next = [load('refuse').catch((error) => error.diagnostic.code), load('fine')];
    expect(await next[0]).toBe('verifier-reject');
    expect(await next[1]).toMatchObject({ id: 1 });
    expect(await store.call('object.list', null)).toHaveLength(1);
  });

  test('that nobody waits for any more is taken back', async () => {
    const { load, kernel, registry } = daemon();
    await expect(load('die')).rejects.toBeInstanceOf(ThreadUnavailable);
    expect(kernel.calls).toContain('object.unload');
    expect(registry.all()).toEqual([]);
  });

  test('ids are not given again after an unload', async () => {
    const { load, service, store } = daemon();
    await load('a');
    await service.unload(1);
    expect(await store.call('object.list', null)).toEqual([]);
    const again = await load('b');
    expect([again.id, again.programs[0].id, again.maps[0].id, again.links[0].id]).toEqual([2, 3, 2, 3]);
  });
});

describe('unload', () => {
  test('of one program leaves the others, now and after a restart', async () => {
    const { load, service, store, registry, kernel } = daemon();
    await load('a');
    await service.unloadProgram(1);
    expect(registry.listLinks().map(({ id }) => id)).toEqual([2]);
    expect([...kernel.links.keys()]).toEqual([2]);
    const after = daemon(store);
    await after.restorer.restore();
    expect((await after.registry.listPrograms()).map(({ id }) => id)).toEqual([2]);
    expect(after.registry.listLinks().map(({ id }) => id)).toEqual([2]);
  });

  test('of the last program takes the object with it', async () => {
    const { load, service, store, registry } = daemon();
    await load('a');
    await service.unloadProgram(1);
    await service.unloadProgram(2);
    expect(registry.all()).toEqual([]);
    expect(await store.call('object.list', null)).toEqual([]);
  });

  test.each([
    ['object', 'no-such-object'],
    ['program', 'no-such-program'],
    ['link', 'no-such-link'],
  ])('of an unknown %s is refused', async (what, code) => {
    const { service } = daemon();
    const unload = { object: service.unload, program: service.unloadProgram, link: service.detach }[what]!;
    await expect(unload.call(service, 77)).rejects.toMatchObject({ diagnostic: { code } });
  });

  test('that can not be stored changes nothing', async () => {
    const { load, service, store, kernel, registry } = daemon();
    await load('a');
    store.failing.add('object.delete').add('link.delete');
    await expect(service.unload(1)).rejects.toThrow('the disk is full');
    await expect(service.detach(1)).rejects.toThrow('the disk is full');
    expect([kernel.objects.size, registry.listLinks().length]).toEqual([1, 2]);
  });

  test('waits for a kernel that is there', async () => {
    const { load, service, store, kernel } = daemon();
    await load('a');
    kernel.state = { ...kernel.state, state: 'busy' };
    await expect(service.unload(1)).rejects.toMatchObject({ code: 'kernel-busy' });
    expect(await store.call('object.list', null)).toHaveLength(1);
  });
});

describe('links', () => {
  test('attach and detach outlive a restart', async () => {
    const { load, service, store } = daemon();
    await load('a');
    const link = await service.attach(1, { target: 'kprobe:vfs_read', cookie: 7 }, 'node-1');
    expect(link).toMatchObject({ id: 3, hook: 'kprobe:vfs_read', program_id: 1 });
    await service.detach(2);
    const after = daemon(store);
    expect(await after.restorer.restore()).toEqual({ objects: 1, links: 2, failed: 0 });
    expect(after.registry.listLinks().map(({ id, hook }) => [id, hook])).toEqual([
      [1, 'tracepoint:sched:sched_process_exec'],
      [3, 'kprobe:vfs_read'],
    ]);
  });

  test('an attachment that can not be stored is undone', async () => {
    const { load, service, store, kernel } = daemon();
    await load('a');
    store.failing.add('link.save');
    await expect(service.attach(1, {})).rejects.toThrow('the disk is full');
    expect([...kernel.links.keys()]).toEqual([1, 2]);
  });
});

describe('while the kernel is away', () => {
  test('lists go on with the last counters', async () => {
    const { load, kernel, registry } = daemon();
    await load('a');
    kernel.runs = 5;
    expect((await registry.listPrograms()).map(({ runs }) => runs)).toEqual([5, 5]);
    kernel.runs = 6;
    kernel.state = { ...kernel.state, state: 'restarting' };
    expect((await registry.listPrograms()).map(({ runs }) => runs)).toEqual([5, 5]);
    expect(await registry.listObjects()).toHaveLength(1);
  });

  test('a counter request that the kernel does not answer is no failure', async () => {
    const { load, kernel, registry } = daemon();
    await load('a');
    kernel.handlers['program.list'] = () => {
      throw new ThreadUnavailable('kernel-busy', 'busy');
    };
    expect(await registry.listPrograms()).toHaveLength(2);
  });
});

test.each([
  ['2', 2],
  ['events', 2],
  ['a/events', 1],
  ['b/events', 2],
  ['c/events', undefined],
  ['9', undefined],
])('map %s is map %s', async (name, id) => {
  const { load, registry } = daemon();
  await load('x', 'a');
  await load('y', 'b');
  expect(registry.findMap(name)?.id).toBe(id);
});
