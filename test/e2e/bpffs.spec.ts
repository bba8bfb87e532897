import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorBody, RequestOf } from '@probed/protocol';
import { cleanUp, eventually, ROOT, TestDaemon } from './support/daemon';

afterAll(cleanUp);

const PINNED = join(ROOT, 'libs/machine/fixtures/pinned.bpf.o');
const BPFFS = '/sys/fs/bpf';

const ITERATORS = ['dump_task', 'dump_bpf_map_elem'];

type LoadOptions = Omit<Exclude<NonNullable<RequestOf<'uploadProgram'>['body']>, Uint8Array>, 'object'>;

function load(daemon: TestDaemon, name: string, options: LoadOptions = {}) {
  const object = readFileSync(PINNED).toString('base64');
  return daemon.get('uploadProgram', { body: { object, name, ...options } });
}

async function refusal(asked: Promise<{ status: number; body: unknown }>) {
  const { status, body } = await asked;
  const { error } = body as ErrorBody;
  expect(error.message).toMatch(/^[^\n]{5,300}$/);
  return [status, error.errno];
}

/** A counter of map `shared` or `own` on a node. */
async function counter(daemon: TestDaemon, map: number, key: number, node = 'node-1'): Promise<number> {
  const query = { key: String(key), node };
  const { entries } = await daemon.get('lookupMap', { params: { id: map }, query });
  return Number(entries[0].value);
}

describe('bpffs', () => {
  let daemon: TestDaemon;
  beforeAll(async () => {
    daemon = await TestDaemon.start();
  });

  test('objects share the maps that they pin by name', async () => {
    const first = await load(daemon, 'first');
    const second = await load(daemon, 'second', { set: { id: 2 } });
    const idOf = (object: typeof first, name: string) => object.maps.find((map) => map.name === name)!.id;
    expect(idOf(second, 'shared')).toBe(idOf(first, 'shared'));
    expect(idOf(second, 'own')).not.toBe(idOf(first, 'own'));
    const { maps } = await daemon.get('listMaps');
    expect(maps.filter(({ name }) => name === 'shared')).toMatchObject([
      { object: 'first', pinned: [`${BPFFS}/shared`], nodes: ['node-1', 'node-2'] },
    ]);
    const { entries } = await daemon.get('listBpffs');
    expect(entries.map(({ path, kind, object }) => [path, kind, object])).toEqual([
      [`${BPFFS}/events`, 'map', 'first'],
      [`${BPFFS}/shared`, 'map', 'first'],
    ]);
    const counts = () => Promise.all([1, 2].map((id) => counter(daemon, idOf(first, 'shared'), id)));
    await eventually(async () =>
      (await counts().catch(() => [0])).every((count) => count > 0) ? true : undefined,
    );
    // Records of the second object's program through the first one's ring carry the second's ids.
    const second_count = second.programs.find(({ name }) => name === 'count')!;
    const record = await eventually(async () => {
      const { records } = await daemon.get('listRecords', { query: { map: 'events', limit: 200 } });
      return records.find(({ program_id }) => program_id === second_count.id);
    });
    expect(record).toMatchObject({ event: 'event', map_id: idOf(first, 'events') });
    const body = { object: readFileSync(PINNED).toString('base64'), max_entries: { shared: 65 } };
    expect(await refusal(daemon.ask('uploadProgram', { body }))).toEqual([422, 22]);
    for (const { id } of [first, second]) await daemon.get('unloadObject', { params: { id } });
    expect((await daemon.get('listObjects')).objects).toMatchObject([
      {
        id: first.id,
        state: 'unloaded',
        programs: [],
        links: [],
        maps: [{ name: 'shared' }, { name: 'events' }],
      },
    ]);
    for (const name of ['shared', 'events'])
      await daemon.get('unpin', { query: { path: `${BPFFS}/${name}` } });
    expect((await daemon.get('listObjects')).objects).toEqual([]);
  });

  test('a pinned link runs on, with what it needs, and is explained', async () => {
    const object = await load(daemon, 'link', { only: ['count'], pin_by_name: false });
    expect(object.programs.map(({ name }) => name)).toEqual(['count']);
    const [link] = object.links;
    await daemon.get('pin', { body: { path: `${BPFFS}/l`, kind: 'link', id: link.id } });
    expect(await refusal(daemon.ask('detach', { params: { id: link.id } }))).toEqual([422, 16]);
    await daemon.get('unloadObject', { params: { id: object.id } });
    expect(await refusal(daemon.ask('unloadObject', { params: { id: object.id } }))).toEqual([422, 16]);
    const before = (await daemon.get('getLink', { params: { id: link.id } })).stats!.events;
    const after = await eventually(async () => {
      const now = await daemon.get('getLink', { params: { id: link.id } });
      return now.stats!.events > before ? now : undefined;
    });
    expect(after).toMatchObject({ pinned: [`${BPFFS}/l`], stats: { last_result: 0 } });
    expect(after.node_stats!.map(({ node }) => node)).toEqual(['node-1', 'node-2']);
    const why = await daemon.get('explainLink', { params: { id: link.id } });
    expect(why.nodes[0].findings[0].what).not.toBe('');
    expect(await refusal(daemon.ask('readLink', { params: { id: link.id } }))).toEqual([422, 22]);
    await daemon.get('unpin', { query: { path: `${BPFFS}/l` } });
    expect((await daemon.get('listLinks')).links).toEqual([]);
    expect((await daemon.ask('getLink', { params: { id: link.id } })).status).toBe(404);
  });

  test('iterators are read as text; over a map, they need one', async () => {
    const file = join(ROOT, 'libs/machine/attach/fixtures/iterators.bpf.o');
    const body = { object: readFileSync(file).toString('base64'), name: 'iterators' };
    const object = await daemon.get('uploadProgram', { body: { ...body, only: ITERATORS } });
    const linkOf = (name: string) => object.links.find(({ program }) => program === name)!;
    const { nodes } = await daemon.get('readLink', { params: { id: linkOf('dump_task').id } });
    expect(nodes.map(({ node, text }) => [node, / 1 systemd$/m.test(text)])).toEqual([
      ['node-1', true],
      ['node-2', true],
    ]);
    const elements = object.programs.find(({ name }) => name === 'dump_bpf_map_elem')!;
    expect(elements.link_ids).toEqual([]);
    expect(await refusal(daemon.ask('attach', { body: { program_id: elements.id } }))).toEqual([422, 22]);
    const counts = object.maps.find(({ name }) => name === 'counts')!;
    await daemon.get('updateMap', { params: { id: counts.id }, body: { key: 5, value: 6 } });
    const over = { program_id: elements.id, iter: { map_id: counts.id }, node: 'node-2' };
    const link = await daemon.get('attach', { body: over });
    expect((await daemon.get('readLink', { params: { id: link.id } })).nodes).toEqual([
      { node: 'node-2', text: '5: 6\n' },
    ]);
    expect(await refusal(daemon.ask('attach', { body: { ...over, iter: { map_id: 999 } } }))).toEqual([
      404, 2,
    ]);
    await daemon.get('unloadObject', { params: { id: object.id } });
  });

  test('directories, nodes, and what Linux refuses', async () => {
    const object = await load(daemon, 'dirs', { attach: false, pin_maps: `${BPFFS}/a/b`, node: 'node-1' });
    const own = object.maps.find(({ name }) => name === 'own')!;
    expect(own.pinned).toEqual([`${BPFFS}/a/b/own`]);
    const { entries } = await daemon.get('listBpffs', { query: { path: `${BPFFS}/a`, recursive: 'true' } });
    expect(entries.every(({ nodes }) => nodes.join() === 'node-1')).toBe(true);
    expect(entries.map(({ path }) => path)).toEqual(
      expect.arrayContaining([`${BPFFS}/a/b`, `${BPFFS}/a/b/own`]),
    );
    const pin = (path: string, more: object = {}) =>
      refusal(daemon.ask('pin', { body: { path, kind: 'map', id: own.id, ...more } }));
    expect(await pin(`${BPFFS}/a`)).toEqual([422, 17]);
    expect(await pin(`${BPFFS}/none/x`)).toEqual([404, 2]);
    expect(await pin(`${BPFFS}/x.y`)).toEqual([422, 1]);
    expect(await pin('/tmp/x')).toEqual([422, 1]);
    expect(await pin(`${BPFFS}/x`, { node: 'node-2' })).toEqual([404, 2]);
    expect(await pin(`${BPFFS}/x`, { id: 999 })).toEqual([404, 2]);
    expect((await daemon.ask('pin', { body: { path: '', kind: 'map', id: own.id } })).status).toBe(400);
    const directory = { query: { path: `${BPFFS}/a/b` } };
    expect(await refusal(daemon.ask('removeBpffsDirectory', directory))).toEqual([422, 39]);
    expect(await refusal(daemon.ask('unpin', directory))).toEqual([422, 21]);
    await daemon.get('makeBpffsDirectory', { body: { path: `${BPFFS}/empty` } });
    await daemon.get('removeBpffsDirectory', { query: { path: `${BPFFS}//empty/` } });
    for (const { path, kind } of (
      await daemon.get('listBpffs', { query: { recursive: 'true' } })
    ).entries.reverse())
      await daemon.get(kind === 'dir' ? 'removeBpffsDirectory' : 'unpin', { query: { path } });
    await daemon.get('unloadObject', { params: { id: object.id } });
  });
});

test('what is pinned is there again after kill -9, under its paths and ids, with what maps held', async () => {
  const first = await TestDaemon.start();
  const gone = await load(first, 'gone');
  const stays = await load(first, 'stays', { set: { id: 2 }, attach: false });
  const link = gone.links.find(({ program }) => program === 'count')!;
  const leaf = gone.programs.find(({ name }) => name === 'leaf')!;
  const shared = gone.maps.find(({ name }) => name === 'shared')!;
  const next = stays.programs.find(({ name }) => name === 'count')!;
  await first.get('makeBpffsDirectory', { body: { path: `${BPFFS}/d` } });
  await first.get('pin', { body: { path: `${BPFFS}/d/link`, kind: 'link', id: link.id } });
  await first.get('pin', { body: { path: `${BPFFS}/d/leaf`, kind: 'prog', id: leaf.id } });
  expect(
    await first.get('updateLink', { params: { id: link.id }, body: { program_id: next.id } }),
  ).toMatchObject({
    program_id: next.id,
  });
  await first.get('unloadObject', { params: { id: gone.id } });
  await first.get('updateMap', { params: { id: shared.id }, body: { key: 77, value: 1234 } });
  const before = (await first.get('listBpffs', { query: { recursive: 'true' } })).entries;
  expect(before.map(({ path }) => path)).toEqual(
    ['d', 'd/leaf', 'd/link', 'events', 'shared'].map((path) => `${BPFFS}/${path}`),
  );
  // Contents are kept every few seconds.
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  await first.kill();

  const second = await TestDaemon.start({ stateDir: first.stateDir });
  expect((await second.get('listBpffs', { query: { recursive: 'true' } })).entries).toEqual(before);
  const { objects } = await second.get('listObjects');
  expect(objects.map(({ id, state }) => [id, state])).toEqual([
    [gone.id, 'unloaded'],
    [stays.id, 'loaded'],
  ]);
  expect(objects[1].maps.find(({ name }) => name === 'shared')!.id).toBe(shared.id);
  expect(await counter(second, shared.id, 77)).toBe(1234);
  expect(await counter(second, shared.id, 77, 'node-2')).toBe(1234);
  const { links } = await second.get('listLinks');
  expect(links).toMatchObject([{ id: link.id, program_id: next.id, pinned: [`${BPFFS}/d/link`] }]);
  // It is the other object's program that counts, in the map that both share.
  await eventually(async () => ((await counter(second, shared.id, 2).catch(() => 0)) > 0 ? true : undefined));
  await second.get('updateMap', { params: { id: shared.id }, body: { key: 78, value: 5 } });
  await second.stop();

  const third = await TestDaemon.start({ stateDir: first.stateDir });
  expect(await counter(third, shared.id, 78)).toBe(5);
  await third.get('unpin', { query: { path: `${BPFFS}/d/link` } });
  await third.get('unpin', { query: { path: `${BPFFS}/d/leaf` } });
  expect((await third.get('listObjects')).objects.map(({ id }) => id)).toEqual([gone.id, stays.id]);
  await third.get('unloadObject', { params: { id: stays.id } });
  for (const name of ['shared', 'events']) await third.get('unpin', { query: { path: `${BPFFS}/${name}` } });
  expect((await third.get('listObjects')).objects).toEqual([]);
  expect(third.stderr).toBe('');
  await third.stop();
}, 120_000);
