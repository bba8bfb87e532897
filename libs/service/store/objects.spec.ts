import { join } from 'node:path';
import type { MapSnapshotRow } from './store-api';
import { linkRow, objectRow, openStore, testFolder } from './testing';

const folder = testFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.db`);

describe('objects and links', () => {
  it('come back after the file is opened again', () => {
    const file = newFile();
    const store = openStore(file);
    const objects = [objectRow(1), objectRow(2, { origin: 'demo', without: [21] })];
    store.commands['object.save']({ object: objects[0], links: [linkRow(1, 1), linkRow(2, 1)] });
    store.commands['object.save']({ object: objects[1], links: [] });
    store.commands['link.save'](linkRow(7, 2));
    store.close();

    const again = openStore(file);
    const stored = again.commands['object.list'](null);
    expect(stored.map((row) => ({ ...row, bytes: Uint8Array.from(row.bytes) }))).toEqual(objects);
    expect(again.commands['link.list'](null)).toEqual([linkRow(1, 1), linkRow(2, 1), linkRow(7, 2)]);
    expect(again.commands['ids.next'](null)).toEqual({ object: 3, program: 23, map: 202, link: 8 });
    again.close();
  });

  it('go together, and their ids are never given again', () => {
    const file = newFile();
    const store = openStore(file);
    expect(store.commands['ids.next'](null)).toEqual({ object: 1, program: 1, map: 1, link: 1 });
    store.commands['object.save']({ object: objectRow(1), links: [linkRow(1, 1), linkRow(2, 1)] });
    store.commands['link.delete']({ id: 1 });
    expect(store.commands['link.list'](null)).toEqual([linkRow(2, 1)]);
    store.commands['object.delete']({ id: 1 });
    expect(store.commands['object.list'](null)).toEqual([]);
    expect(store.commands['link.list'](null)).toEqual([]);
    store.close();
    const again = openStore(file);
    expect(again.commands['ids.next'](null)).toEqual({ object: 2, program: 13, map: 102, link: 3 });
    again.close();
  });

  it('can be stored anew', () => {
    const store = openStore(newFile());
    store.commands['object.save']({ object: objectRow(1), links: [linkRow(1, 1)] });
    store.commands['object.save']({ object: objectRow(1, { name: 'renamed' }), links: [] });
    store.commands['object.set_without']({ id: 1, without: [10, 12] });
    store.commands['link.save']({ ...linkRow(1, 1), request: '{}' });
    expect(store.commands['object.list'](null)).toMatchObject([
      { id: 1, name: 'renamed', without: [10, 12] },
    ]);
    expect(store.commands['link.list'](null)).toEqual([{ ...linkRow(1, 1), request: '{}' }]);
    store.close();
  });

  it('are refused as a whole when a link has no object', () => {
    const store = openStore(newFile());
    const save = () => store.commands['object.save']({ object: objectRow(1), links: [linkRow(1, 9)] });
    expect(save).toThrow('link 1: there is no object 9 to link');
    expect(store.commands['object.list'](null)).toEqual([]);
    expect(store.commands['ids.next'](null).object).toBe(1);
    store.close();
  });
});

describe('map snapshots', () => {
  const snapshot = (n: number, map_id: number, node = 'node-1'): MapSnapshotRow => ({
    map_id,
    map: `map-${map_id}`,
    object: 'object-1',
    node,
    boot: 'boot-a',
    time: '2026-01-01T00:00:00Z',
    json: `{"n":${n}}`,
  });

  it('are the latest 50 of each map and node, newest first', () => {
    const store = openStore(newFile());
    for (let n = 1; n <= 60; n++)
      store.commands.append({ snapshots: [snapshot(n, 1), snapshot(n, 1, 'node-2'), snapshot(n, 2)] });
    const stored = store.commands['snapshot.list']({ limit: 1_000 });
    expect(stored).toHaveLength(150);
    const ofNode = store.commands['snapshot.list']({ map_id: 1, limit: 1_000 }).filter(
      ({ node }) => node === 'node-2',
    );
    expect(ofNode).toEqual(Array.from({ length: 50 }, (_, i) => snapshot(60 - i, 1, 'node-2')));
    expect(store.commands['snapshot.list']({ map_id: 2, limit: 1 })).toEqual([snapshot(60, 2)]);
    store.close();
  });
});

describe('settings', () => {
  it('are kept by name', () => {
    const file = newFile();
    const store = openStore(file);
    expect(store.commands['setting.get']({ key: 'speed' })).toBeNull();
    store.commands['setting.set']({ key: 'speed', value: '1' });
    store.commands['setting.set']({ key: 'speed', value: '2.5' });
    store.close();
    const again = openStore(file);
    expect(again.commands['setting.get']({ key: 'speed' })).toBe('2.5');
    again.close();
  });
});
