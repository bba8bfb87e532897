import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { MIGRATIONS } from './migrations';
import { migrate } from './schema';
import { Store } from './store';
import {
  execSession,
  linkRow,
  objectRow,
  openStore,
  queryOf,
  recordRow,
  recordRows,
  testFolder,
} from './testing';

const folder = testFolder();
let folders = 0;
const newFile = () => join(folder, `state-${folders++}`, 'probed.db');

function refusalOf(file: string) {
  const opened = Store.open(file);
  if (opened.ok) throw new Error('it was opened');
  return opened.error;
}

describe('opening', () => {
  it('makes folder and file for their owner alone', () => {
    const file = join(folder, 'deep', 'er', 'probed.db');
    const store = openStore(file);
    store.commands.append({ records: recordRows(1) });
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
    for (const suffix of ['', '-wal', '-shm']) expect(statSync(file + suffix).mode & 0o777).toBe(0o600);
    store.close();
  });

  it('refuses a folder in place of the file', () => {
    const file = newFile();
    mkdirSync(file, { recursive: true });
    expect(refusalOf(file)).toMatchObject({ code: 'store-unopened', where: file });
  });

  it('refuses a file in place of the folder', () => {
    const file = newFile();
    writeFileSync(dirname(file), '');
    expect(refusalOf(file)).toMatchObject({ code: 'store-unopened', where: file });
  });

  it('refuses a database of a newer version, and leaves it as it is', () => {
    const file = newFile();
    openStore(file).close();
    const db = new Sqlite(file);
    db.pragma('user_version = 99');
    db.close();
    const before = readFileSync(file);
    expect(refusalOf(file)).toEqual({
      code: 'store-newer',
      message: `its schema is version 99, this probed knows up to version ${MIGRATIONS.length}`,
      where: file,
      hint: 'use the newer probed that made it, or another state directory',
    });
    expect(readFileSync(file)).toEqual(before);
  });

  it('refuses a database of another program', () => {
    const file = newFile();
    mkdirSync(dirname(file));
    const db = new Sqlite(file);
    db.exec('CREATE TABLE recipes (name TEXT)');
    db.close();
    expect(refusalOf(file)).toMatchObject({ code: 'store-foreign', where: file });
  });
});

describe('migrate', () => {
  const steps = ['CREATE TABLE a (x)', 'INSERT INTO a VALUES (2)', 'INSERT INTO a VALUES (3)'];
  const rows = (db: Sqlite.Database) => db.prepare('SELECT x FROM a').pluck().all();

  it('takes every step from version 0', () => {
    const db = new Sqlite(':memory:');
    migrate(db, steps);
    expect(db.pragma('user_version', { simple: true })).toBe(3);
    expect(rows(db)).toEqual([2, 3]);
  });

  it('takes only the steps that are new', () => {
    const db = new Sqlite(':memory:');
    migrate(db, steps.slice(0, 2));
    migrate(db, steps);
    migrate(db, steps);
    expect(rows(db)).toEqual([2, 3]);
  });

  it('stays at the last step that went well', () => {
    const db = new Sqlite(':memory:');
    const failing = [...steps.slice(0, 2), 'INSERT INTO a VALUES (7); INSERT INTO nothing VALUES (1)'];
    expect(() => migrate(db, failing)).toThrow('nothing');
    expect(db.pragma('user_version', { simple: true })).toBe(2);
    expect(rows(db)).toEqual([2]);
  });

  it('keeps the rows of version 1', () => {
    const file = newFile();
    mkdirSync(dirname(file));
    const db = new Sqlite(file);
    migrate(db, MIGRATIONS.slice(0, 1));
    db.exec("INSERT INTO settings VALUES ('key', 'value')");
    db.close();
    const store = openStore(file);
    expect(store.commands['setting.get']({ key: 'key' })).toBe('value');
    store.close();
  });
});

describe('a damaged file', () => {
  function filledStore(file: string): void {
    const store = openStore(file);
    store.commands['object.save']({ object: objectRow(1), links: [linkRow(1, 1)] });
    store.commands['setting.set']({ key: 'key', value: 'value' });
    store.commands.append({ records: recordRows(2_000), sessions: [execSession('exec-1')] });
    store.close();
  }

  const DAMAGES: readonly [string, (file: string) => void][] = [
    [
      'that is no database',
      (file) => writeFileSync(file, 'not a database, but a text of some length\n'.repeat(100)),
    ],
    ['that was cut off', (file) => truncateSync(file, 8_192)],
  ];

  it.each(DAMAGES)('%s is moved aside, and a new one begins', (_, damage) => {
    const file = newFile();
    filledStore(file);
    damage(file);
    const damaged = readFileSync(file);

    const store = openStore(file);
    const aside = readdirSync(dirname(file)).filter((name) =>
      /^probed\.db\.damaged-\d{8}T\d{6}Z$/.test(name),
    );
    expect(aside).toHaveLength(1);
    expect(readFileSync(join(dirname(file), aside[0]))).toEqual(damaged);
    expect(store.notices).toHaveLength(1);
    expect(store.notices[0]).toContain(`${file}: `);
    expect(store.notices[0]).toContain(`it is now ${join(dirname(file), aside[0])}, and a new one begins`);
    store.commands.append({ records: recordRows(3) });
    expect(store.commands.status(null).records).toBe(3);
    store.close();
    const again = openStore(file);
    expect(again.notices).toEqual([]);
    again.close();
  });

  /** Overwrites the pages of a table, so that the rest stays readable. */
  function spoil(file: string, table: string): void {
    const db = new Sqlite(file);
    const pages = db.prepare('SELECT pageno FROM dbstat WHERE name = ?').pluck().all(table) as number[];
    db.close();
    const bytes = readFileSync(file);
    for (const page of pages) bytes.fill(0xa5, (page - 1) * 4_096, page * 4_096);
    writeFileSync(file, bytes);
  }

  it('leaves to the new one what can be read of objects, links, settings and sessions', () => {
    const file = newFile();
    filledStore(file);
    spoil(file, 'record_data');
    const store = openStore(file);
    expect(store.notices[0]).toContain('with the settings, objects, links, sessions of the old one');
    expect(store.commands['object.list'](null)).toMatchObject([{ id: 1 }]);
    expect(store.commands['link.list'](null)).toEqual([linkRow(1, 1)]);
    expect(store.commands['ids.next'](null)).toMatchObject({ object: 2, link: 2 });
    expect(store.commands['session.get']({ id: 'exec-1' })).toMatchObject({ id: 'exec-1' });
    expect(store.commands.status(null).records).toBe(0);
    // Its boot goes on where it was.
    store.commands.append({ records: [recordRow(2_001)] });
    expect(store.commands['record.query'](queryOf()).records).toMatchObject([{ sequence: 2_001 }]);
    store.close();
  });

  it('that shows it only later is refused by name', () => {
    const file = newFile();
    filledStore(file);
    const store = openStore(file);
    spoil(file, 'record_data');
    const { message } = (() => {
      try {
        store.commands['record.after']({ boot: 'boot-a', sequence: 500, limit: 500 });
        return { message: '' };
      } catch (error) {
        return error as Error;
      }
    })();
    expect(message).toContain(`${file}: the database is damaged [SQLITE_CORRUPT`);
    store.close();
  });
});

describe('a full disk', () => {
  const PAGES = 100;

  it('refuses with the file and what to do, and loses nothing that was stored', () => {
    const file = newFile();
    const store = openStore(file, { pageCountMax: PAGES });
    let stored = 0;
    const fill = () => {
      for (; ; stored += 10)
        store.commands.append({
          records: Array.from({ length: 10 }, (_, i) =>
            recordRow(stored + i + 1, { program: `program-${stored}` }),
          ),
        });
    };
    expect(fill).toThrow(
      `${file}: there is no space left to write to [SQLITE_FULL] (free some on its disk; writing goes on by itself)`,
    );
    expect(stored).toBeGreaterThan(100);
    expect(store.commands.status(null).records).toBe(stored);
    store.close();

    const larger = openStore(file);
    larger.commands.append({ records: recordRows(stored + 10, (n) => ({ program: `program-${n}` })) });
    const { records } = larger.commands['record.query'](queryOf({ order: 'asc', limit: 10_000 }));
    expect(records.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: stored + 10 }, (_, i) => i + 1),
    );
    // Names of the refused batch are names of theirs, not of others.
    expect(records[stored + 1].program).toBe(`program-${stored + 2}`);
    larger.close();
  });

  it('goes on in the same store when there is room again', () => {
    const file = newFile();
    const store = openStore(file, { pageCountMax: PAGES });
    let sequence = 0;
    const one = () =>
      store.commands.append({ records: [recordRow(++sequence, { program: `p-${sequence}` })] });
    expect(() => {
      for (;;) one();
    }).toThrow('no space left');
    store.commands.prune({ records_max: 10, bytes_max: 1e9 });
    one();
    const [newest] = store.commands['record.query'](queryOf({ limit: 1 })).records;
    expect(newest).toMatchObject({ sequence, program: `p-${sequence}` });
    store.close();
  });
});

describe('another process', () => {
  it('may read meanwhile, and makes a writer wait by its lock', () => {
    const file = newFile();
    const store = openStore(file);
    store.commands.append({ records: recordRows(5) });
    const other = new Sqlite(file);
    expect(other.prepare('SELECT count(*) FROM records').pluck().get()).toBe(5);
    other.exec('BEGIN IMMEDIATE');
    expect(() => store.commands.append({ records: recordRows(6) })).toThrow(
      `${file}: another process keeps it locked [SQLITE_BUSY]`,
    );
    other.exec('ROLLBACK');
    other.close();
    store.commands.append({ records: recordRows(6) });
    expect(store.commands.status(null).records).toBe(6);
    store.close();
  });
});
