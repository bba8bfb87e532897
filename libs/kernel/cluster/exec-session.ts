import { SIGNAL } from '@probed/abi';
import type { Container } from './container';
import { findExecutable } from './executable';
import type { Pod } from './pod';
import { pipeTerminal, type Terminal, ttyTerminal } from './terminal';

/** `kubectl exec`: a command to be run in a container. */
export interface ExecRequest {
  /** Given by the caller; unique in the cluster. */
  readonly id: string;
  /** Pod name, `pod/NAME`, `NAMESPACE/NAME`, or a beginning of a name that says which. */
  readonly pod: string;
  readonly namespace?: string;
  /** The first container by default. */
  readonly container?: string;
  readonly command: readonly string[];
  /** With a terminal, else with three pipes. */
  readonly tty: boolean;
  /** Whether input will come; without, a command that reads finds the end at once. */
  readonly stdin: boolean;
  /** Who asks, for the record. */
  readonly user?: string;
  /** User to run as, the container's by default. */
  readonly uid?: number;
  /** Size of the terminal. */
  readonly columns?: number;
  readonly rows?: number;
}

export type OutputListener = (stream: 'stdout' | 'stderr', data: Uint8Array) => void;

const encoder = new TextEncoder();

/** Told by the session about itself. */
export interface SessionOwner {
  ended(session: ExecSession): void;
}

/** A command that runs in a container on somebody's behalf. Input counts as of now; call between runs or from an event. */
export class ExecSession {
  readonly id: string;
  readonly pod: string;
  readonly namespace: string;
  readonly container: string;
  readonly node: string;
  readonly command: readonly string[];
  readonly tty: boolean;
  /** Who asked for it; empty when nobody was named. */
  readonly user: string;
  readonly startedNs: number;
  state: 'running' | 'exited' = 'running';
  /** Of its first process, in the node's pid namespace; 0 when none could be started. */
  pid = 0;
  /** Exit code of its first process, 128 + signal when one ended it. */
  exitCode: number | undefined;
  endedNs: number | undefined;
  /** Why the command could not be started. */
  failure: string | undefined;
  /** Commands recorded so far. */
  commands = 0;
  private readonly outputListeners = new Set<OutputListener>();
  private readonly exitListeners = new Set<(session: ExecSession) => void>();
  private terminal: Terminal | undefined;

  constructor(
    request: ExecRequest,
    pod: Pod,
    private readonly target: Container,
    private readonly owner: SessionOwner,
  ) {
    this.id = request.id;
    this.pod = pod.name;
    this.namespace = pod.namespace;
    this.container = target.name;
    this.node = pod.node;
    this.command = request.command;
    this.tty = request.tty;
    this.user = request.user ?? '';
    this.startedNs = target.kernel.nowNs();
  }

  /** Starts the process; its first system call is yet to come. */
  start(request: ExecRequest): void {
    const { target } = this;
    const { kernel } = target;
    const env = request.tty ? [...target.env, 'TERM=xterm'] : target.env;
    const found = findExecutable(target.place.root, request.command[0], env);
    if ('failure' in found) {
      this.fail(found.failure, found.exitCode);
      return;
    }
    const terminal = (request.tty ? ttyTerminal : pipeTerminal)(kernel, (stream, data) =>
      this.output(stream, data),
    );
    this.terminal = terminal;
    if (request.columns && request.rows) terminal.resize(request.columns, request.rows);
    this.pid = target.launch({
      path: found.path,
      argv: request.command,
      env,
      execSession: this.id,
      onExit: (status) => this.end(exitCodeOf(status)),
      ...terminal.launch,
      ...(request.uid !== undefined && { uid: request.uid, gid: request.uid }),
    }).pid;
    if (!request.stdin && !request.tty) terminal.closeStdin();
  }

  /** Bytes for the standard input: typed at the terminal, or written to the pipe. */
  write(data: Uint8Array | string): void {
    this.input((terminal) => terminal.write(typeof data === 'string' ? encoder.encode(data) : data));
  }

  closeStdin(): void {
    this.input((terminal) => terminal.closeStdin());
  }

  resize(columns: number, rows: number): void {
    this.input((terminal) => terminal.resize(columns, rows));
  }

  /** Sends a signal to the session's first process. */
  signal(number: number): void {
    const task = this.state === 'running' ? this.target.kernel.taskByPid(this.pid) : undefined;
    if (!task) return;
    this.target.kernel.signals.send(task, number, true);
    this.target.kernel.drivers.posted();
  }

  /** The client has gone: the terminal hangs up, pipes are closed. Who ignores that goes on. */
  hangUp(): void {
    this.input((terminal) => terminal.hangUp());
  }

  /** Ends all processes of the session, those that have left it behind as well. */
  kill(): void {
    const { kernel } = this.target;
    for (const task of [...kernel.allTasks()])
      if (task.execSession === this.id && !task.exitState) kernel.signals.send(task, SIGNAL.SIGKILL, true);
    kernel.drivers.posted();
  }

  /** What the command writes, as it comes. @returns a function that stops it */
  onOutput(listener: OutputListener): () => void {
    this.outputListeners.add(listener);
    return () => this.outputListeners.delete(listener);
  }

  /** Called once, when the first process has ended; at once when it has already. */
  onExit(listener: (session: ExecSession) => void): void {
    if (this.state === 'exited') listener(this);
    else this.exitListeners.add(listener);
  }

  /** Says why on stderr, as the container runtime does, and ends: in the next event, so that nobody misses it. */
  private fail(failure: string, exitCode: number): void {
    const { kernel } = this.target;
    this.failure = failure;
    const text = `OCI runtime exec failed: exec failed: unable to start container process: ${failure}`;
    kernel.sched.at(kernel.nowNs(), kernel.cpu(), () => {
      this.output('stderr', encoder.encode(this.tty ? `${text}\r\n` : `${text}\n`));
      this.end(exitCode);
    });
  }

  private input(give: (terminal: Terminal) => void): void {
    if (!this.terminal) return;
    give(this.terminal);
    // A driven task that virtual time waits for may have got a signal by it.
    this.target.kernel.drivers.posted();
  }

  private output(stream: 'stdout' | 'stderr', data: Uint8Array): void {
    for (const listener of this.outputListeners) listener(stream, data);
  }

  private end(exitCode: number): void {
    this.state = 'exited';
    this.exitCode = exitCode;
    this.endedNs = this.target.kernel.nowNs();
    // The runtime lets go of its ends when the first process is gone; a terminal's other processes get SIGHUP.
    this.terminal?.release();
    this.terminal = undefined;
    this.owner.ended(this);
    for (const listener of this.exitListeners) listener(this);
    this.exitListeners.clear();
    this.outputListeners.clear();
  }
}

/** What a shell shows in `$?` for a wait status. */
export function exitCodeOf(status: number): number {
  const signal = status & 0x7f;
  return signal ? 128 + signal : (status >> 8) & 0xff;
}
