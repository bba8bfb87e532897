import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordQuery } from '@probed/protocol';
import type { RecordRow } from '@probed/store';
import Sqlite from 'better-sqlite3';
import { CommandRefused } from '../threads/rpc';
import { KeptStore } from './kept-store';

const folder = mkdtempSync(join(tmpdir(), 'probed-kept-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = () => join(folder, `${files++}.db`);

function rows(count: number): RecordRow[] {
  return Array.from({ length: count }, (_, i) => {
    const row = { boot: 'boot-a', sequence: i + 1, ktime_ns: i, time: '2026-01-01T00:00:00Z' };
    const source = { node: 'n', program: 'p', map: 'm', hook: 'h' };
    return { ...row, ...source, raw: new Uint8Array(8), json: JSON.stringify(row) };
  });
}

/** A store whose records turn out to be damaged when they are read. */
function damagedStore(file: string, notices: string[]): KeptStore {
  const options = { notice: (line: string) => void notices.push(line) };
  const made = KeptStore.open(file, options);
  made.run((store) => store.commands['setting.set']({ key: 'key', value: 'value' }));
  made.run((store) => store.commands.append({ records: rows(20_000) }));
  made.close();
  const db = new Sqlite(file);
  const pages = db.prepare("SELECT pageno FROM dbstat WHERE name = 'record_keys'").pluck().all() as number[];
  db.close();
  const kept = KeptStore.open(file, options);
  const bytes = readFileSync(file);
  for (const page of pages) bytes.fill(0xa5, (page - 1) * 4_096, page * 4_096);
  writeFileSync(file, bytes);
  return kept;
}

describe('KeptStore', () => {
  const QUERY = recordQuery.parse({ program: 'nothing' });
  const WORKS: readonly [string, (kept: KeptStore) => Promise<unknown>][] = [
    ['a command', async (kept) => kept.run((store) => store.commands['record.query'](QUERY))],
    ['a long command', (kept) => kept.runSteps((store) => store.query(QUERY))],
    [
      'two of them at a time',
      async (kept) => {
        const both = [1, 2].map(() => kept.runSteps((store) => store.query(QUERY)));
        return (await Promise.all(both))[1];
      },
    ],
  ];

  it.each(WORKS)('puts a new store in the place of one that %s finds damaged', async (_, work) => {
    const notices: string[] = [];
    const file = newFile();
    const kept = damagedStore(file, notices);
    expect(notices).toEqual([]);
    expect(await work(kept)).toEqual({ records: [] });
    expect(notices).toEqual([
      expect.stringContaining(`${file}: the database is damaged; it is now ${file}.damaged-`),
    ]);
    expect(readdirSync(folder).filter((name) => name.startsWith(`${files - 1}.db.damaged-`))).not.toEqual([]);
    kept.run((store) => store.commands.append({ records: rows(5) }));
    expect(kept.run((store) => store.commands.status(null)).records).toBe(5);
    expect(kept.run((store) => store.commands['setting.get']({ key: 'key' }))).toBe('value');
    kept.close();
  });

  it('gives refusals of the store as refusals of the thread', () => {
    const kept = KeptStore.open(newFile(), { notice: () => undefined });
    const after = () =>
      kept.run((store) => store.commands['record.after']({ boot: 'x', sequence: 1, limit: 1 }));
    expect(after).toThrow(CommandRefused);
    expect(after).toThrow('there is no boot x in the history');
    kept.close();
  });
});
