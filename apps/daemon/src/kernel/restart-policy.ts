/** When a thread that ends is started again. */
export interface RestartLimits {
  /** Waits before the first, second … restart in a row, ms; the last one goes for all that follow. */
  readonly delaysMs: readonly number[];
  /** So many ends … */
  readonly failedAfter: number;
  /** … within this time mean that it has failed, ms; running this long makes up for them. */
  readonly windowMs: number;
  /** Between attempts after that, ms. */
  readonly failedDelayMs: number;
}

export const RESTART_LIMITS: RestartLimits = {
  delaysMs: [0, 500, 1_000, 2_000, 4_000, 8_000, 10_000],
  failedAfter: 5,
  windowMs: 60_000,
  failedDelayMs: 30_000,
};

/** Decides how long to wait before the next start. */
export class RestartPolicy {
  private ends: number[] = [];
  private inARow = 0;
  private hasFailed = false;

  constructor(private readonly limits: RestartLimits) {}

  get failed(): boolean {
    return this.hasFailed;
  }

  /** It has ended. @param ranMs how long it had run @returns ms to wait */
  ended(nowMs: number, ranMs: number): number {
    const { delaysMs, failedAfter, windowMs, failedDelayMs } = this.limits;
    if (ranMs >= windowMs) this.forget();
    this.ends = [...this.ends.filter((at) => nowMs - at < windowMs), nowMs];
    this.hasFailed ||= this.ends.length >= failedAfter;
    const delayMs = delaysMs[Math.min(this.inARow++, delaysMs.length - 1)];
    return this.hasFailed ? failedDelayMs : delayMs;
  }

  /** Past ends count no more. */
  forget(): void {
    this.ends = [];
    this.inARow = 0;
    this.hasFailed = false;
  }
}
