import { plainCell } from './cells';
import { explainedCell } from './explained-cell';
import { foldedLines } from './folded-stacks';
import { histogramText } from './histogram-text';

const column = (...path: string[]) =>
  ({ title: 'X', path, width: 8, align: 'left', long: false, format: plainCell }) as const;
const frame = (symbol: string) => ({ ip: '0x1', symbol, offset: 4 });
const EXPLAINED = {
  explained: { flags: 'O_RDONLY', saddr_v4: '10.0.0.1', 'key.a': 'x\x1b[1m' },
  stacks: { ips: ['a', 'b', 'c', 'd'].map(frame) },
};

test.each([
  ['flags', '', 'O_RDONLY'],
  ['saddr_v6', '', '-'],
  ['pid', '', '7'],
  ['a', 'key.', 'x\\x1b[1m'],
  ['ips', '', 'a+0x4 < b+0x4 < c+0x4 < …'],
])('cell of %s%s', (name, prefix, text) => {
  const value = { flags: 0, saddr_v6: '00', pid: 7, a: 1, ips: [1] };
  expect(explainedCell(column(name), value, EXPLAINED, prefix)).toBe(text);
});

test('a histogram as bcc prints it', () => {
  const buckets = [
    { low: 0, high: 1, count: 2 },
    { low: 2, high: 3, count: 4 },
  ];
  expect(histogramText({ kind: 'log2', unit: 'us', of: { dev: 8 }, buckets }).split('\n')).toEqual([
    'dev=8',
    '  us     : count  distribution',
    `  0 -> 1 : 2     |${'*'.repeat(20)}${' '.repeat(20)}|`,
    `  2 -> 3 : 4     |${'*'.repeat(40)}|`,
  ]);
});

test('folded stacks: user before kernel, outermost first, weights added, what has no stack left out', () => {
  const entry = (key: string, delta: number) => ({
    key,
    value: { delta, comm: 'a;b' },
    stacks: { 'key.kern_stack_id': [frame('k2'), frame('k1')], 'key.user_stack_id': [frame('main')] },
  });
  const none = { key: 'z', value: 9 };
  expect(foldedLines([entry('x', 2), entry('y', 3), none])).toEqual(['a:b;main;k1;k2 5']);
});
