import type { MessagePort, TransferListItem, Worker } from 'node:worker_threads';
import type { Diagnostic } from '@probed/base';

/** A table of commands: what goes in and what comes out, by name. */
export type CommandTable<C> = { [K in keyof C]: { readonly params: unknown; readonly result: unknown } };

/** One function a command; a thrown {@link CommandRefused} is the caller's fault, anything else a fault of ours. */
export type CommandHandlers<C extends CommandTable<C>> = {
  readonly [K in keyof C]: (params: C[K]['params']) => C[K]['result'] | Promise<C[K]['result']>;
};

/** A command that the other thread refused, with what its user should see. */
export class CommandRefused extends Error {
  constructor(readonly diagnostic: Diagnostic) {
    super(diagnostic.message);
  }
}

/** The other thread did not answer: it is gone, or busy for longer than the caller would wait. */
export class ThreadUnavailable extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

interface CallMessage {
  readonly call: number;
  readonly command: string;
  readonly params: unknown;
}

interface ReplyMessage {
  readonly reply: number;
  readonly result?: unknown;
  readonly refused?: Diagnostic;
  readonly fault?: string;
}

interface PendingCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout | undefined;
}

interface CallOptions {
  /** After this long the call rejects with {@link ThreadUnavailable}; the command itself goes on. No limit by default. */
  readonly timeoutMs?: number;
  readonly transfer?: readonly TransferListItem[];
}

/** The calling side of a thread's command interface. Every call settles: by a reply, a time-out, or {@link rejectAll}. */
export class RpcClient<C extends CommandTable<C>> {
  private readonly pending = new Map<number, PendingCall>();
  private next = 1;

  /** @param threadName for messages, e.g. `kernel thread` */
  constructor(
    private readonly port: Worker | MessagePort,
    private readonly threadName: string,
  ) {
    port.on('message', (message: ReplyMessage) => this.settle(message));
  }

  /** Calls that have not been answered. */
  get unanswered(): number {
    return this.pending.size;
  }

  call<K extends keyof C & string>(
    command: K,
    params: C[K]['params'],
    options: CallOptions = {},
  ): Promise<C[K]['result']> {
    const { timeoutMs, transfer } = options;
    return new Promise<unknown>((resolve, reject) => {
      const call = this.next++;
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => this.expire(call, command, timeoutMs), timeoutMs);
      this.pending.set(call, { resolve, reject, timer });
      this.port.postMessage({ call, command, params } satisfies CallMessage, transfer ? [...transfer] : []);
    });
  }

  /** The thread is gone: every call that waits fails with this. */
  rejectAll(error: Error): void {
    for (const { reject, timer } of this.pending.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.pending.clear();
  }

  private expire(call: number, command: string, timeoutMs: number): void {
    const waiting = this.pending.get(call);
    this.pending.delete(call);
    const message = `the ${this.threadName} has not answered ${command} for ${timeoutMs / 1000} s`;
    waiting?.reject(new ThreadUnavailable('busy', message));
  }

  private settle(message: ReplyMessage): void {
    if (message?.reply === undefined) return;
    const waiting = this.pending.get(message.reply);
    if (!waiting) return;
    this.pending.delete(message.reply);
    clearTimeout(waiting.timer);
    if (message.refused) waiting.reject(new CommandRefused(message.refused));
    else if (message.fault !== undefined)
      waiting.reject(new Error(`fault in the ${this.threadName}: ${message.fault}`));
    else waiting.resolve(message.result);
  }
}

/** The serving side: answers each call in the order of arrival as its handler settles. */
export function serveRpc<C extends CommandTable<C>>(port: MessagePort, handlers: CommandHandlers<C>): void {
  port.on('message', (message: CallMessage) => {
    if (message?.call === undefined) return;
    void answer(handlers as Record<string, (params: unknown) => unknown>, message).then((reply) =>
      port.postMessage(reply),
    );
  });
}

async function answer(
  handlers: Record<string, ((params: unknown) => unknown) | undefined>,
  { call, command, params }: CallMessage,
): Promise<ReplyMessage> {
  try {
    const handler = handlers[command];
    if (!handler) throw new Error(`no command ${command}`);
    return { reply: call, result: await handler(params) };
  } catch (error) {
    if (error instanceof CommandRefused) return { reply: call, refused: error.diagnostic };
    return { reply: call, fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
