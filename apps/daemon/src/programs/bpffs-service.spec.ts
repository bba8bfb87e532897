import type { MapInfo } from '@probed/protocol';
import type { Remains } from '../kernel/commands';
import { PinnedContents } from './pinned-contents';
import { daemon, FakeKernel, removeStores } from './testing';

afterAll(removeStores);

const PATH = '/sys/fs/bpf/p';

/** An object of which a program, a map and a link are there. */
function remainsOf(object_id: number, { programs = true } = {}): (kernel: FakeKernel) => Remains {
  return (kernel) => {
    const object = kernel.objects.get(object_id)!;
    const links = [...kernel.links.values()].filter((link) => link.object_id === object_id).slice(0, 1);
    return { object_id, programs: programs ? object.programs.slice(0, 1) : [], maps: object.maps, links };
  };
}

test('a pin is stored when it is answered, and shown with what it is of', async () => {
  const { load, bpffs, store, registry } = daemon();
  const object = await load('a', 'first');
  const entry = await bpffs.pin({ path: PATH, kind: 'prog', id: 1 });
  expect(entry).toMatchObject({ path: PATH, kind: 'prog', id: 1 });
  expect(await store.call('bpffs.list', null)).toMatchObject([
    { node: 'node-1', path: PATH, kind: 'prog', target: 1 },
  ]);
  expect((await registry.program(1)).pinned).toEqual([PATH]);
  expect((await registry.program(2)).pinned).toBeUndefined();
  await bpffs.pin({ path: `${PATH}2`, kind: 'link', id: object.links[0].id });
  expect(registry.link(1).pinned).toEqual([`${PATH}2`]);
  await bpffs.unpin({ path: PATH });
  expect((await registry.program(1)).pinned).toBeUndefined();
  expect(await store.call('bpffs.list', null)).toMatchObject([{ path: `${PATH}2` }]);
});

test('a pin that can not be stored is taken back', async () => {
  const { load, bpffs, store, kernel, registry } = daemon();
  await load('a');
  store.failing.add('bpffs.save');
  await expect(bpffs.pin({ path: PATH, kind: 'prog', id: 1 })).rejects.toMatchObject({
    diagnostic: { code: 'store-full' },
  });
  expect(kernel.calls.at(-1)).toBe('bpffs.remove');
  expect(registry.pins.pathsOf('prog', 1)).toEqual([]);
});

test('what loading has pinned is stored with the object, and taken back with it', async () => {
  const { load, store, kernel, registry } = daemon();
  await load('pin');
  expect(await store.call('bpffs.list', null)).toMatchObject([
    { path: '/sys/fs/bpf/events', kind: 'map', target: 1 },
  ]);
  expect(registry.map(1).pinned).toEqual(['/sys/fs/bpf/events']);
  store.failing.add('object.save');
  await expect(load('pin again')).rejects.toMatchObject({ diagnostic: { code: 'store-full' } });
  expect(kernel.calls.slice(-2)).toEqual(['bpffs.remove', 'object.unload']);
});

test.each<['prog' | 'link', string]>([
  ['prog', 'program-pinned'],
  ['link', 'link-pinned'],
])('a pinned %s is not unloaded or detached by hand', async (kind, code) => {
  const { load, bpffs, service } = daemon();
  await load('a');
  await bpffs.pin({ path: PATH, kind, id: 1 });
  const refused = { diagnostic: { code, errno: 16, hint: expect.stringContaining(PATH) } };
  await expect(service.unloadProgram(1)).rejects.toMatchObject(refused);
  if (kind === 'link') await expect(service.detach(1)).rejects.toMatchObject(refused);
});

test('what is pinned outlives its object, until it is unpinned; then its row goes', async () => {
  const { load, bpffs, service, store, kernel, registry } = daemon();
  await load('a', 'first');
  await bpffs.pin({ path: PATH, kind: 'link', id: 1 });
  kernel.remains = [remainsOf(1)(kernel)];
  await service.unload(1);
  expect(await registry.listObjects()).toMatchObject([
    {
      id: 1,
      state: 'unloaded',
      programs: [{ id: 1 }],
      maps: [{ id: 1 }],
      links: [{ id: 1, pinned: [PATH] }],
    },
  ]);
  expect(await store.call('object.list', null)).toMatchObject([{ id: 1, unloaded: true }]);
  expect((await store.call('link.list', null)).map(({ id }) => id)).toEqual([1]);
  await expect(service.unload(1)).rejects.toMatchObject({
    diagnostic: { code: 'object-unloaded', hint: expect.stringContaining(PATH) },
  });
  kernel.remains = [];
  await bpffs.unpin({ path: PATH });
  expect(await registry.listObjects()).toEqual([]);
  expect(await store.call('object.list', null)).toEqual([]);
});

test('a link update is stored, and done again by the next boot', async () => {
  const first = daemon();
  await first.load('a', 'first');
  await first.load('b', 'second');
  expect(await first.service.updateLink(1, 4)).toMatchObject({ id: 1, program_id: 4, object_id: 1 });
  expect((await first.registry.program(4)).link_ids).toEqual([1, 4]);
  expect((await first.registry.program(1)).link_ids).toEqual([]);
  await expect(first.service.unloadProgram(4)).rejects.toMatchObject({
    diagnostic: { code: 'program-in-use' },
  });
  const next = daemon(first.store, new FakeKernel());
  await next.restorer.restore();
  expect(next.registry.link(1)).toMatchObject({ program_id: 4 });
  expect(next.kernel.calls).toContain('link.update');
});

test('an update that can not be stored is undone', async () => {
  const { load, service, store, kernel, registry } = daemon();
  await load('a');
  store.failing.add('link.save');
  await expect(service.updateLink(1, 2)).rejects.toMatchObject({ diagnostic: { code: 'store-full' } });
  expect([kernel.links.get(1)?.program_id, registry.link(1).program_id]).toEqual([1, 1]);
});

test('a boot pins again, fills pinned maps, and unloads what was unloaded', async () => {
  const first = daemon();
  await first.load('pin', 'first');
  await first.load('b', 'second');
  first.kernel.remains = [remainsOf(1, { programs: false })(first.kernel)];
  await first.service.unload(1);
  await first.store.call('contents.save', {
    map_id: 1,
    node: 'node-1',
    time: '2026-01-01T00:00:00Z',
    bytes: Uint8Array.of(7, 8),
  });
  const kernel = new FakeKernel();
  const next = daemon(first.store, kernel);
  kernel.handlers['object.unload'] = ({ object_id }) => ({
    remains: [remainsOf(object_id, { programs: false })(kernel)],
  });
  expect(await next.restorer.restore()).toMatchObject({ objects: 2, failed: 0 });
  expect(kernel.loads.map(({ name, reused }) => [name, reused])).toEqual([
    ['first', {}],
    ['second', {}],
  ]);
  expect(kernel.pinned).toEqual([{ node: 'node-1', path: '/sys/fs/bpf/events', kind: 'map', target: 1 }]);
  expect(kernel.filled).toEqual([[1, 'node-1', 7, 8]]);
  expect((await next.registry.listObjects()).map(({ id, state }) => [id, state])).toEqual([
    [1, 'unloaded'],
    [2, 'loaded'],
  ]);
  expect(next.registry.listMaps().map(({ id, pinned }: MapInfo) => [id, pinned])).toEqual([
    [1, ['/sys/fs/bpf/events']],
    [2, undefined],
  ]);
});

describe('contents of pinned maps', () => {
  function saving() {
    const all = daemon();
    const held = { bytes: Uint8Array.of(1), digest: 'one', too_large: false };
    all.kernel.handlers['map.save'] = ({ digest }) => {
      if (held.too_large) return { digest: '', too_large: true };
      return digest === held.digest ? { digest } : { digest: held.digest, bytes: held.bytes };
    };
    const contents = new PinnedContents(all.kernel, all.store, all.registry, all.log);
    const kept = async () =>
      (await all.store.call('contents.list', null)).map(({ map_id, node, bytes }) => [
        map_id,
        node,
        ...bytes,
      ]);
    return { ...all, held, contents, kept };
  }

  test('are stored when they have changed, and no more when they grow too large', async () => {
    const { load, held, contents, kept, store } = saving();
    await load('pin');
    await contents.save();
    expect(await kept()).toEqual([[1, 'node-1', 1]]);
    store.failing.add('contents.save');
    await contents.save();
    held.bytes = Uint8Array.of(2, 3);
    held.digest = 'two';
    await contents.save();
    expect(await kept()).toEqual([[1, 'node-1', 1]]);
    store.failing.clear();
    await contents.stop();
    expect(await kept()).toEqual([[1, 'node-1', 2, 3]]);
    held.too_large = true;
    await contents.save();
    expect(await kept()).toEqual([]);
  });

  test('of maps that are not pinned are nobody’s business; nor is a kernel that is away', async () => {
    const { load, contents, kernel, kept } = saving();
    await load('a');
    await contents.save();
    expect(kernel.calls).not.toContain('map.save');
    kernel.state = { state: 'restarting', boot: 'b1' };
    await contents.save();
    expect(await kept()).toEqual([]);
  });
});
