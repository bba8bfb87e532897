/** Ends something that would go on for ever: Ctrl-C, SIGTERM, after a time, or when asked. */
export class Ending {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout | undefined;
  private readonly stop = () => this.controller.abort();

  /** @param afterNs wall time, ns */
  constructor(afterNs?: number) {
    process.once('SIGINT', this.stop);
    process.once('SIGTERM', this.stop);
    if (afterNs !== undefined) this.timer = setTimeout(this.stop, afterNs / 1e6);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  now(): void {
    this.controller.abort();
  }

  /** Leaves signals and timers as they were. */
  dispose(): void {
    process.removeListener('SIGINT', this.stop);
    process.removeListener('SIGTERM', this.stop);
    clearTimeout(this.timer);
  }
}
