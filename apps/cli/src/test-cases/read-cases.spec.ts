import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCases } from './read-cases';

const folder = mkdtempSync(join(tmpdir(), 'probectl-cases-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(text: string, name = 'a.probed.yaml') {
  const path = join(folder, name);
  writeFileSync(path, text);
  const cases = await readCases(path);
  if (!cases.ok) return { error: `${cases.error.where?.replace(`${folder}/`, '')}: ${cases.error.message}` };
  return { cases: cases.value };
}

test('the file gives defaults, tables add up, paths are beside the file', async () => {
  const { cases } = await read(`
object: my.bpf.o
seed: 7
set: { a: 1, b: 2 }
cases:
  - name: one
    set: { b: 3 }
    expect: { records: [{ pid: 1 }] }
  - object: other.bpf.o
    timeout: 500ms
    expect: { variables: { wide: 18446744073709551615 } }
`);
  const [one, two] = cases!;
  expect(one).toMatchObject({ name: 'one', seed: 7, scenario: 'demo', objects: [join(folder, 'my.bpf.o')] });
  expect([...one.set]).toEqual([
    ['a', 1],
    ['b', 3],
  ]);
  expect(one.expect.records).toEqual(new Map([['', { in_order: [{ pid: 1 }] }]]));
  expect(two).toMatchObject({ name: 'case 2', timeoutNs: 5e8, objects: [join(folder, 'other.bpf.o')] });
  expect(two.expect.variables!.get('wide')).toBe(18446744073709551615n);
});

test('records by map, maps as a list or by key', async () => {
  const { cases } = await read(`
object: x.o
expect:
  records: { events: { count: { $gte: 3 } }, other: [{ a: 1 }] }
  maps: { counts: { 1: 2, name: 3 }, list: [{ key: 1 }], sized: { count: 2 } }
`);
  const { records, maps } = cases![0].expect;
  expect(records).toEqual(
    new Map<string, unknown>([
      ['events', { count: { $gte: 3 } }],
      ['other', { in_order: [{ a: 1 }] }],
    ]),
  );
  expect(maps!.get('counts')).toEqual({
    entries: [
      { key: 1, value: 2 },
      { key: 'name', value: 3 },
    ],
  });
  expect(maps!.get('list')).toEqual({ entries: [{ key: 1 }] });
  expect(maps!.get('sized')).toEqual({ count: 2 });
});

test('events need no workload, and no more time than they take', async () => {
  const { cases } = await read(`
object: x.o
task: { comm: cat }
events:
  - { fire: 'kprobe:vfs_read', args: [1, 2], at: 20ms }
  - { fire: 'tp:a:b', fields: { x: 1 }, task: { pid: 7 }, repeat: 3 }
expect: { fired: [{ runs: 1 }] }
`);
  const [one] = cases!;
  expect(one).toMatchObject({ scenario: 'none', durationNs: 30e6 });
  expect(one.events).toMatchObject([
    { fire: 'kprobe:vfs_read', payload: [1, 2], atNs: 20e6, repeat: 1, task: { comm: 'cat' } },
    { fire: 'tp:a:b', payload: { x: 1 }, repeat: 3, task: { comm: 'cat', pid: 7 } },
  ]);
});

test('JSON may have comments, and a list is cases', async () => {
  const text = '[ // one\n { "object": "x.o", /* "seed": 3, */ "name": "a // b", "expect": { "lost": 0 } } ]';
  const { cases } = await read(text, 'a.probed.json');
  expect(cases).toMatchObject([{ name: 'a // b', seed: 1, expect: { lost: 0 } }]);
});

test.each([
  ['object: x.o', 'a.probed.yaml: a: nothing is expected'],
  ['expect: { lost: 0 }', 'a.probed.yaml: a: no object to load'],
  ['object: x.o\nexpct: 1', 'a.probed.yaml: the file: nothing is called "expct"'],
  ['object: x.o\nexpect: { records: { $gt: 1 } }', 'a.probed.yaml: expect.records.$gt: '],
  ['object: x.o\nexpect: { lost: { $gr: 1 } }', 'no matcher is called $gr'],
  ['object: x.o\nduration: 3 parsecs\nexpect: { lost: 0 }', 'duration: a duration up to 24h is wanted'],
  ['object: [x.o', 'a.probed.yaml:1:'],
  ['a: &a [x]\nb: *c', 'a.probed.yaml'],
  [
    'cases:\n  - { name: a, object: x, expect: { lost: 0 } }\n  - { name: a, object: x, expect: { lost: 0 } }',
    'two cases are called "a"',
  ],
  [`object: ${'['.repeat(5000)}`, 'a.probed.yaml'],
])('%j is refused in one line', async (text, words) => {
  const { error } = await read(text);
  expect(error).toContain(words);
  expect(error).not.toContain('\n');
});

describe('docs/testing.md', () => {
  const text = readFileSync(join(__dirname, '../../../../docs/testing.md'), 'utf8');
  const blocks = [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block]) => block);
  const cases = blocks.filter((block) => block.includes('expect:'));

  test('its cases can be read', async () => {
    expect(cases.length).toBeGreaterThan(0);
    for (const block of cases) expect(await read(block)).toMatchObject({ cases: expect.any(Array) });
  });
});
