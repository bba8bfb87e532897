import { join } from 'node:path';
import type { RecordQuery, WireRecord } from '@probed/protocol';
import type { RecordRow } from './store-api';
import { openStore, queryOf, type RecordGiven, recordRow, testFolder } from './testing';

const store = openStore(join(testFolder(), 'probed.db'));
afterAll(() => store.close());

const GIVEN: readonly RecordGiven[] = [
  { node: 'node-1', program: 'exec', map: 'events', hook: 'tracepoint:a:b', time: '2026-01-01T00:00:00Z' },
  { node: 'node-2', program: 'exec', map: 'other', hook: 'kprobe:c', time: '2026-01-01T00:00:00.000000001Z' },
  { node: 'node-2', program: 'open', map: 'events', hook: 'kprobe:c', pod: 'web-1', namespace: 'shop' },
  { pod: 'web-1', namespace: 'test', session: 'exec-1', time: '2026-01-01T00:00:01.5Z' },
  { pod: 'db-0', namespace: 'shop', session: 'exec-2', time: '2026-01-01T00:00:01.500000001Z' },
  { value: { comm: 'curl', args: ['--Header', '100%_sure\\', 'äÖ"\n'], size: 12_345, none: null } },
  { value: undefined },
];
store.commands.append({ records: GIVEN.map((given, i) => recordRow(i + 1, { ...given })) });

const sequences = (query: Partial<RecordQuery>) =>
  store.commands['record.query'](queryOf({ order: 'asc', ...query })).records.map(({ sequence }) => sequence);

describe('filters', () => {
  it.each<[Partial<RecordQuery>, number[]]>([
    [{ node: 'node-2' }, [2, 3]],
    [{ program: 'exec' }, [1, 2]],
    [{ program: 'exe' }, []],
    [{ map: 'other' }, [2]],
    [{ hook: 'kprobe:c' }, [2, 3]],
    [{ hook: 'kprobe:c', map: 'events' }, [3]],
    [{ pod: 'web-1' }, [3, 4]],
    [{ pod: 'shop/web-1' }, [3]],
    [{ pod: 'web' }, [3, 4]],
    [{ pod: 'we' }, []],
    [{ pod: 'shop/nothing' }, []],
    [{ session: 'exec-2' }, [5]],
    [{ session: 'exec-2', pod: 'web-1' }, []],
    [{ since: '2026-01-01T00:00:00.000000001Z', until: '2026-01-01T00:00:00.000000003Z' }, [2]],
    [{ since: '2026-01-01T00:00:01.500000001Z' }, [5]],
    [{ since: '2026-01-01T00:00:01.5Z', until: '2026-01-01T00:00:01.500000001Z' }, [4]],
    [{ until: '2026-01-01T00:00:00Z' }, []],
    [{ since: '9999-12-31T23:59:59Z' }, []],
    [{ since: '0001-01-01T00:00:00Z', limit: 1 }, [1]],
  ])('%j', (query, expected) => expect(sequences(query)).toEqual(expected));
});

describe('text', () => {
  it.each([
    ['curl', [6]],
    ['CURL', [6]],
    ['--header', [6]],
    ['100%_S', [6]],
    ['100xyz', []],
    ['e\\', [6]],
    ['Äö"\n', [6]],
    ['2345', [6]],
    ['nginx', [1, 2, 3, 4, 5, 7]],
    // Names of members, and what else is in a record, is no value.
    ['comm', []],
    ['node-1', []],
    ['null', []],
  ])('%j', (text, expected) => expect(sequences({ text })).toEqual(expected));

  it('goes with other filters, and past records that only look alike', () => {
    expect(sequences({ text: 'nginx', pod: 'web-1', limit: 1 })).toEqual([3]);
    expect(sequences({ text: 'curl', order: 'desc', limit: 1 })).toEqual([6]);
  });
});

describe('pages', () => {
  const pages = openStore(join(testFolder(), 'pages.db'));
  const COUNT = 250;
  const rows: RecordRow[] = [];
  for (const [i, boot] of ['boot-a', 'boot-b'].entries())
    for (let sequence = 1; sequence <= COUNT; sequence++)
      rows.push(recordRow(sequence, { boot, program: sequence % 3 ? 'often' : 'seldom', node: `node-${i}` }));
  pages.commands.append({ records: rows });
  afterAll(() => pages.close());

  function walk(query: Partial<RecordQuery>, between: () => void = () => undefined): WireRecord[] {
    const all: WireRecord[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = pages.commands['record.query'](queryOf({ ...query, cursor }));
      all.push(...page.records);
      if (page.next === undefined) return all;
      expect(page.records).toHaveLength(query.limit ?? 100);
      cursor = page.next;
      between();
    }
  }

  const key = ({ boot, sequence }: { boot: string; sequence: number }) => `${boot}/${sequence}`;

  it.each<Partial<RecordQuery>>([
    { order: 'asc', limit: 7 },
    { order: 'desc', limit: 7 },
    { order: 'asc', limit: 250 },
    { order: 'desc', limit: 500 },
  ])('give every record once, in order: %j', (query) => {
    const expected = rows.map(key);
    expect(walk(query).map(key)).toEqual(query.order === 'asc' ? expected : expected.reverse());
  });

  it('are not moved by what is stored between them', () => {
    let sequence = COUNT;
    const found = walk({ order: 'desc', limit: 20, program: 'seldom' }, () =>
      pages.commands.append({ records: [recordRow(++sequence, { boot: 'boot-b', program: 'seldom' })] }),
    );
    const expected = rows.filter(({ program }) => program === 'seldom').map(key);
    expect(found.map(key)).toEqual(expected.reverse());
  });

  it('end without a cursor when exactly the last record is on them', () => {
    const query = queryOf({ session: undefined, program: 'seldom', node: 'node-0', limit: 83 });
    const page = pages.commands['record.query'](query);
    expect(page.records).toHaveLength(83);
    expect(page.next).toBeUndefined();
  });

  it.each([
    ['', 'is no cursor'],
    ['d!', 'is no cursor'],
    ['dzzzzzzzzzzzzz', 'is no cursor'],
    ['a1', 'order=asc'],
  ])('refuse the cursor "%s"', (cursor, message) => {
    expect(() => pages.commands['record.query'](queryOf({ cursor }))).toThrow(message);
  });

  it.each(['2026-13-01T00:00:00Z', '2026-01-01T25:00:00Z', 'yesterday'])('refuse the time "%s"', (since) => {
    expect(() => pages.commands['record.query']({ ...queryOf(), since })).toThrow(/is no time/);
  });
});

describe('slices', () => {
  it('give others their turn, and end', () => {
    const steps = store.query(queryOf({ text: 'nowhere' }));
    const turns = [];
    let step = steps.next();
    for (; !step.done; step = steps.next()) turns.push(step.value);
    expect(turns).toHaveLength(1);
    expect(step.value).toEqual({ records: [] });
  });
});
