import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { MIGRATIONS } from './migrations';
import { migrate } from './schema';
import type { BpffsRow } from './store-api';
import { linkRow, objectRow, openStore, testFolder } from './testing';

const folder = testFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.db`);
const ROOT = '/sys/fs/bpf';

const row = (path: string, kind: BpffsRow['kind'], target: number, node = 'node-1'): BpffsRow => ({
  node,
  path: `${ROOT}/${path}`,
  kind,
  target,
  created_at: '2026-01-01T00:00:00Z',
});
const contents = (map_id: number, node: string, ...bytes: number[]) => ({
  map_id,
  node,
  time: '2026-01-01T00:00:01Z',
  bytes: Uint8Array.from(bytes),
});

it('names come back in an order in which they can be made, with what pinned maps held', () => {
  const file = newFile();
  const store = openStore(file);
  const rows = [row('d', 'dir', 0), row('d/m', 'map', 100), row('e', 'link', 3)];
  store.commands['object.save']({ object: objectRow(1), links: [linkRow(3, 1)], pins: [rows[2]!] });
  store.commands['bpffs.save']({ rows: [rows[1]!, rows[0]!, row('d/m', 'map', 100, 'node-2')] });
  store.commands['contents.save'](contents(100, 'node-1', 1));
  store.commands['contents.save'](contents(100, 'node-1', 2, 3));
  store.commands['contents.save'](contents(100, 'node-2', 4));
  store.close();
  const again = openStore(file);
  expect(again.commands['bpffs.list'](null)).toEqual([...rows, row('d/m', 'map', 100, 'node-2')]);
  again.commands['bpffs.delete']({ path: `${ROOT}/d/m`, nodes: ['node-1'] });
  const kept = again.commands['contents.list'](null).map(({ map_id, node, bytes }) => [
    map_id,
    node,
    ...bytes,
  ]);
  expect(kept).toEqual([[100, 'node-2', 4]]);
  again.commands['contents.delete']({ map_id: 100, node: 'node-2' });
  expect(again.commands['contents.list'](null)).toEqual([]);
  again.close();
});

it('an object that is unloaded keeps the links that are pinned', () => {
  const store = openStore(newFile());
  store.commands['object.save']({
    object: objectRow(1, { reused: { events: { 'node-1': 7 } } }),
    links: [linkRow(1, 1), linkRow(2, 1)],
  });
  store.commands['object.save']({ object: objectRow(2), links: [linkRow(3, 2)] });
  store.commands['object.reduce']({ id: 1, links: [2] });
  expect(store.commands['link.list'](null).map(({ id }) => id)).toEqual([2, 3]);
  expect(store.commands['object.list'](null)).toMatchObject([
    { id: 1, unloaded: true, reused: { events: { 'node-1': 7 } } },
    { id: 2, unloaded: false, reused: {} },
  ]);
  store.close();
});

it('a database of version 1 is brought up to date, with its objects and links', () => {
  const file = newFile();
  const db = new Sqlite(file);
  migrate(db, MIGRATIONS.slice(0, 1));
  db.exec(`INSERT INTO objects VALUES (5, 'old', 'ab', x'7f45', '2026-01-01T00:00:00Z', '{}', 50, 1, 60, 1, 'user', '[51]');
    INSERT INTO links VALUES (9, 5, 50, '2026-01-01T00:00:00Z', '{}')`);
  db.close();
  const store = openStore(file);
  expect(store.commands['object.list'](null)).toMatchObject([
    { id: 5, name: 'old', without: [51], unloaded: false, reused: {} },
  ]);
  expect(store.commands['link.list'](null)).toMatchObject([{ id: 9 }]);
  expect(store.commands['bpffs.list'](null)).toEqual([]);
  store.close();
  const raw = new Sqlite(file);
  expect(raw.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
  raw.close();
});
