import { ThreadUnavailable } from '../threads/rpc';
import { MapArchive } from './map-archive';
import { daemon, removeStores } from './testing';

afterAll(removeStores);

const CONTENTS = { node: 'node-1', time: '2026-01-01T00:00:00Z' } as const;

test('stores what each map holds on each node, but no buffers', async () => {
  const { kernel, store, registry, load, log } = daemon();
  const { maps } = await load('x', 'a');
  kernel.handlers['map.dump'] = () => [
    { ...CONTENTS, kind: 'entries', entries: [{ key: 1, value: 2 }] },
    { ...CONTENTS, node: 'node-2', kind: 'buffer' },
  ];
  expect(await new MapArchive(kernel, store, registry, log).storeAll()).toBe(1);
  const [stored] = await store.call('snapshot.list', { map_id: maps[0].id, limit: 10 });
  expect(stored).toMatchObject({ map: 'events', object: 'a', node: 'node-1', boot: 'b1' });
  expect(JSON.parse(stored.json)).toMatchObject({ kind: 'entries', entries: [{ key: 1, value: 2 }] });
});

test('a kernel that is away is tried again the next time', async () => {
  const { kernel, store, registry, load, log, lines } = daemon();
  const { maps } = await load('x');
  let calls = 0;
  kernel.handlers['map.dump'] = () => {
    if (++calls === 1) throw new ThreadUnavailable('kernel-busy', 'busy');
    return [{ ...CONTENTS, kind: 'entries', entries: [] }];
  };
  const archive = new MapArchive(kernel, store, registry, log);
  archive.start(5);
  for (let i = 0; calls < 2 && i < 200; i++) await new Promise((resolve) => setTimeout(resolve, 5));
  archive.stop();
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await store.call('snapshot.list', { map_id: maps[0].id, limit: 10 })).not.toEqual([]);
  expect(lines).toEqual([]);
});
