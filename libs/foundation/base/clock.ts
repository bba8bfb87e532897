/** A source of time, injected everywhere so that a run can be repeated. */
export interface Clock {
  /** Nanoseconds since boot, monotonic, exact to 2^53. */
  nowNs(): number;
}

/** A clock that moves only when told. */
export class ManualClock implements Clock {
  constructor(private ns = 0) {}

  nowNs(): number {
    return this.ns;
  }

  advance(ns: number): void {
    this.ns += ns;
  }
}
