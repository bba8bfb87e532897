import { SYSCALLS, type SyscallRow } from '@probed/abi';
import type { FunctionHook } from '@probed/hooks';
import type { Kernel } from '../kernel';
import { type Sys, YIELD } from '../sched/task-program';
import type { Task } from '../task/task';
import { frame } from '../trace/traced';
import { declareSyscallEvents, type SyscallEvents } from '../tracepoints/syscalls';
import { HANDLERS } from './handlers';

const ENOSYS = -38;
const EINTR = -4;
const ERESTARTSYS = -512;
/** Entry code, argument set-up and exit code. */
const ENTRY_NS = 110;
const EXIT_NS = 90;

/**
 * What a system call does. Arguments are words as user space left them in registers. Calls that may sleep return a
 * generator, at least when they would.
 */
export type Handler = (
  k: Kernel,
  task: Task,
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
) => number | Sys;

/** One family's rows: user-visible name → typical cost in ns besides what the work itself charges, and the work. */
export type HandlerTable = Readonly<Record<string, readonly [costNs: number, run: Handler]>>;

interface Entry {
  readonly row: SyscallRow;
  readonly costNs: number;
  readonly run: Handler | undefined;
  readonly events: SyscallEvents | undefined;
  /** `__x64_sys_X` */
  readonly fn: FunctionHook | undefined;
  readonly frameIp: number;
}

const F_ENTRY = frame('entry_SYSCALL_64_after_hwframe');
const F_DO_SYSCALL = frame('do_syscall_64');

/** The system call table of a node, and the path that every call takes (`arch/x86/entry/syscall_64.c`). */
export class SyscallTable {
  private readonly entries: (Entry | undefined)[] = [];

  constructor(private readonly k: Kernel) {
    for (const row of SYSCALLS) {
      const handler = row.define === undefined ? undefined : HANDLERS[row.name];
      const fn = row.define === undefined ? undefined : k.declareFunction(`__x64_sys_${row.define}`);
      this.entries[row.number] = {
        row,
        costNs: handler?.[0] ?? 0,
        run: handler?.[1],
        events: declareSyscallEvents(k, row),
        fn,
        frameIp: fn?.ip ?? 0,
      };
    }
  }

  /** Names of the calls that do what they say; all others answer -ENOSYS. */
  supported(): string[] {
    return this.entries.flatMap((entry) => (entry?.run ? [entry.row.name] : []));
  }

  /** One system call of the current task, from user mode and back. @returns the result or a negative errno */
  *invoke(nr: number, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0): Sys {
    const { k } = this;
    const { sched, tp } = k;
    for (;;) {
      const task = sched.cur.current;
      const entry = this.entries[nr];
      this.enter(task, nr, a, b, c, d, e, f);
      if (tp.sysEnter.active || entry?.events?.enter.active) this.fireEnter(entry, nr);
      let ret = ENOSYS;
      if (entry) {
        sched.spend(entry.costNs);
        const { fn } = entry;
        if (fn?.active) {
          k.regs.write(task, nr, ENOSYS);
          ret = yield* fn.callBlocking([k.ptr(task.regsOffset)], () =>
            this.work(entry, task, a, b, c, d, e, f),
          );
        } else if (entry.run) {
          const result = entry.run(k, task, a, b, c, d, e, f);
          ret = typeof result === 'number' ? result : yield* result;
        }
      }
      if (tp.sysExit.active || entry?.events?.exit.active) this.fireExit(entry, nr, ret);
      this.leave(task);
      if (task.nextProgram) {
        for (;;) yield YIELD.EXEC;
      }
      let interrupted = false;
      if (task.signal.groupExiting || task.signalPending()) interrupted = yield* k.signals.deliver();
      if (sched.shouldYield()) yield YIELD.PREEMPT;
      if (ret !== ERESTARTSYS) return ret;
      if (interrupted) return EINTR;
    }
  }

  /**
   * The path of a call of the current task whose work somebody else stands for: the events of its entry and exit and
   * the hook of its function fire; no handler runs and no time passes.
   * @param work runs in place of the call's function
   */
  pretend(nr: number, args: readonly number[], work: () => number): number {
    const { k } = this;
    const task = k.sched.cur.current;
    const entry = this.entries[nr];
    const outer = { nr: task.sysNr, args: task.sysArgs.slice(), depth: task.stack.depth };
    task.sysArgs.fill(0);
    this.setEntry(task, nr, args);
    try {
      this.fireEnter(entry, nr);
      const ret = entry?.fn ? entry.fn.call([k.ptr(task.regsOffset)], work) : work();
      this.fireExit(entry, nr, ret);
      return ret;
    } finally {
      task.sysNr = outer.nr;
      task.sysArgs.set(outer.args);
      task.stack.depth = outer.depth;
    }
  }

  private setEntry(task: Task, nr: number, args: readonly number[]): void {
    const { frames } = this.k;
    task.sysNr = nr;
    task.sysArgs.set(args);
    const { stack } = task;
    stack.ips[0] = frames[F_ENTRY];
    stack.ips[1] = frames[F_DO_SYSCALL];
    stack.ips[2] = this.entries[nr]?.frameIp ?? frames[F_DO_SYSCALL];
    stack.depth = 3;
  }

  /** What a new task does first: it leaves the clone call of its parent with 0. */
  *returnFromFork(task: Task): Sys<void> {
    const { k } = this;
    const nr = task.sysNr;
    const entry = this.entries[nr];
    if (k.tp.sysExit.active || entry?.events?.exit.active) this.fireExit(entry, nr, 0);
    this.leave(task);
    if (k.sched.shouldYield()) yield YIELD.PREEMPT;
  }

  private *work(
    entry: Entry,
    task: Task,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
  ): Sys {
    if (!entry.run) return ENOSYS;
    const result = entry.run(this.k, task, a, b, c, d, e, f);
    return typeof result === 'number' ? result : yield* result;
  }

  private enter(
    task: Task,
    nr: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
  ): void {
    const { frames } = this.k;
    const args = task.sysArgs;
    task.sysNr = nr;
    args[0] = a;
    args[1] = b;
    args[2] = c;
    args[3] = d;
    args[4] = e;
    args[5] = f;
    const { stack } = task;
    stack.ips[0] = frames[F_ENTRY];
    stack.ips[1] = frames[F_DO_SYSCALL];
    stack.ips[2] = this.entries[nr]?.frameIp ?? frames[F_DO_SYSCALL];
    stack.depth = 3;
    this.k.sched.spend(ENTRY_NS);
  }

  private leave(task: Task): void {
    this.k.sched.spend(EXIT_NS);
    task.sysNr = -1;
    task.stack.depth = 0;
  }

  private fireEnter(entry: Entry | undefined, nr: number): void {
    const { k } = this;
    const { stack } = k.task;
    stack.depth = 2;
    k.regs.write(k.task, nr, ENOSYS);
    if (k.tp.sysEnter.active) k.tp.sysEnter.fire(nr);
    if (entry?.events?.enter.active) entry.events.enter.fire(nr);
    stack.depth = 3;
  }

  private fireExit(entry: Entry | undefined, nr: number, ret: number): void {
    const { k } = this;
    k.task.stack.depth = 2;
    k.regs.write(k.task, nr, ret);
    if (entry?.events?.exit.active) entry.events.exit.fire(nr, ret);
    if (k.tp.sysExit.active) k.tp.sysExit.fire(nr, ret);
  }
}
