import type { Kernel } from '../kernel';
import { type Sys, YIELD } from '../sched/task-program';
import type { Task } from '../task/task';
import type { UserContext } from './context';

const SIGKILL = 9;

/**
 * User mode of a task, run by promise-based code outside the kernel's loop.
 *
 * The kernel waits for it: while such a task is in user mode and its code has not said what it does next, no virtual
 * time passes for anybody ({@link Kernel.run} returns false). So however long a promise takes, the order of events and
 * their times are the same.
 */
export interface DrivenProcess {
  readonly k: Kernel;
  /** Thread id in the initial pid namespace. */
  readonly pid: number;
  /** Its number as the task itself sees it. */
  readonly ownPid: number;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** False once the task has ended or has replaced itself by execve. */
  readonly alive: boolean;
  /**
   * Runs a piece of user mode in the task, in virtual time; resolves with its result when it is done. Rejects with
   * {@link TaskExited} when the task ends, or replaces itself, before that.
   */
  run<T>(body: (u: UserContext) => Sys<T>): Promise<T>;
  /** fork(2): the child is driven too and exits with what `main` resolves to. @returns pid as the parent sees it */
  fork(main: (child: DrivenProcess) => Promise<number>): Promise<number>;
}

/** What a driven program does; resolves to its exit code. */
export type Driver = (process: DrivenProcess) => Promise<number>;

/** The task that a promise was waiting on is gone: killed, ended, or replaced by execve. */
export class TaskExited extends Error {
  constructor(
    readonly pid: number,
    why: string,
  ) {
    super(`task ${pid} ${why}`);
    this.name = 'TaskExited';
  }
}

interface Piece {
  run(u: UserContext): Sys<void>;
  reject(reason: TaskExited): void;
}

function parseEnv(envp: readonly string[]): Record<string, string> {
  const env: Record<string, string> = Object.create(null);
  for (const entry of envp) {
    const at = entry.indexOf('=');
    if (at > 0) env[entry.slice(0, at)] = entry.slice(at + 1);
  }
  return env;
}

/** One driven task: the pieces that its code has posted, and the coroutine that runs them. */
class Driven implements DrivenProcess {
  readonly pid: number;
  readonly ownPid: number;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  alive = true;
  /** Set when the code has come to its end. */
  exitCode: number | undefined;
  private readonly pieces: Piece[] = [];
  private current: Piece | undefined;

  constructor(
    readonly k: Kernel,
    readonly task: Task,
    u: UserContext,
    private readonly drivers: Drivers,
  ) {
    this.pid = task.pid;
    this.ownPid = task.thread.own;
    this.argv = u.argv;
    this.env = parseEnv(u.program.envp);
  }

  run<T>(body: (u: UserContext) => Sys<T>): Promise<T> {
    if (!this.alive) return Promise.reject(new TaskExited(this.pid, 'has ended'));
    return new Promise<T>((resolve, reject) => {
      this.pieces.push({
        *run(u) {
          resolve(yield* body(u));
        },
        reject,
      });
      this.drivers.posted();
    });
  }

  fork(main: (child: DrivenProcess) => Promise<number>): Promise<number> {
    return this.run((u) => u.fork((child) => this.drivers.serve(child, main)));
  }

  /** Nothing to do, and nothing that the kernel wants of it. */
  get idle(): boolean {
    const { signal } = this.task;
    return (
      this.alive &&
      this.pieces.length === 0 &&
      this.exitCode === undefined &&
      !signal.groupExiting &&
      !this.task.signalPending()
    );
  }

  /** The task's coroutine. */
  *serve(u: UserContext): Sys {
    const { k, task } = this;
    for (;;) {
      const piece = this.pieces.shift();
      if (piece) {
        this.current = piece;
        yield* piece.run(u);
        this.current = undefined;
      } else if (this.exitCode !== undefined) return this.exitCode;
      else {
        this.drivers.enterUser(this);
        yield YIELD.USER;
        this.drivers.leaveUser();
      }
      if (task.signal.groupExiting || task.signalPending()) yield* k.signals.deliver();
    }
  }

  /** Its code has come to its end, by a result or by an error that nobody caught. */
  finish(code: number): void {
    this.exitCode = code & 0xff;
    this.drivers.posted();
  }

  abandon(why: string): void {
    if (!this.alive) return;
    this.alive = false;
    const reason = new TaskExited(this.pid, why);
    this.current?.reject(reason);
    for (const piece of this.pieces) piece.reject(reason);
    this.pieces.length = 0;
  }
}

/**
 * All driven tasks of a node: the one place where promises meet the kernel.
 *
 * Invariants: at most one task is in user mode with nothing posted, because the scheduler stops at the first; code of
 * a driver never runs inside {@link Kernel.run}, only in between.
 */
export class Drivers {
  private readonly byTask = new Map<Task, Driven>();
  private stalled: Driven | undefined;
  private notify: (() => void) | undefined;
  /** Told of errors that a driver did not catch; the task ends with code 1. */
  onCrash: ((pid: number, error: unknown) => void) | undefined;

  constructor(private readonly k: Kernel) {}

  /** Pids of the tasks that virtual time waits for: in user mode, and their code has not said what comes next. */
  get waiting(): readonly number[] {
    return this.blocked ? [this.stalled!.pid] : [];
  }

  /** True while virtual time may not pass. */
  get blocked(): boolean {
    return this.stalled?.idle === true;
  }

  /** Kills the process of a task whose code does not come back (SIGKILL). @returns false when it is not driven */
  abort(pid: number): boolean {
    const task = this.k.tasks.find(pid);
    if (!task || !this.byTask.has(task)) return false;
    this.k.signals.send(task, SIGKILL, true);
    this.posted();
    return true;
  }

  /** Resolves as soon as virtual time may pass again. */
  async ready(): Promise<void> {
    while (this.blocked) {
      await new Promise<void>((resolve) => {
        this.notify = resolve;
      });
    }
  }

  /** User mode of the current task, from now on driven by `main`. @returns its exit code */
  *serve(u: UserContext, main: Driver): Sys {
    const { task } = this.k;
    const driven = new Driven(this.k, task, u, this);
    this.byTask.set(task, driven);
    // Not at once: a driver's code never runs inside the kernel's loop.
    Promise.resolve()
      .then(() => main(driven))
      .then(
        (code) => driven.finish(code),
        (error: unknown) => {
          if (driven.alive && !(error instanceof TaskExited)) this.onCrash?.(driven.pid, error);
          driven.finish(1);
        },
      );
    return yield* driven.serve(u);
  }

  /** The task is no longer driven: it is dead, or execve has given it another program. */
  forget(task: Task, why: string): void {
    const driven = this.byTask.get(task);
    if (!driven) return;
    this.byTask.delete(task);
    driven.abandon(why);
    if (this.stalled === driven) this.stalled = undefined;
  }

  enterUser(driven: Driven): void {
    this.stalled = driven;
  }

  leaveUser(): void {
    this.stalled = undefined;
  }

  /** A driver has said what comes next, or a signal ends its turn: who waits for that may go on. */
  posted(): void {
    const { notify } = this;
    this.notify = undefined;
    notify?.();
  }
}
