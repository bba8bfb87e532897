import { write } from 'node:fs';

/** Lines that wait for a terminal that takes none, as after Ctrl-S; what comes then is left out. */
const WAITING_BYTES_MAX = 256 * 1024;
const AGAIN_MS = 20;

type Write = (text: Buffer, done: (error: NodeJS.ErrnoException | null, written: number) => void) => void;

const toStdout: Write = (bytes, done) => write(1, bytes, done);

/**
 * Standard output that never makes the daemon wait: Node's own stream blocks the whole process while a terminal or
 * pipe is not read.
 */
export class TerminalOutput {
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private leftOut = 0;
  private writing = false;
  private closed = false;

  /** @param onClosed the reader is gone, as after `| head` */
  constructor(
    private readonly onClosed: () => void = () => undefined,
    private readonly put: Write = toStdout,
  ) {}

  line(text: string): void {
    if (this.closed) return;
    if (this.waitingBytes > WAITING_BYTES_MAX) {
      this.leftOut++;
      return;
    }
    if (this.leftOut > 0) this.push(`… ${this.leftOut} lines were left out, as they were not read in time\n`);
    this.leftOut = 0;
    this.push(`${text}\n`);
  }

  private push(text: string): void {
    const bytes = Buffer.from(text);
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
    if (!this.writing) this.next();
  }

  private next(): void {
    if (this.waiting.length === 0 || this.closed) {
      this.writing = false;
      return;
    }
    this.writing = true;
    const bytes = Buffer.concat(this.waiting);
    this.waiting = [];
    this.put(bytes, (error, written) => this.wrote(bytes, error, written));
  }

  private wrote(bytes: Buffer, error: NodeJS.ErrnoException | null, written: number): void {
    if (error && error.code !== 'EAGAIN') {
      this.closed = true;
      this.onClosed();
      return;
    }
    const rest = bytes.subarray(error ? 0 : written);
    this.waitingBytes -= bytes.length - rest.length;
    if (rest.length > 0) this.waiting.unshift(rest);
    if (error) setTimeout(() => this.next(), AGAIN_MS);
    else this.next();
  }
}
