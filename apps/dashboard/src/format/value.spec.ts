import { hexDump, inline, isNumeric, memberText, summaryPairs } from './value';

test.each([
  [undefined, ''],
  ['bash', 'bash'],
  [-2, '-2'],
  [true, 'true'],
  [[1, 2], '[1, 2]'],
  [[1, 2, 0, 0, 0, 0, 0, 0, 0, 0], '[1, 2, …]'],
  [[0, 0, 0, 0, 0, 0, 0, 0, 0, 5], '[0, 0, 0, 0, 0, 0, 0, 0, 0, 5]'],
  [{ pid: 1, args: ['a', 'b'] }, '{pid: 1, args: [a, b]}'],
])('%j on one line is %s', (value, text) => expect(inline(value)).toBe(text));

test.each([
  ['daddr', 0x1101f40a, '10.244.1.17'],
  ['saddr', 0, '0.0.0.0'],
  ['saddr', 0xffff_ffff, '255.255.255.255'],
  ['daddr', '18446744073709551615', '18446744073709551615'],
  ['daddr', [1, 2], '[1, 2]'],
  ['pid', 12, '12'],
])('member %s of %j is %s', (name, member, text) => expect(memberText(name, member)).toBe(text));

test('a summary leaves out what the columns of the task say, and empty text', () => {
  const value = { ktime_ns: 5, pid: 7, comm: 'ls', kind: 'EXEC_DONE', filename: '/bin/ls', argv: '' };
  expect(summaryPairs(value)).toEqual([
    ['kind', 'EXEC_DONE'],
    ['filename', '/bin/ls'],
  ]);
});

test('a summary begins with text, and a large struct leaves zeros out that are no outcome', () => {
  expect(
    summaryPairs({ ret: 0, flags: 0, path: '/etc', size: '18446744073709551615' }).map(([name]) => name),
  ).toEqual(['path', 'ret', 'flags', 'size']);
  const large = { ns: 5, ret: 0, type: 'READ', fd: 3, flags: 0, port: 0, addr: [0, 0, 0, 0], signal: 0 };
  expect(summaryPairs(large).map(([name]) => name)).toEqual(['type', 'ns', 'ret', 'fd']);
});

test('a summary of nothing but task members shows them', () => {
  expect(summaryPairs({ pid: 7, comm: 'ls' })).toEqual([
    ['pid', '7'],
    ['comm', 'ls'],
  ]);
});

test('a summary of a plain value is the value', () => {
  expect(summaryPairs(12)).toEqual([['', '12']]);
  expect(summaryPairs(undefined)).toEqual([]);
});

test.each([
  [5, true],
  ['18446744073709551615', true],
  ['0xffff888000000000', true],
  ['12ab', false],
  ['', false],
  [{}, false],
])('%j is a number: %p', (value, expected) => expect(isNumeric(value)).toBe(expected));

test('a hex dump has 16 bytes a line and their text', () => {
  expect(hexDump('48656c6c6f00'.padEnd(34, 'f'))).toBe(
    [
      '0000  48 65 6c 6c 6f 00 ff ff ff ff ff ff ff ff ff ff  Hello...........',
      `0010  ${'ff'.padEnd(47)}  .`,
    ].join('\n'),
  );
});
