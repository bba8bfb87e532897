import { ThreadUnavailable } from '../threads/rpc';
import type { OutputSink, OutputStream } from './output-sink';

/** Of a stream; output beyond it is cut. */
const STREAM_BYTES_MAX = 1024 * 1024;

/** What a session has written by its end. */
export interface CollectedOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** A stream was longer than 1 MiB. */
  readonly truncated: boolean;
  readonly exit_code: number;
  readonly error?: string;
}

/** Keeps what a session writes until it ends. */
export class OutputCollection implements OutputSink {
  readonly crowded = false;
  private readonly chunks: Record<OutputStream, Uint8Array[]> = { stdout: [], stderr: [] };
  private readonly room: Record<OutputStream, number> = {
    stdout: STREAM_BYTES_MAX,
    stderr: STREAM_BYTES_MAX,
  };
  private truncated = false;

  constructor(
    private readonly done: (output: CollectedOutput) => void,
    private readonly failed: (error: ThreadUnavailable) => void,
  ) {}

  output(stream: OutputStream, bytes: Uint8Array): void {
    const room = this.room[stream];
    if (bytes.length > room) this.truncated = true;
    if (room === 0) return;
    const kept = bytes.subarray(0, room);
    this.chunks[stream].push(kept);
    this.room[stream] = room - kept.length;
  }

  exit(exit_code: number, error?: string): void {
    const [stdout, stderr] = [this.text('stdout'), this.text('stderr')];
    this.done({
      stdout,
      stderr,
      truncated: this.truncated,
      exit_code,
      ...(error !== undefined && { error }),
    });
  }

  lost(reason: string): void {
    this.failed(new ThreadUnavailable('kernel-restarting', `the session is lost: ${reason}`));
  }

  private text(stream: OutputStream): string {
    return Buffer.concat(this.chunks[stream]).toString('utf8');
  }
}
