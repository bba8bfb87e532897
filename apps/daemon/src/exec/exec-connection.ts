import { diagnostic } from '@probed/base';
import { type ExecSession, execResize, execStart } from '@probed/protocol';
import type { Socket } from 'socket.io';
import type { Logger } from '../app/logger';
import { ClientOutbox } from '../stream/client-outbox';
import type { StreamKernel } from '../stream/ports';
import { parseMessage, wireError } from '../stream/wire-reply';
import { CommandRefused } from '../threads/rpc';
import { ClientOutput } from './client-output';
import type { ExecOutputs } from './exec-outputs';
import { newSessionId } from './session-id';

/** Input on its way to the emulated kernel. */
const INPUT_BYTES_MAX = 16 * 1024 * 1024;

/** One client of `/exec`: at most one session, which ends when the client goes. */
export class ExecConnection {
  private readonly outbox: ClientOutbox;
  private readonly output: ClientOutput;
  /** Given when a session was asked for. */
  private session: string | undefined;
  private takesInput = false;
  private closed = false;
  private stopOutput: () => void = () => {};
  /** What is done after the other: the start, then each input. */
  private work: Promise<unknown> = Promise.resolve();
  private inputBytes = 0;

  constructor(
    socket: Socket,
    private readonly kernel: StreamKernel,
    private readonly outputs: ExecOutputs,
    private readonly log: Logger,
  ) {
    this.outbox = new ClientOutbox(socket);
    this.output = new ClientOutput(() => this.outbox.wake());
    this.outbox.add(this.output);
  }

  /** @throws CommandRefused the message is malformed, or there is no such pod; ThreadUnavailable */
  async start(message: unknown): Promise<ExecSession> {
    const request = parseMessage(execStart, message);
    if (this.session !== undefined) {
      const hint = 'connect once more for another session';
      throw new CommandRefused(diagnostic('session-exists', 'this connection has its session', { hint }));
    }
    const id = newSessionId();
    this.session = id;
    this.takesInput = request.stdin;
    this.stopOutput = this.outputs.open(id, this.output);
    const starting = this.kernel.call('exec.start', { ...request, id });
    this.work = starting.catch(() => undefined);
    try {
      const session = await starting;
      if (this.closed) this.kill();
      return session;
    } catch (error) {
      // It may be started all the same when the answer only came too late.
      if (!(error instanceof CommandRefused)) this.kill();
      this.stopOutput();
      this.session = undefined;
      throw error;
    }
  }

  /** Lets output go to the client; to be called when it has been told that its session has started. */
  begin(): void {
    this.output.release();
  }

  /** Bytes for the session's standard input; in the order of the calls. */
  stdin(data: unknown): void {
    const bytes = bytesOf(data);
    if (!this.takesInput || this.output.over || !bytes || bytes.length === 0) return;
    const { session } = this;
    if (session === undefined) return;
    this.inputBytes += bytes.length;
    if (this.inputBytes > INPUT_BYTES_MAX) {
      this.takesInput = false;
      this.output.output('stderr', Buffer.from('\r\nprobed: input comes faster than it is read\r\n'));
      this.kill();
      return;
    }
    this.afterwards(async () => {
      await this.kernel.call('exec.input', { session, bytes }).finally(() => {
        this.inputBytes -= bytes.length;
      });
    });
  }

  eof(): void {
    const { session } = this;
    if (session === undefined || !this.takesInput) return;
    this.takesInput = false;
    this.afterwards(() => this.kernel.call('exec.eof', { session }));
  }

  resize(message: unknown): void {
    const size = execResize.safeParse(message);
    const { session } = this;
    if (session === undefined || !size.success) return;
    this.afterwards(() => this.kernel.call('exec.resize', { session, ...size.data }));
  }

  /** The client is gone. */
  close(): void {
    this.closed = true;
    this.outbox.close();
    this.stopOutput();
    this.kill();
  }

  private kill(): void {
    const { session } = this;
    if (session === undefined || this.output.over) return;
    this.quietly(() => this.kernel.call('exec.kill', { session }));
  }

  /** Inputs in their order, each after the one before. */
  private afterwards(step: () => Promise<unknown>): void {
    this.work = this.work.then(() => this.quietly(step));
  }

  /** The session may end before an input reaches it, and the kernel under it: its client hears that by `exit`. */
  private async quietly(step: () => Promise<unknown>): Promise<void> {
    try {
      await step();
    } catch (error) {
      wireError(error, this.log);
    }
  }
}

/** A copy of its own: what comes from the network may be a view of a larger buffer, which would go along. */
function bytesOf(data: unknown): Uint8Array | undefined {
  if (typeof data === 'string') return new TextEncoder().encode(data);
  return data instanceof Uint8Array ? new Uint8Array(data) : undefined;
}
