import { QuietTime } from './watchdog';

const CHECK_MS = 100;

describe('QuietTime', () => {
  it('adds up time in which a count has not changed', () => {
    const quiet = new QuietTime(0, CHECK_MS);
    expect([1, 1, 1, 2, 2].map((beats, i) => quiet.look(beats, (i + 1) * CHECK_MS))).toEqual([
      0, 100, 200, 0, 100,
    ]);
  });

  it('does not hold against a thread that nobody looked for long', () => {
    const quiet = new QuietTime(0, CHECK_MS);
    quiet.look(1, 100);
    // The machine slept for an hour.
    expect(quiet.look(1, 3_600_000)).toBe(200);
    expect(quiet.look(2, 3_600_100)).toBe(0);
  });
});
