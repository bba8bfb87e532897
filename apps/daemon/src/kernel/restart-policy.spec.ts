import { RESTART_LIMITS, RestartPolicy } from './restart-policy';

describe('RestartPolicy', () => {
  it('waits longer from end to end, and has failed after five within a minute', () => {
    const policy = new RestartPolicy(RESTART_LIMITS);
    expect([0, 1_000, 2_000, 3_000].map((at) => policy.ended(at, 500))).toEqual([0, 500, 1_000, 2_000]);
    expect(policy.failed).toBe(false);
    expect(policy.ended(6_000, 500)).toBe(30_000);
    expect(policy.failed).toBe(true);
    expect(policy.ended(200_000, 500)).toBe(30_000);
  });

  it('waits ten seconds at most when ends are rare', () => {
    const policy = new RestartPolicy(RESTART_LIMITS);
    const delays = Array.from({ length: 9 }, (_, i) => policy.ended(i * 50_000, 45_000));
    expect(delays).toEqual([0, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
    expect(policy.failed).toBe(false);
  });

  it('begins anew after it has run for a minute', () => {
    const policy = new RestartPolicy(RESTART_LIMITS);
    for (let i = 0; i < 5; i++) policy.ended(i, 0);
    expect(policy.failed).toBe(true);
    expect(policy.ended(100_000, 60_000)).toBe(0);
    expect(policy.failed).toBe(false);
  });
});
