const NS_PER_MS = 1_000_000n;

/** RFC 3339 in UTC with nanoseconds, e.g. `2026-01-01T03:25:00.000000001Z`. @param ns since 1970 */
export function formatWallNs(ns: bigint): string {
  const ms = ns / NS_PER_MS;
  const rest = String(ns % NS_PER_MS).padStart(6, '0');
  return `${new Date(Number(ms)).toISOString().slice(0, -1)}${rest}Z`;
}

/** Relates CLOCK_MONOTONIC to wall time. */
export interface WallClock {
  /** Wall time at CLOCK_MONOTONIC 0, ns since 1970. */
  readonly bootEpochNs: bigint;
}

/** Wall time of a moment on CLOCK_MONOTONIC; parts of a nanosecond are dropped. */
export function wallTimeOf(clock: WallClock, ktimeNs: number): string {
  return formatWallNs(clock.bootEpochNs + BigInt(Math.floor(ktimeNs)));
}
