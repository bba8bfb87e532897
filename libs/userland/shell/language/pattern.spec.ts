import { Pattern } from './pattern';

test.each<[string, string, boolean]>([
  ['*.c', 'main.c', true],
  ['*.c', 'main.cc', false],
  ['', '', true],
  ['*', '', true],
  ['?', '', false],
  ['a?c', 'abc', true],
  ['[a-c]x', 'bx', true],
  ['[!a-c]x', 'bx', false],
  ['[]]', ']', true],
  ['[[:digit:]]*', '7up', true],
  ['[', '[', true],
  ['\\*', '*', true],
  ['\\*', 'a', false],
  ['a*b*c', 'aXXbYYc', true],
  ['a*b*c', 'aXXbYY', false],
  ['**a', 'bba', true],
  ['+(ab)', 'abab', true],
  ['!(foo)', 'bar', true],
  ['!(foo)', 'foo', false],
  ['@(a|b)c', 'bc', true],
  ['?(x)y', 'y', true],
  ['a+b', 'a+b', true],
  ['(x)', '(x)', true],
])('%s against %s: %s', (pattern, text, expected) => {
  expect(new Pattern(pattern).test(text)).toBe(expected);
});

test('beginnings and ends, shortest and longest', () => {
  const pattern = new Pattern('*.');
  expect([pattern.prefix('a.b.c', false), pattern.prefix('a.b.c', true)]).toEqual([2, 4]);
  const end = new Pattern('.*');
  expect([end.suffix('a.b.c', false), end.suffix('a.b.c', true)]).toEqual([2, 4]);
  expect(new Pattern('x').prefix('abc', true)).toBe(-1);
});

test('case may not matter', () => {
  expect(new Pattern('A[b-d]*', true).test('aCx')).toBe(true);
});

test('a failing pattern with many stars takes no longer than its length times the text', () => {
  const startMs = performance.now();
  expect(new Pattern(`${'*a'.repeat(60)}*b`).test('a'.repeat(3_000))).toBe(false);
  expect(performance.now() - startMs).toBeLessThan(2_000);
});
