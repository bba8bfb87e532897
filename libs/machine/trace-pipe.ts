/** One line of the trace pipe: what `bpf_printk` wrote and who was running. */
export interface TraceLine {
  /** CLOCK_MONOTONIC, ns. */
  readonly ns: number;
  readonly cpu: number;
  readonly pid: number;
  readonly comm: string;
  readonly text: string;
}

/** Lines kept for a reader that comes later. */
const BACKLOG_LINES = 10_000;

/** `/sys/kernel/tracing/trace_pipe`: lines go to the readers attached; without one the last ones are kept. */
export class TracePipe {
  private readonly readers = new Set<(line: TraceLine) => void>();
  private backlog: TraceLine[] = [];
  private lost = 0;

  /** Lines that fell out of the backlog unread. */
  get lostLines(): number {
    return this.lost;
  }

  write(line: TraceLine): void {
    if (this.readers.size) {
      for (const reader of this.readers) reader(line);
      return;
    }
    if (this.backlog.length === BACKLOG_LINES) {
      this.backlog.shift();
      this.lost++;
    }
    this.backlog.push(line);
  }

  /** Delivers the backlog, then each line as it is written. @returns a function that stops it */
  read(reader: (line: TraceLine) => void): () => void {
    const { backlog } = this;
    this.backlog = [];
    for (const line of backlog) reader(line);
    this.readers.add(reader);
    return () => this.readers.delete(reader);
  }
}

/** A line as tracefs prints it (kernel/trace/trace_output.c: trace_print_context). */
export function formatTraceLine(line: TraceLine): string {
  const seconds = Math.floor(line.ns / 1e9);
  const micros = Math.floor((line.ns % 1e9) / 1e3);
  const task = `${line.comm.padStart(16)}-${String(line.pid).padEnd(7)}`;
  const cpu = `[${String(line.cpu).padStart(3, '0')}]`;
  const time = `${String(seconds).padStart(5)}.${String(micros).padStart(6, '0')}`;
  return `${task} ${cpu} ....1 ${time}: bpf_trace_printk: ${line.text}`;
}
