/** Further behind than this, the lost time is given up. */
const BEHIND_MS_MAX = 1_000;
/** How long time that was given up counts as lag. */
const LAG_MEMORY_MS = 10_000;

/**
 * How far virtual time should be by the wall clock. What cannot be kept up with is given up: virtual time then goes
 * slower than asked for, and {@link lagMs} says so. Wall times are milliseconds of a steady clock.
 */
export class Pace {
  private givenUp: { readonly atMs: number; readonly ms: number }[] = [];
  private baseNs: number;
  private baseMs: number;
  private isPaused = false;

  /** @param speed virtual seconds a second; 0: as fast as it goes */
  constructor(
    virtualNs: number,
    nowMs: number,
    private speedFactor: number,
    /** Told when virtual time goes on from somewhere else than the wall clock would have it: it was paused, or too slow. */
    private readonly onStep: () => void = () => undefined,
  ) {
    this.baseNs = virtualNs;
    this.baseMs = nowMs;
  }

  get speed(): number {
    return this.speedFactor;
  }

  get paused(): boolean {
    return this.isPaused;
  }

  /** Virtual time that is due, ns; infinite at speed 0. Gives up what is too far behind. */
  dueNs(nowMs: number, virtualNs: number): number {
    if (this.isPaused) return virtualNs;
    if (this.speedFactor === 0) return Number.POSITIVE_INFINITY;
    const behindMs = this.behindMs(nowMs, virtualNs);
    if (behindMs > BEHIND_MS_MAX) {
      this.givenUp.push({ atMs: nowMs, ms: behindMs });
      this.rebase(nowMs, virtualNs);
      this.onStep();
    }
    return this.baseNs + (nowMs - this.baseMs) * 1e6 * this.speedFactor;
  }

  /** Wall time until virtual time `ns` is due, ms; 0 when it is already. */
  waitMs(nowMs: number, ns: number): number {
    if (this.isPaused) return Number.POSITIVE_INFINITY;
    if (this.speedFactor === 0) return 0;
    return Math.max(0, this.baseMs + (ns - this.baseNs) / 1e6 / this.speedFactor - nowMs);
  }

  /** How far virtual time is behind, with what was given up lately; ms of wall time. */
  lagMs(nowMs: number, virtualNs: number): number {
    this.givenUp = this.givenUp.filter(({ atMs }) => nowMs - atMs < LAG_MEMORY_MS);
    const lost = this.givenUp.reduce((sum, { ms }) => sum + ms, 0);
    return Math.round(lost + Math.max(0, this.behindMs(nowMs, virtualNs)));
  }

  /** From now on. */
  setSpeed(speed: number, nowMs: number, virtualNs: number): void {
    this.speedFactor = speed;
    this.givenUp = [];
    this.rebase(nowMs, virtualNs);
  }

  pause(): void {
    this.isPaused = true;
    this.givenUp = [];
  }

  resume(nowMs: number, virtualNs: number): void {
    this.isPaused = false;
    this.rebase(nowMs, virtualNs);
    this.onStep();
  }

  private rebase(nowMs: number, virtualNs: number): void {
    this.baseNs = virtualNs;
    this.baseMs = nowMs;
  }

  private behindMs(nowMs: number, virtualNs: number): number {
    if (this.isPaused || this.speedFactor === 0) return 0;
    return nowMs - this.baseMs - (virtualNs - this.baseNs) / 1e6 / this.speedFactor;
  }
}
