import { userInfo } from 'node:os';
import { buffer } from 'node:stream/consumers';
import { EXEC_NAMESPACE, type ExecExit, type ExecStart, type ExecStartReply } from '@probed/protocol';
import type { Socket } from 'socket.io-client';
import { CommandError, EXIT, ExitWith, fail, failUsage } from '../errors';
import { note, Printer } from '../output/printer';
import { type DaemonOptions, daemonAddress, unreachable } from './daemon-address';
import { DaemonClient } from './daemon-client';
import { ExecTerminal, SIGNAL_BASE } from './exec-terminal';
import { ConnectionFault, connectSocket } from './stream-socket';

export interface ExecOptions extends DaemonOptions {
  readonly namespace?: string;
  readonly container?: string;
  readonly stdin?: boolean;
  readonly tty?: boolean;
  readonly user?: string;
}

const START_TIMEOUT_MS = 20_000;
const SIGINT = 2;
/** The longest that the API lets a command take, s. */
const REST_EXEC_S_MAX = 600;

/** `probectl exec`: a command in a container; its exit code is ours. */
export async function exec(pod: string, command: readonly string[], options: ExecOptions): Promise<void> {
  if (command.length === 0) failUsage('no command given', `probectl exec ${pod} -- COMMAND`);
  if (options.json) return execForPrograms(pod, command, options);
  const tty = options.tty === true && terminalAsked(options);
  const { namespace, container, stdin = false } = options;
  const start: ExecStart = {
    pod,
    namespace,
    container,
    command: [...command],
    tty,
    stdin,
    user: userOf(options),
  };
  const address = daemonAddress(options);
  let socket: Socket;
  try {
    socket = await connectSocket(address, EXEC_NAMESPACE);
  } catch (error) {
    throw error instanceof ConnectionFault ? unreachable(address, error.message) : error;
  }
  try {
    const code = await new ExecRun(socket, start).run();
    if (code !== EXIT.ok) throw new ExitWith(code);
  } finally {
    socket.disconnect();
  }
}

/** kubectl goes on without a terminal, too, and says so. */
function terminalAsked({ stdin }: ExecOptions): boolean {
  if (!stdin || process.stdin.isTTY) return true;
  note('standard input is no terminal: going on without one');
  return false;
}

function userOf({ user }: ExecOptions): string | undefined {
  if (user !== undefined) return user;
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/** With `--json`: waits for the end and prints one document. */
async function execForPrograms(pod: string, command: readonly string[], options: ExecOptions): Promise<void> {
  if (options.tty) failUsage('--json does not go with -t');
  const { namespace, container } = options;
  const stdin = options.stdin ? (await buffer(process.stdin)).toString('utf8') : undefined;
  const body = {
    pod,
    namespace,
    container,
    command: [...command],
    user: userOf(options),
    stdin,
    timeout_s: REST_EXEC_S_MAX,
  };
  const call = { timeoutMs: REST_EXEC_S_MAX * 1e3 + START_TIMEOUT_MS, doing: `running ${command[0]}` };
  const result = await DaemonClient.open(options).call('startExecSession', { body }, call);
  new Printer(true).document(result);
  const code = result.session.exit_code ?? EXIT.failed;
  if (code !== EXIT.ok) throw new ExitWith(code);
}

/** One session on a connected socket. */
class ExecRun {
  private readonly terminal = new ExecTerminal();
  private readonly cleanups: (() => void)[] = [];

  constructor(
    private readonly socket: Socket,
    private readonly start: ExecStart,
  ) {}

  /** @returns the command's exit code */
  async run(): Promise<number> {
    const { start, terminal } = this;
    try {
      const ended = this.untilEnd();
      const begun = this.begin({ ...start, ...(start.tty ? terminal.size() : {}) });
      // Whichever comes first is heard; the other one may fail later, when nobody listens any more.
      for (const promise of [ended, begun]) promise.catch(() => {});
      const early = await Promise.race([begun.then(() => undefined), ended]);
      if (early !== undefined) return early;
      if (start.tty && start.stdin) terminal.enter();
      if (start.tty) this.followSize();
      if (start.stdin) this.forwardInput();
      return await ended;
    } finally {
      terminal.leave();
      for (const cleanup of this.cleanups) cleanup();
    }
  }

  private async begin(start: ExecStart): Promise<void> {
    let reply: ExecStartReply;
    try {
      reply = (await this.socket.timeout(START_TIMEOUT_MS).emitWithAck('start', start)) as ExecStartReply;
    } catch {
      return fail('time-out', 'the daemon does not start the command in time', {
        hint: 'see: probectl status',
      });
    }
    if (!reply.ok) throw new CommandError(reply.error);
  }

  /** Copies output until the command ends, the connection breaks, or Ctrl-C where no terminal takes it. */
  private untilEnd(): Promise<number> {
    const { socket } = this;
    let lastError = '';
    return new Promise((resolve, reject) => {
      socket.on('output', (stream: string, bytes: Uint8Array) => {
        if (stream === 'stderr') lastError = Buffer.from(bytes).toString();
        (stream === 'stderr' ? process.stderr : process.stdout).write(bytes);
      });
      socket.once('exit', ({ exit_code: code, error }: ExecExit) => {
        this.terminal.leave();
        // What the session said itself is not said again.
        if (error !== undefined && !lastError.includes(error)) note(error);
        resolve(error !== undefined && code === EXIT.ok ? EXIT.failed : code & 0xff);
      });
      socket.once('disconnect', (reason) => {
        const message = `the connection to the daemon broke before the command ended (${reason})`;
        reject(new CommandError({ code: 'disconnected', message, hint: 'see: probectl sessions' }));
      });
      const onInterrupt = () => resolve(SIGNAL_BASE + SIGINT);
      process.once('SIGINT', onInterrupt);
      this.cleanups.push(() => process.removeListener('SIGINT', onInterrupt));
    });
  }

  private followSize(): void {
    const stop = this.terminal.onResize((size) => {
      if (size.rows !== undefined) this.socket.emit('resize', size);
    });
    this.cleanups.push(stop);
  }

  private forwardInput(): void {
    const { stdin } = process;
    const onData = (bytes: Buffer) => this.socket.emit('stdin', bytes);
    const onEnd = () => this.socket.emit('eof');
    stdin.on('data', onData);
    stdin.once('end', onEnd);
    stdin.once('error', onEnd);
    this.cleanups.push(() => {
      stdin.removeListener('data', onData);
      stdin.removeListener('end', onEnd);
      // Open input would keep the process from ending.
      stdin.pause();
      stdin.unref?.();
    });
  }
}
