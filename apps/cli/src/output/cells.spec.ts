import { ipv6, plainCell, printable } from './cells';

test.each([
  ['20010db8000000000000000000000001', '2001:db8::1'],
  ['00000000000000000000000000000000', '::'],
  ['00000000000000000000000000000001', '::1'],
  ['20010db8000100000000000000000000', '2001:db8:1::'],
  ['20010db80000000100000000000000ff', '2001:db8:0:1::ff'],
  ['20010db8000100020003000400050006', '2001:db8:1:2:3:4:5:6'],
])('%s is %s', (hex, text) => {
  expect(ipv6(hex)).toBe(text);
});

test.each([
  ['a\nb\tc\r', 'a\\nb\\tc\\r'],
  ['\u001b[31mred\u009b0m', '\\x1b[31mred\\x9b0m'],
  ['grün ✓', 'grün ✓'],
])('%j shows as %s', (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test('a missing value is a dash, a structure is JSON', () => {
  expect(plainCell(undefined)).toBe('-');
  expect(plainCell(null)).toBe('-');
  expect(plainCell([1, { a: 'b' }])).toBe('[1,{"a":"b"}]');
});
