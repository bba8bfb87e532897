import { SA, SIGNAL } from '@probed/abi';
import type { Kernel } from '../kernel';
import type { Sys } from '../sched/task-program';
import { securityHook } from '../trace/security';
import { traced } from '../trace/traced';
import type { SigInfo } from '../tracepoints/signal';
import { doExit } from './exit';
import { SIG_DFL, SIG_IGN, type SigAction } from './signal-struct';
import { TASK_STATE } from './state';
import type { Task } from './task';

const ESRCH = -3;
const EINVAL = -22;
/** `SI_USER`, `SI_KERNEL` */
const SI_USER = 0;
const SI_KERNEL = 0x80;
/** `CLD_EXITED`, `CLD_KILLED`, `CLD_DUMPED` */
const CLD = { EXITED: 1, KILLED: 2, DUMPED: 3 } as const;
const LAST_SIGNAL = 64;

type Default = 'ignore' | 'stop' | 'continue' | 'core' | 'terminate';

/** What a signal does when nothing handles it (signal(7)); those not listed terminate. */
const DEFAULTS: Readonly<Record<number, Default>> = {
  [SIGNAL.SIGCHLD]: 'ignore',
  [SIGNAL.SIGURG]: 'ignore',
  [SIGNAL.SIGWINCH]: 'ignore',
  [SIGNAL.SIGCONT]: 'continue',
  [SIGNAL.SIGSTOP]: 'stop',
  [SIGNAL.SIGTSTP]: 'stop',
  [SIGNAL.SIGTTIN]: 'stop',
  [SIGNAL.SIGTTOU]: 'stop',
  [SIGNAL.SIGQUIT]: 'core',
  [SIGNAL.SIGILL]: 'core',
  [SIGNAL.SIGABRT]: 'core',
  [SIGNAL.SIGFPE]: 'core',
  [SIGNAL.SIGSEGV]: 'core',
  [SIGNAL.SIGBUS]: 'core',
  [SIGNAL.SIGSYS]: 'core',
  [SIGNAL.SIGTRAP]: 'core',
};

const DEFAULT_ACTION: SigAction = { handler: SIG_DFL, flags: 0, mask: new Set() };

const doSendSigInfo = traced<[SigInfo, Task, boolean]>(
  'do_send_sig_info',
  (k, info, task) => [info.signal, 0, k.ptr(task.offset), 1],
  (k, info, task, group) => {
    k.signals.queue(info, task, group);
    return 0;
  },
);

const securityTaskKill = securityHook<[Task, SigInfo]>('task_kill', (k, task, info) => [
  k.ptr(task.offset),
  0,
  info.signal,
  0,
]);

/** Generation and delivery of signals (`kernel/signal.c`). */
export class Signals {
  constructor(private readonly k: Kernel) {}

  /** kill(2) and its like from user space. @returns 0 or a negative errno */
  kill(task: Task, signal: number, group: boolean): number {
    if (signal < 0 || signal > LAST_SIGNAL) return EINVAL;
    const info = { signal, code: SI_USER, errno: 0 };
    const denied = securityTaskKill(this.k, task, info);
    if (denied < 0) return denied;
    if (task.exitState) return group ? 0 : ESRCH;
    if (signal > 0) doSendSigInfo(this.k, info, task, group);
    return 0;
  }

  /** A signal that the kernel raises. */
  send(task: Task, signal: number, group = false): void {
    doSendSigInfo(this.k, { signal, code: SI_KERNEL, errno: 0 }, task, group);
  }

  /** SIGCHLD with how the child ended. @param status wait status */
  childExited(parent: Task, status: number): void {
    const code = (status & 0x7f) === 0 ? CLD.EXITED : status & 0x80 ? CLD.DUMPED : CLD.KILLED;
    doSendSigInfo(this.k, { signal: SIGNAL.SIGCHLD, code, errno: 0 }, parent, true);
  }

  /** `send_signal_locked`: makes it pending and wakes a thread that takes it. */
  queue(info: SigInfo, task: Task, group: boolean): void {
    const { k } = this;
    const { signal } = info;
    const pending = group ? task.signal.pending : task.pendingSignals;
    const ignored = this.ignored(task, signal);
    // TRACE_SIGNAL_DELIVERED 0, IGNORED 1, ALREADY_PENDING 2
    const result = ignored ? 1 : pending.has(signal) ? 2 : 0;
    if (k.tp.signalGenerate.active) k.tp.signalGenerate.fire(info, task, group ? 1 : 0, result);
    if (result !== 0) return;
    pending.add(signal);
    const targets = group ? [task, ...task.signal.threads] : [task];
    const target = targets.find((thread) => !thread.exitState && !thread.blockedSignals.has(signal));
    if (!target) return;
    if (signal === SIGNAL.SIGCONT && target.state === TASK_STATE.STOPPED) k.sched.wake(target);
    if (target.state === TASK_STATE.INTERRUPTIBLE || signal === SIGNAL.SIGKILL) k.sched.wake(target);
  }

  private ignored(task: Task, signal: number): boolean {
    if (task.blockedSignals.has(signal)) return false;
    const action = task.signal.actions.get(signal) ?? DEFAULT_ACTION;
    if (action.handler === SIG_IGN) return true;
    return action.handler === SIG_DFL && DEFAULTS[signal] === 'ignore';
  }

  /** Takes the next deliverable signal off the queues, lowest number first (`next_signal`). */
  private dequeue(task: Task): number {
    let best = 0;
    for (const set of [task.pendingSignals, task.signal.pending])
      for (const signal of set)
        if (!task.blockedSignals.has(signal) && (best === 0 || signal < best)) best = signal;
    if (best) {
      task.pendingSignals.delete(best);
      task.signal.pending.delete(best);
    }
    return best;
  }

  /**
   * `get_signal` and what follows: acts on everything pending before the task returns to user mode.
   * @returns true when a handler ran that does not ask for interrupted calls to be restarted
   */
  *deliver(): Sys<boolean> {
    const { k } = this;
    const { task } = k;
    let interrupted = false;
    for (;;) {
      if (task.signal.groupExiting) yield* doExit(k, task.signal.groupExitCode);
      const signal = this.dequeue(task);
      if (signal === 0) return interrupted;
      const action = task.signal.actions.get(signal) ?? DEFAULT_ACTION;
      const info = { signal, code: SI_USER, errno: 0 };
      if (k.tp.signalDeliver.active) k.tp.signalDeliver.fire(info, action);
      k.sched.spend(600);
      if (action.handler === SIG_IGN) continue;
      if (action.handler !== SIG_DFL && action.run) {
        yield* this.handle(task, signal, action);
        if (!(action.flags & SA.RESTART)) interrupted = true;
      } else yield* this.actByDefault(signal);
    }
  }

  private *handle(task: Task, signal: number, action: SigAction): Sys<void> {
    const saved = task.blockedSignals;
    task.blockedSignals = new Set([...saved, ...action.mask, signal]);
    yield* action.run!(signal);
    task.blockedSignals = saved;
  }

  private *actByDefault(signal: number): Sys<void> {
    const { k } = this;
    const what = DEFAULTS[signal] ?? 'terminate';
    if (what === 'ignore' || what === 'continue') return;
    if (what === 'stop') {
      yield* k.sched.block(TASK_STATE.STOPPED);
      return;
    }
    const { task } = k;
    task.signal.groupExiting = true;
    task.signal.groupExitCode = signal | (what === 'core' ? 0x80 : 0);
    for (const thread of task.signal.threads) if (thread !== task) this.send(thread, SIGNAL.SIGKILL);
    yield* doExit(k, task.signal.groupExitCode);
  }
}
