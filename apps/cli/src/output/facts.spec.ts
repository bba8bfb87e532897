import { formatBytes, formatFacts, formatSeconds, shortTime } from './facts';

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [3 * 2 ** 30, '3.0 GiB'],
])('%i bytes', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each([
  [4.25, '4.3 s'],
  [200, '3m 20s'],
  [7500, '2h 5m'],
  [3 * 86_400 + 4 * 3600 + 1, '3d 4h'],
])('%d seconds', (seconds, text) => expect(formatSeconds(seconds)).toBe(text));

test('facts stand in one column, without those that are not known', () => {
  expect(
    formatFacts([
      ['id', '7'],
      ['error', undefined],
      ['node', 'node-1'],
    ]),
  ).toBe('id    7\nnode  node-1');
});

test('times are short to the second', () => {
  expect(shortTime('2026-01-01T03:25:00.123456789Z')).toBe('2026-01-01 03:25:00');
});
