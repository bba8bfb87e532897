import { bytes, grouped, plural, short } from './number';

test.each([
  [0, '0'],
  [1234567, '1,234,567'],
  ['18446744073709551615', '18,446,744,073,709,551,615'],
  ['0xffff', '0xffff'],
  [12n, '12'],
] as const)('groups %p as %s', (value, text) => expect(grouped(value)).toBe(text));

test.each([
  [0, '0'],
  [7, '7'],
  [0.25, '0.3'],
  [999, '999'],
  [999.96, '1k'],
  [1_234, '1.2k'],
  [123_456, '123k'],
  [5_000_000, '5M'],
])('shortens %p to %s', (value, text) => expect(short(value)).toBe(text));

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [262_144, '256 KiB'],
  [5 * 1024 ** 3, '5 GiB'],
])('sizes %p as %s', (value, text) => expect(bytes(value)).toBe(text));

test('names one and many', () => {
  expect(plural(1, 'record')).toBe('1 record');
  expect(plural(1200, 'record')).toBe('1,200 records');
  expect(plural(0, 'entry', 'entries')).toBe('0 entries');
});
