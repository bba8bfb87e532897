import type { RecordDocument } from '../output/documents';
import type { Expectation, ListExpectation } from './case';
import { judge } from './judge';
import type { Pattern } from './match';
import type { Outcome } from './outcome';

const NOTHING: Outcome = { records: [], lost: [], trace: [], maps: [], programs: [], faults: [], fired: [] };
const snapshots = { judge: () => [] };

const record = (value: Record<string, unknown>, map = 'events') =>
  ({ type: 'record', program: 'p', map, event: 'event', value }) as unknown as RecordDocument;

const RECORDS = [
  record({ n: 1 }),
  record({ n: 2, x: 'a' }),
  record({ n: 2, x: 'b' }),
  record({ n: 9 }, 'other'),
];

const judged = (expected: ListExpectation, map: string) =>
  judge({ records: new Map([[map, expected]]) }, { ...NOTHING, records: RECORDS }, snapshots);

test.each<[ListExpectation, string]>([
  [{ in_order: [{ n: 1 }, { n: 2 }, { n: 9 }] }, ''],
  [{ in_order: [{ n: 1, map: 'events' }, { map: 'other' }] }, ''],
  [{ any_order: [{ n: 9 }, { n: 2 }, { n: 2, x: 'a' }] }, ''],
  [{ exactly: [{ n: 1 }, { x: 'a' }, { x: 'b' }, {}] }, ''],
  [{ exactly: [{ n: 9 }], count: 1 }, 'other'],
  [{ none: [{ n: 3 }], every: { n: { $gt: 0 } }, count: { $gte: 4 } }, ''],
])('%j holds', (expected, map) => expect(judged(expected, map)).toEqual([]));

test.each<[ListExpectation, string, string]>([
  [{ in_order: [{ n: 9 }, { n: 1 }] }, 'no record as expected (2 of 2)', 'one like it came earlier'],
  [{ in_order: [{ n: 2, x: 'c' }] }, 'no record as expected (1 of 1)', 'nearest is record 2 of 4:'],
  [{ any_order: [{ n: 1 }, { n: 1 }] }, 'no record as expected (2 of 2)', 'nearest is record 2 of 4:'],
  [{ exactly: [{ n: 1 }, { n: 3 }, {}, {}] }, 'record 2 of exactly 4 is not as expected', '- value.n: 3'],
  [{ exactly: [{ n: 1 }] }, '3 records more than expected', '+ {"n":2,"x":"a"}'],
  [{ none: [{ n: 2 }] }, '2 records like {"value":{"n":2}}, none expected', '+ {"n":2,"x":"a"}'],
  [{ every: { n: { $lt: 5 } } }, 'record 4 is unlike what every one is to be', '+ value.n: 9'],
  [{ count: { $lt: 3 } }, 'number of records', '+ 4'],
])('%j does not hold', (expected, what, detail) => {
  const [failure, ...more] = judged(expected, '');
  expect(more).toEqual([]);
  expect(failure.what).toBe(what);
  expect(failure.detail.join('\n')).toContain(detail);
});

const entry = (key: Pattern, value: Pattern) => ({ key, value });

test.each<[Expectation, string[]]>([
  [{ maps: new Map([['m', { entries: [entry(1, 2)] }]]) }, []],
  [{ maps: new Map([['m', { entries: [entry(1, 2)], exactly: true }]]) }, ['number of entries of m']],
  [{ maps: new Map([['m', { entries: [entry(1, 3)] }]]) }, ['no entry of m as expected (1 of 1)']],
  [{ maps: new Map([['cpus', { entries: [entry(1, 3)] }]]) }, []],
  [{ maps: new Map([['mm', { count: 0 }]]) }, ['there is no map mm']],
  [{ variables: new Map([['total', { $gt: 4 }]]) }, []],
  [{ variables: new Map([['totl', 5]]) }, ['there is no global variable totl']],
  [{ trace: { in_order: ['readline in'] } }, []],
  [{ lost: 0 }, ['records lost: not as expected']],
])('%j', (expected, failures) => {
  const maps = [
    {
      type: 'map',
      object: 'o',
      map: 'm',
      map_type: 'hash',
      max_entries: 4,
      entries: [entry(1, 2), entry(2, 2)],
    },
    {
      type: 'map',
      object: 'o',
      map: 'cpus',
      map_type: 'percpu_hash',
      max_entries: 4,
      entries: [{ key: 1, values: [1, 2], sum: 3 }],
    },
    {
      type: 'map',
      object: 'o',
      map: '.bss',
      map_type: 'array',
      max_entries: 1,
      section: '.bss',
      variables: [{ name: 'total', value: 5 }],
    },
  ];
  const outcome = {
    ...NOTHING,
    maps,
    trace: [{ text: 'readline in 4: ls\n' }],
    lost: [{ count: 2 }],
  } as unknown as Outcome;
  expect(judge(expected, outcome, snapshots).map(({ what }) => what)).toEqual(failures);
});

describe('loading that is to fail', () => {
  const error = { code: 'verifier', message: 'R0 invalid mem access', errno: 13, log: ['3: (79) r0 = …'] };
  const failures = (pattern: Pattern, outcome: Outcome = { ...NOTHING, error }) =>
    judge({ load_error: pattern }, outcome, snapshots).map(({ what }) => what);

  test.each<[Pattern]>([
    ['invalid mem'],
    ['R\\d invalid'],
    [{ $contains: '(79)' }],
    [{ errno: 'EACCES', message: { $regex: 'mem' } }],
  ])('%j', (pattern) => expect(failures(pattern)).toEqual([]));

  test('another failure, and none', () => {
    expect(failures('unreleased')).toEqual(['loading failed, but not as expected']);
    expect(failures('unreleased', NOTHING)).toEqual(['loading was to fail, and did not']);
  });

  test('one that nobody expects is told with its log', () => {
    expect(judge({}, { ...NOTHING, error }, snapshots)).toEqual([{ what: error.message, detail: error.log }]);
  });
});
