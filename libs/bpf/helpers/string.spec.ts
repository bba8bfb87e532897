import { readFileSync } from 'node:fs';
import { TestKernel } from './testing';

/** `[text, flags, strtol, its result, strtoul, its result]` as a 6.18 kernel answered. */
type Case = [string, number, number, string, number, string];
const cases: Case[] = JSON.parse(readFileSync(`${__dirname}/fixtures/strtol-6.18.json`, 'utf8'));

test.each(cases)(
  'strtol and strtoul of %j, flags %d',
  (text, flags, consumed, value, unsigned, unsignedValue) => {
    const kernel = new TestKernel();
    const buf = kernel.text(text);
    const res = kernel.memory.alloc(8);
    expect(kernel.helper('strtol')(buf, text.length, flags, 0, res)).toBe(consumed);
    expect(String(kernel.memory.view.getBigInt64(res, true))).toBe(value);
    expect(kernel.helper('strtoul')(buf, text.length, flags, 0, res)).toBe(unsigned);
    expect(String(kernel.memory.view.getBigUint64(res, true))).toBe(unsignedValue);
  },
);

test('flags beyond the base are EINVAL', () => {
  const kernel = new TestKernel();
  const res = kernel.memory.alloc(8);
  expect(kernel.helper('strtol')(kernel.text('1'), 1, 0, 1, res)).toBe(-22);
});

test.each([
  ['abc', 'abc', 3, 0],
  ['abc', 'abd', 3, -1],
  ['abd', 'abc', 3, 1],
  ['abX', 'abY', 2, 0],
  ['ab', 'abc', 3, -1],
  ['\xff', 'a', 1, 1],
  ['', '', 1, 0],
])('strncmp %j %j %d', (a, b, size, result) => {
  const kernel = new TestKernel();
  expect(kernel.helper('strncmp')(kernel.text(a), size, kernel.text(b))).toBe(result);
});
