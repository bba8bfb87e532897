import { parseMoment, parsePosition } from './moments';

test.each([
  ['2026-01-01T12:00:00Z', '2026-01-01T12:00:00Z'],
  ['2026-01-01T12:00:00.123456789Z', '2026-01-01T12:00:00.123456789Z'],
  ['2026-01-01T12:00:00.5+02:00', '2026-01-01T10:00:00.5Z'],
  ['2026-01-01 12:00:00z', '2026-01-01T12:00:00Z'],
])('%s is a moment', (text, moment) => expect(parseMoment(text)).toBe(moment));

test.each([
  ['30s', 30],
  ['2m', 120],
  ['1.5h ago', 5400],
])('%s is so many seconds ago', (text, seconds) => {
  const ago = (Date.now() - Date.parse(parseMoment(text))) / 1e3;
  expect(ago).toBeGreaterThanOrEqual(seconds);
  expect(ago).toBeLessThan(seconds + 5);
});

test.each(['yesterday', '2026-13-01T00:00:00Z', '2026-01-01', '2w', ''])('%j is no moment', (text) => {
  expect(() => parseMoment(text)).toThrow('a time is wanted');
});

test('a position is a boot and a sequence', () => {
  expect(parsePosition('0f3c-9a:4711')).toEqual({ boot: '0f3c-9a', sequence: 4711 });
  for (const wrong of ['4711', 'boot:', ':1', 'b:-1', 'b:99999999999999999999'])
    expect(() => parsePosition(wrong)).toThrow('BOOT:SEQUENCE');
});
