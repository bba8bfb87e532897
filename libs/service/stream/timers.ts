/** Waiting, injected so that tests need not sleep. */
export interface Timers {
  /** Milliseconds from an arbitrary beginning; never goes back. */
  now(): number;
  /** Calls once, later. @returns what takes the call back */
  after(ms: number, run: () => void): () => void;
}

/** Time as the host has it. */
export const SYSTEM_TIMERS: Timers = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Time that passes only when told. */
export class ManualTimers implements Timers {
  private ms = 0;
  private due: { readonly at: number; readonly run: () => void }[] = [];

  now(): number {
    return this.ms;
  }

  after(ms: number, run: () => void): () => void {
    const entry = { at: this.ms + ms, run };
    this.due.push(entry);
    return () => {
      this.due = this.due.filter((other) => other !== entry);
    };
  }

  /** Lets time pass, running what is due in order, and what promises follow from it. */
  async advance(ms: number): Promise<void> {
    const end = this.ms + ms;
    for (;;) {
      await settled();
      const [next] = this.due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.due = this.due.filter((other) => other !== next);
      this.ms = next.at;
      next.run();
    }
    this.ms = end;
    await settled();
  }
}

/** Lets all promises that can go on do so. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
