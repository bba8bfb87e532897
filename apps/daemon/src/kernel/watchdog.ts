/** How long a thread may show no sign of life, ms. */
export interface WatchdogLimits {
  /** Then it counts as busy. */
  readonly busyMs: number;
  /** Then it is given up. */
  readonly hangMs: number;
  /** Likewise while it boots or loads an object, which it does at a stretch. */
  readonly loadHangMs: number;
  /** Between two looks. */
  readonly checkMs: number;
}

export const WATCHDOG_LIMITS: WatchdogLimits = {
  busyMs: 2_000,
  hangMs: 15_000,
  loadHangMs: 60_000,
  checkMs: 250,
};

/**
 * Measures how long a count has not changed. Time in which nobody looked, because this thread or the whole machine
 * stood still, does not count against the other one.
 */
export class QuietTime {
  private lastBeats: number | undefined;
  private lastMs: number;
  private quiet = 0;

  constructor(
    nowMs: number,
    private readonly checkMs: number,
  ) {
    this.lastMs = nowMs;
  }

  /** @returns ms without a sign of life */
  look(beats: number, nowMs: number): number {
    const passedMs = Math.min(nowMs - this.lastMs, 2 * this.checkMs);
    this.quiet = beats === this.lastBeats ? this.quiet + passedMs : 0;
    this.lastBeats = beats;
    this.lastMs = nowMs;
    return this.quiet;
  }
}
