import { WallTime } from './wall-time';

describe('WallTime', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0n],
    ['1970-01-01T00:00:00.000000001Z', 1n],
    ['1970-01-01T00:00:00.1Z', 100_000_000n],
    ['2026-01-01T12:34:56.789012345Z', 1_767_270_896_789_012_345n],
    ['1969-12-31T23:59:59.999999999Z', -1n],
    ['9999-01-01T00:00:00Z', 2n ** 63n - 1n],
    ['0001-01-01T00:00:00Z', -(2n ** 63n)],
  ])('%s', (time, ns) => expect(new WallTime().toNs(time)).toBe(ns));

  it('gives the same from the second it has kept', () => {
    const kept = new WallTime();
    for (const [time, ns] of [
      ['2026-01-01T00:00:00.000000009Z', 9n],
      ['2026-01-01T00:00:00.999999999Z', 999_999_999n],
      ['2026-01-01T00:00:00.5Z', 500_000_000n],
      ['2026-01-01T00:00:01.000000000Z', 1_000_000_000n],
      ['2026-01-01T00:00:00.000000001Z', 1n],
    ] as const)
      expect(kept.toNs(time) - 1_767_225_600_000_000_000n).toBe(ns);
  });

  it.each([
    '',
    'now',
    '2026-01-01',
    '2026-01-01T00:00:00',
    '2026-01-01T00:00:00.1234567890Z',
    '2026-00-01T00:00:00Z',
  ])('refuses "%s"', (time) => expect(() => new WallTime().toNs(time)).toThrow('is no time'));
});
