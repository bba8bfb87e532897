import type { ExecExit } from '@probed/protocol';
import type { MessageSource, OutMessage } from '../stream/client-outbox';
import type { OutputSink, OutputStream } from './output-sink';

/** Output that waits for a client; beyond it what comes is left out. */
const PENDING_BYTES_MAX = 1024 * 1024;
/** Above this the kernel thread's frames wait for a moment. */
const CROWDED_BYTES = PENDING_BYTES_MAX / 2;
/** Pieces of one stream that lie beside each other go in one message up to this. */
const MESSAGE_BYTES_MAX = 64 * 1024;
/** What a piece takes beside its bytes. */
const PIECE_BYTES = 64;
/** As ssh and kubectl say it when there is none. */
const NO_EXIT_CODE = 255;

interface Piece {
  readonly stream: OutputStream;
  readonly bytes: Uint8Array;
}

/** What one exec client has to be sent: output in order, bounded, then the end. */
export class ClientOutput implements OutputSink, MessageSource {
  private readonly pieces: Piece[] = [];
  private pendingBytes = 0;
  private leftOut = 0;
  private end: ExecExit | undefined;
  private held = true;
  private isOver = false;

  /** @param wake told when there is something to send */
  constructor(private readonly wake: () => void) {}

  get crowded(): boolean {
    return this.pendingBytes > CROWDED_BYTES;
  }

  /** The session has ended; the client may not have been told yet. */
  get over(): boolean {
    return this.isOver;
  }

  /** Nothing is sent before this: the client has to hear first that its session has started. */
  release(): void {
    this.held = false;
    this.wake();
  }

  output(stream: OutputStream, bytes: Uint8Array): void {
    if (this.leftOut > 0 || this.pendingBytes + bytes.length + PIECE_BYTES > PENDING_BYTES_MAX) {
      this.leftOut += bytes.length;
      return;
    }
    this.push(stream, bytes);
    this.wake();
  }

  exit(exitCode: number, error?: string): void {
    if (this.isOver) return;
    this.isOver = true;
    this.noteLeftOut();
    this.end = { exit_code: exitCode, ...(error !== undefined && { error }) };
    this.wake();
  }

  lost(reason: string): void {
    this.exit(NO_EXIT_CODE, `the session is lost: ${reason}`);
  }

  take(): OutMessage | undefined {
    if (this.held) return undefined;
    if (this.pieces.length > 0) return this.takeOutput();
    const { end } = this;
    this.end = undefined;
    return end && { event: 'exit', args: [end] };
  }

  private takeOutput(): OutMessage {
    const { stream } = this.pieces[0];
    let bytes = 0;
    let count = 0;
    for (; count < this.pieces.length && this.pieces[count].stream === stream; count++) {
      if (count > 0 && bytes + this.pieces[count].bytes.length > MESSAGE_BYTES_MAX) break;
      bytes += this.pieces[count].bytes.length;
    }
    const taken = this.pieces.splice(0, count);
    this.pendingBytes -= bytes + count * PIECE_BYTES;
    if (this.pendingBytes === 0) this.noteLeftOut();
    return { event: 'output', args: [stream, Buffer.concat(taken.map((piece) => piece.bytes))] };
  }

  private noteLeftOut(): void {
    if (this.leftOut === 0) return;
    const text = `\r\nprobed: ${this.leftOut} bytes of output were left out, as they were not taken in time\r\n`;
    this.leftOut = 0;
    this.push('stderr', Buffer.from(text));
  }

  private push(stream: OutputStream, bytes: Uint8Array): void {
    this.pieces.push({ stream, bytes });
    this.pendingBytes += bytes.length + PIECE_BYTES;
  }
}
