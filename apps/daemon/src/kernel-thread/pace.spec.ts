import { Pace } from './pace';

const SECOND_NS = 1e9;

describe('Pace', () => {
  it.each([
    [1, 250, 0.25 * SECOND_NS],
    [0.5, 250, 0.125 * SECOND_NS],
    [10, 250, 2.5 * SECOND_NS],
    [0, 250, Number.POSITIVE_INFINITY],
  ])('at speed %d, %d ms of wall time are %d ns of virtual time', (speed, wallMs, dueNs) => {
    const pace = new Pace(7e9, 1_000, speed);
    expect(pace.dueNs(1_000 + wallMs, 7e9)).toBe(7e9 + dueNs);
  });

  it('says how long to wait for a virtual time', () => {
    const pace = new Pace(0, 0, 2);
    expect(pace.waitMs(10, 100e6)).toBe(40);
    expect(pace.waitMs(60, 100e6)).toBe(0);
  });

  it('gives up what is more than a second behind, and shows it as lag for a while', () => {
    let steps = 0;
    const pace = new Pace(0, 0, 1, () => steps++);
    expect(pace.dueNs(900, 0)).toBe(0.9 * SECOND_NS);
    expect(pace.lagMs(900, 0)).toBe(900);
    expect(steps).toBe(0);
    expect(pace.dueNs(1_500, 0)).toBe(0);
    expect(pace.dueNs(1_600, 0.1 * SECOND_NS)).toBe(0.1 * SECOND_NS);
    expect(pace.lagMs(1_600, 0.1 * SECOND_NS)).toBe(1_500);
    expect(pace.lagMs(12_000, 10.5 * SECOND_NS)).toBe(0);
    expect(steps).toBe(1);
  });

  it('stands still while paused and goes on from there', () => {
    const pace = new Pace(0, 0, 1);
    pace.pause();
    expect(pace.dueNs(5_000, 123)).toBe(123);
    expect(pace.waitMs(5_000, SECOND_NS)).toBe(Number.POSITIVE_INFINITY);
    pace.resume(60_000, 123);
    expect(pace.dueNs(60_010, 123)).toBe(123 + 10e6);
    expect(pace.lagMs(60_000, 123)).toBe(0);
  });

  it('takes another speed at once, with no jump', () => {
    const pace = new Pace(0, 0, 1);
    pace.setSpeed(4, 500, 0.5 * SECOND_NS);
    expect(pace.dueNs(600, 0.5 * SECOND_NS)).toBe(0.9 * SECOND_NS);
  });
});
