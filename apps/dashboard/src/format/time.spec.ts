import { clock, dayAndClock, duration, span } from './time';

test.each([
  ['2026-01-01T00:00:00.000010985Z', '00:00:00.000'],
  ['2026-01-01T12:34:56.789Z', '12:34:56.789'],
  ['2026-01-01T12:34:56Z', '12:34:56.000'],
  ['2026-01-01T12:34:56.5Z', '12:34:56.500'],
])('clock of %s is %s', (time, text) => expect(clock(time)).toBe(text));

test('day and clock leave the fraction out', () =>
  expect(dayAndClock('2026-01-01T12:34:56.789012345Z')).toBe('2026-01-01 12:34:56'));

test.each([
  [0, '0 ns'],
  [850, '850 ns'],
  [2_770, '2.77 µs'],
  [12_345_678, '12.3 ms'],
  [1_500_000_000, '1.5 s'],
  [60_000_000_000, '1 min'],
  [245_000_000_000, '4 min 5 s'],
])('%p ns is %s', (ns, text) => expect(duration(ns)).toBe(text));

test.each([
  [0, '0 s'],
  [59_999, '59 s'],
  [7_260_000, '2 h 1 min'],
  [2 * 86_400_000, '2 d'],
])('%p ms is %s', (ms, text) => expect(span(ms)).toBe(text));
