import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { StoreRefused } from './store-refused';
import { BOOT, openStore, queryOf, recordRow, recordRows, testFolder } from './testing';

const folder = testFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.db`);

describe('append', () => {
  it('is there after the file is opened again', () => {
    const file = newFile();
    const rows = recordRows(3, () => ({ pod: 'web-1', namespace: 'shop', session: 'exec-1' }));
    const store = openStore(file);
    store.commands.append({ records: rows });
    store.close();

    const again = openStore(file);
    expect(again.commands['record.query'](queryOf({ order: 'asc' })).records).toEqual(
      rows.map(({ json }) => JSON.parse(json)),
    );
    expect(again.commands.status(null)).toMatchObject({ file, records: 3 });
    again.close();
  });

  it('shows people with a SQLite shell every column', () => {
    const file = newFile();
    const store = openStore(file);
    const [row] = recordRows(1, () => ({ pod: 'web-1', namespace: 'shop', session: 'exec-1' }));
    store.commands.append({ records: [row, recordRow(2)] });
    const reader = new Sqlite(file, { readonly: true });
    const [first, second] = reader.prepare('SELECT * FROM records ORDER BY id').all() as object[];
    reader.close();
    store.close();
    const { raw, ...rest } = row;
    expect(first).toMatchObject({ ...rest, raw: Buffer.from(raw) });
    expect(second).toMatchObject({ sequence: 2, pod: null, namespace: null, session: null });
  });

  it('stores a record once, however often it is sent', () => {
    const store = openStore(newFile());
    store.commands.append({ records: recordRows(3) });
    store.commands.append({ records: [...recordRows(5), recordRow(5)] });
    expect(store.commands.status(null).records).toBe(5);
    const { records } = store.commands['record.query'](queryOf({ order: 'asc' }));
    expect(records.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    store.close();
  });

  it('keeps records of equal sequence of different boots apart', () => {
    const store = openStore(newFile());
    store.commands['boot.begin']({ boot: BOOT, time: '2026-01-01T00:00:00Z' });
    store.commands['boot.begin']({ boot: 'boot-b', time: '2026-01-02T00:00:00Z' });
    store.commands.append({ records: recordRows(2, () => ({ boot: 'boot-b' })) });
    // A record that was still on its way when the next boot began.
    store.commands.append({ records: recordRows(2) });
    const { records } = store.commands['record.query'](queryOf({ order: 'asc' }));
    expect(records.map(({ boot, sequence }) => [boot, sequence])).toEqual([
      [BOOT, 1],
      [BOOT, 2],
      ['boot-b', 1],
      ['boot-b', 2],
    ]);
    store.close();
  });

  it('stores all of a batch or nothing', () => {
    const store = openStore(newFile());
    const broken = { ...recordRow(2, { program: 'new_program', boot: 'boot-b' }), json: null as never };
    expect(() => store.commands.append({ records: [recordRow(1), broken] })).toThrow('NOT NULL');
    expect(store.commands.status(null).records).toBe(0);
    // Names and boots that came with the refused batch are entered anew.
    store.commands.append({ records: [recordRow(2, { program: 'new_program', boot: 'boot-b' })] });
    expect(store.commands['record.query'](queryOf({ program: 'new_program' })).records).toHaveLength(1);
    store.close();
  });
});

describe('record.after', () => {
  const store = openStore(newFile());
  store.commands.append({ records: recordRows(3) });
  store.commands.append({ records: recordRows(2, () => ({ boot: 'boot-b' })) });
  afterAll(() => store.close());

  const stored = (boot: string, sequence: number, limit = 10) =>
    store.commands['record.after']({ boot, sequence, limit }).map((row) => [row.boot, row.sequence]);

  it.each([
    {
      boot: BOOT,
      sequence: 0,
      limit: 10,
      rest: [
        [BOOT, 1],
        [BOOT, 2],
        [BOOT, 3],
        ['boot-b', 1],
        ['boot-b', 2],
      ],
    },
    {
      boot: BOOT,
      sequence: 2,
      limit: 10,
      rest: [
        [BOOT, 3],
        ['boot-b', 1],
        ['boot-b', 2],
      ],
    },
    {
      boot: BOOT,
      sequence: 2,
      limit: 2,
      rest: [
        [BOOT, 3],
        ['boot-b', 1],
      ],
    },
    {
      boot: BOOT,
      sequence: 9_000,
      limit: 10,
      rest: [
        ['boot-b', 1],
        ['boot-b', 2],
      ],
    },
    { boot: 'boot-b', sequence: 2, limit: 10, rest: [] },
  ])('gives what came after $sequence of $boot, up to $limit', ({ boot, sequence, limit, rest }) => {
    expect(stored(boot, sequence, limit)).toEqual(rest);
  });

  it('gives the JSON text as it was stored', () => {
    const [{ json }] = store.commands['record.after']({ boot: BOOT, sequence: 0, limit: 1 });
    expect(json).toBe(recordRow(1).json);
  });

  it('refuses a boot that never was', () => {
    expect(() => stored('boot-x', 1)).toThrow(
      expect.objectContaining<Partial<StoreRefused>>({
        diagnostic: expect.objectContaining({ code: 'unknown-boot' }),
      }),
    );
  });
});
