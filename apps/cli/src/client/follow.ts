import { setTimeout as sleep } from 'node:timers/promises';
import { STREAM_NAMESPACE, type SubscribeReply, type subscribe } from '@probed/protocol';
import type { Socket } from 'socket.io-client';
import type { z } from 'zod';
import { CommandError } from '../errors';
import { note } from '../output/printer';
import { type DaemonAddress, type DaemonOptions, daemonAddress, unreachable } from './daemon-address';
import { ConnectionFault, connectSocket } from './stream-socket';

const REPLY_TIMEOUT_MS = 15_000;
const RETRY_MS_MIN = 200;
const RETRY_MS_MAX = 2_000;
/** A daemon that comes back restores programs first: for so long a refusal of its is not the last word. */
const RESTORE_MS_MAX = 15_000;
/** Messages that wait for a slow reader of ours; with more, we leave and come back when they are taken. */
const WAITING_MAX = 500;

/** A subscription that is kept up until `end`. */
export interface Following<Message> {
  /** Name of the messages: `batch`, `map` or `status`. */
  readonly event: string;
  /** Made anew for each connection, so that it says what is missing. */
  readonly request: () => z.input<typeof subscribe>;
  /** Takes the messages in order, one at a time. */
  readonly take: (message: Message) => Promise<void>;
  readonly end: AbortSignal;
  /** A new connection makes up for what was missed. */
  readonly resumes: boolean;
}

/**
 * Subscribes to the daemon's stream and hands the messages over until `end` aborts. When the connection breaks, it says
 * so and connects again, also to a daemon that came back at another address. Refusals end the command.
 */
export async function follow<Message>(options: DaemonOptions, following: Following<Message>): Promise<void> {
  const { end } = following;
  let address = daemonAddress(options);
  let connected = false;
  let brokenAt = 0;
  let retryMs = RETRY_MS_MIN;
  while (!end.aborted) {
    try {
      address = daemonAddress(options);
      const why = await connection(address, following, () => {
        if (brokenAt) note('connected again');
        connected = true;
        brokenAt = 0;
        retryMs = RETRY_MS_MIN;
      });
      if (why === undefined) {
        if (!end.aborted && !following.resumes) note('output was not taken in time: lines are missing here');
        continue;
      }
      note(`the connection to the daemon broke (${why}); connecting again`);
      brokenAt = performance.now();
    } catch (error) {
      if (!connected) throw error instanceof ConnectionFault ? gone(address, error) : error;
      if (!mayPass(error, brokenAt)) throw error;
    }
    await sleep(retryMs, undefined, { signal: end }).catch(() => {});
    retryMs = Math.min(2 * retryMs, RETRY_MS_MAX);
  }
}

function gone(address: DaemonAddress, { message }: ConnectionFault): unknown {
  try {
    return unreachable(address, message);
  } catch (fault) {
    return fault;
  }
}

/** Of a daemon that is on its way back: not there, or not ready. A wrong token stays wrong. */
function mayPass(error: unknown, brokenAt: number): boolean {
  if (error instanceof ConnectionFault) return true;
  if (!(error instanceof CommandError)) return false;
  return error.diagnostic.code === 'no-daemon' || performance.now() - brokenAt < RESTORE_MS_MAX;
}

/** One connection, from subscribing to its end. @returns why it broke; undefined when we left it */
async function connection<Message>(
  address: DaemonAddress,
  { event, request, take, end }: Following<Message>,
  onSubscribed: () => void,
): Promise<string | undefined> {
  const socket = await connectSocket(address, STREAM_NAMESPACE);
  const inbox = new Inbox<Message>();
  const leave = () => inbox.close();
  end.addEventListener('abort', leave);
  if (end.aborted) leave();
  try {
    socket.on(event, (message: Message, taken?: () => void) => {
      inbox.put(message);
      taken?.();
    });
    socket.on('disconnect', (reason) => inbox.close(reason));
    await subscribeOn(socket, request());
    onSubscribed();
    for (let message = await inbox.next(); message && !end.aborted; message = await inbox.next()) {
      await take(message);
    }
    return end.aborted ? undefined : inbox.why;
  } finally {
    end.removeEventListener('abort', leave);
    socket.disconnect();
  }
}

async function subscribeOn(socket: Socket, request: z.input<typeof subscribe>): Promise<void> {
  let reply: SubscribeReply;
  try {
    reply = (await socket.timeout(REPLY_TIMEOUT_MS).emitWithAck('subscribe', request)) as SubscribeReply;
  } catch {
    throw new ConnectionFault('the daemon does not answer a subscription');
  }
  if (!reply.ok) throw new CommandError(reply.error);
}

/** Messages on their way to one reader, in order. Closes by itself when the reader is far behind. */
class Inbox<Message> {
  /** Why it was closed; undefined when we wanted it. */
  why: string | undefined;
  private readonly waiting: Message[] = [];
  private closed = false;
  private wake: () => void = () => {};

  put(message: Message): void {
    if (this.closed) return;
    this.waiting.push(message);
    if (this.waiting.length >= WAITING_MAX) this.close();
    this.wake();
  }

  close(why?: string): void {
    if (this.closed) return;
    this.closed = true;
    this.why = why;
    this.wake();
  }

  /** The next message; undefined when it is closed and all are taken. */
  async next(): Promise<Message | undefined> {
    while (this.waiting.length === 0 && !this.closed) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.waiting.shift();
  }
}
