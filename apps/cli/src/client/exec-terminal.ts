/** The terminal on our side: raw while a session has it, as it was before on every way out. */
export class ExecTerminal {
  private raw = false;
  private readonly restore = () => this.leave();
  private readonly killed = (signal: NodeJS.Signals) => {
    this.leave();
    process.exit(SIGNAL_BASE + (SIGNAL_NUMBERS[signal] ?? 0));
  };

  constructor(
    private readonly input: NodeJS.ReadStream = process.stdin,
    private readonly output: NodeJS.WriteStream = process.stdout,
  ) {}

  /** Keys go to the session as they are, Ctrl-C with them. */
  enter(): void {
    if (this.raw || !this.input.isTTY) return;
    this.raw = true;
    this.input.setRawMode(true);
    process.once('exit', this.restore);
    for (const signal of KILLING) process.once(signal, this.killed);
  }

  leave(): void {
    if (!this.raw) return;
    this.raw = false;
    this.input.setRawMode(false);
    process.removeListener('exit', this.restore);
    for (const signal of KILLING) process.removeListener(signal, this.killed);
  }

  /** Rows and columns; nothing when our output is no terminal. */
  size(): { rows?: number; columns?: number } {
    const { isTTY, rows, columns } = this.output;
    return isTTY && rows > 0 && columns > 0 ? { rows, columns } : {};
  }

  /** Tells of every new size. @returns stops it */
  onResize(told: (size: { rows?: number; columns?: number }) => void): () => void {
    const listener = () => told(this.size());
    this.output.on('resize', listener);
    return () => this.output.removeListener('resize', listener);
  }
}

/** A shell's exit code for a process that a signal ended is 128 and its number. */
export const SIGNAL_BASE = 128;
const SIGNAL_NUMBERS: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 1,
  SIGQUIT: 3,
  SIGTERM: 15,
};
const KILLING = ['SIGHUP', 'SIGQUIT', 'SIGTERM'] as const;
