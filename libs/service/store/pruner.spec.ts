import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import {
  execSession,
  openStore,
  queryOf,
  recordRow,
  recordRows,
  sessionCommand,
  testFolder,
} from './testing';

const folder = testFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.db`);
const NO_LIMIT = { records_max: Number.MAX_SAFE_INTEGER, bytes_max: Number.MAX_SAFE_INTEGER };

describe('prune', () => {
  it('deletes the oldest beyond a number of records', () => {
    const file = newFile();
    const store = openStore(file);
    store.commands.append({ records: recordRows(9_000) });
    store.commands.append({ records: recordRows(3_000, () => ({ boot: 'boot-b' })) });
    expect(store.commands.prune(NO_LIMIT)).toBe(0);
    expect(store.commands.prune({ ...NO_LIMIT, records_max: 4_500 })).toBe(7_500);
    expect(store.commands.status(null).records).toBe(4_500);
    const { records } = store.commands['record.query'](queryOf({ order: 'asc', limit: 10_000 }));
    expect(records).toHaveLength(4_500);
    expect(records[0]).toMatchObject({ boot: 'boot-a', sequence: 7_501 });
    expect(store.commands.prune({ ...NO_LIMIT, records_max: 3_000 })).toBe(1_500);
    const since = store.commands['record.query'](
      queryOf({ since: '2026-01-01T00:00:00.000002999Z', limit: 10 }),
    );
    expect(since.records.map(({ sequence }) => sequence)).toEqual([3_000, 2_999]);
    store.close();
    const db = new Sqlite(file, { readonly: true });
    for (const table of ['record_keys', 'record_data'])
      expect(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()).toBe(3_000);
    db.close();
  });

  it('deletes the oldest beyond a size, and gives the space back', () => {
    const store = openStore(newFile());
    const raw = new Uint8Array(1_000);
    for (let batch = 0; batch < 20; batch++)
      store.commands.append({
        records: Array.from({ length: 500 }, (_, i) => recordRow(batch * 500 + i + 1, { raw })),
      });
    const limit = 4_000_000;
    const before = store.commands.status(null);
    expect(before.file_bytes).toBeGreaterThan(3 * limit);
    const deleted = store.commands.prune({ ...NO_LIMIT, bytes_max: limit });
    const { records } = store.commands.status(null);
    expect(records).toBe(before.records - deleted);
    // Not more than needed: what is left fills most of the limit.
    expect(records * 1_000).toBeGreaterThan(limit / 2);
    store.close();
    expect(store.notices).toEqual([]);
  });

  it('makes the file itself as small as it may be', () => {
    const file = newFile();
    const store = openStore(file);
    store.commands.append({ records: recordRows(10_000, () => ({ raw: new Uint8Array(1_000) })) });
    store.commands.prune({ ...NO_LIMIT, bytes_max: 1_000_000 });
    store.close();
    const db = new Sqlite(file, { readonly: true });
    expect((db.pragma('page_count', { simple: true }) as number) * 4_096).toBeLessThanOrEqual(1_000_000);
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    db.close();
  });

  it('ends when there is nothing to delete, however small the limit', () => {
    const store = openStore(newFile());
    expect(store.commands.prune({ records_max: 0, bytes_max: 0 })).toBe(0);
    store.commands.append({ records: recordRows(3) });
    expect(store.commands.prune({ records_max: 0, bytes_max: 0 })).toBe(3);
    expect(store.commands['record.query'](queryOf()).records).toEqual([]);
    store.close();
  });

  it('goes on with the sequences of a boot whose records are all gone', () => {
    const store = openStore(newFile());
    store.commands.append({ records: recordRows(3) });
    store.commands.prune({ ...NO_LIMIT, records_max: 0 });
    store.commands.append({ records: [recordRow(4)] });
    expect(store.commands['record.after']({ boot: 'boot-a', sequence: 2, limit: 9 })).toMatchObject([
      { boot: 'boot-a', sequence: 4 },
    ]);
    store.close();
  });

  it('deletes sessions, commands and snapshots of boots without records, but the latest 1,000 sessions', () => {
    const file = newFile();
    const store = openStore(file);
    const ended = { state: 'exited', boot: 'boot-a' } as const;
    const ids = Array.from({ length: 1_005 }, (_, i) => `exec-${i}`);
    const snapshot = { map_id: 1, map: 'm', object: 'o', node: 'n', time: '', json: '{}' };
    store.commands.append({
      records: recordRows(10),
      sessions: [execSession('running'), ...ids.map((id) => execSession(id, ended))],
      commands: [sessionCommand(ids[0], 1), sessionCommand(ids[1_004], 1)],
      snapshots: [{ ...snapshot, boot: 'boot-a' }],
    });
    store.commands.append({
      records: recordRows(10, () => ({ boot: 'boot-b' })),
      snapshots: [{ ...snapshot, boot: 'boot-b' }],
    });
    store.commands.prune({ ...NO_LIMIT, records_max: 11 });
    expect(store.commands['session.get']({ id: ids[0] })?.command_list).toHaveLength(1);

    store.commands.prune({ ...NO_LIMIT, records_max: 5 });
    const left = store.commands['session.list']({ limit: 10_000 }).map(({ id }) => id);
    expect(left).toEqual([...ids.slice(5).reverse(), 'running']);
    expect(store.commands['session.get']({ id: ids[1_004] })?.command_list).toHaveLength(1);
    expect(store.commands['snapshot.list']({ limit: 9 })).toMatchObject([{ boot: 'boot-b' }]);
    store.close();
    const db = new Sqlite(file, { readonly: true });
    expect(db.prepare('SELECT count(*) FROM session_commands').pluck().get()).toBe(1);
    db.close();
  });
});
