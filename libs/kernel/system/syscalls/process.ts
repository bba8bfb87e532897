import { CLONE, SIG_HOW, SIGNAL } from '@probed/abi';
import { joinU64, writeI64 } from '@probed/base';
import type { Kernel } from '../kernel';
import type { Sys } from '../sched/task-program';
import { kernelClone } from '../task/clone';
import { execve } from '../task/exec';
import { doExit } from '../task/exit';
import { SIG_DFL } from '../task/signal-struct';
import type { Task } from '../task/task';
import { kernelWait4 } from '../task/wait';
import type { HandlerTable } from './table';
import { EFAULT, EINVAL, getname } from './util';

const E2BIG = -7;
const EPERM = -1;
const ESRCH = -3;
/** `MAX_ARG_STRINGS` is far higher; this bounds what one call makes the emulation read. */
const MAX_ARG_STRINGS = 65_536;
const SIGSET_BYTES = 8;

/** `struct user_arg_ptr`: a NULL-terminated vector of strings. */
function readVector(k: Kernel, task: Task, address: number): readonly string[] | number {
  const out: string[] = [];
  if (address === 0) return out;
  for (let i = 0; ; i++) {
    if (i >= MAX_ARG_STRINGS) return E2BIG;
    const pointer = k.user.read64(task.mm!, address + 8 * i);
    if (pointer === undefined) return EFAULT;
    if (pointer === 0) return out;
    const text = k.user.readText(task.mm!, pointer, 131_072);
    if (text === undefined) return EFAULT;
    out.push(text);
  }
}

function doExecve(k: Kernel, task: Task, path: number, argvAt: number, envpAt: number): number {
  const filename = getname(k, task, path);
  if (typeof filename === 'number') return filename;
  const argv = readVector(k, task, argvAt);
  if (typeof argv === 'number') return argv;
  const envp = readVector(k, task, envpAt);
  if (typeof envp === 'number') return envp;
  return execve(k, filename, { argv: argv.length > 0 ? argv : [''], envp });
}

/** The part of clone that registers cannot say, namely what the child does, has been left by user mode. */
function clone(k: Kernel, flags: number): number | Sys {
  const request = k.pendingClone;
  k.pendingClone = undefined;
  if (!request) return EINVAL;
  return kernelClone(k, { ...request, flags, exitSignal: flags & 0xff });
}

function* exitGroup(k: Kernel, task: Task, code: number): Sys {
  task.signal.groupExiting = true;
  task.signal.groupExitCode = (code & 0xff) << 8;
  for (const thread of task.signal.threads)
    if (thread !== task && !thread.exitState) k.signals.send(thread, SIGNAL.SIGKILL);
  return yield* doExit(k, (code & 0xff) << 8);
}

/** Tasks that a pid argument of kill(2) names, as its caller's namespace counts. */
function targets(k: Kernel, task: Task, pid: number): Task[] {
  const ns = task.thread.numbers[task.thread.numbers.length - 1].ns;
  const out: Task[] = [];
  for (const other of k.tasks.all()) {
    if (other.groupLeader !== other || !other.thread.numberIn(ns)) continue;
    const hit =
      pid > 0
        ? other.thread.numberIn(ns) === pid
        : pid === 0
          ? other.signal.pgrp === task.signal.pgrp
          : pid === -1
            ? other !== task && other.thread.numberIn(ns) !== 1
            : other.signal.pgrp === -pid;
    if (hit) out.push(other);
  }
  return out;
}

function kill(k: Kernel, task: Task, pid: number, signal: number): number {
  const found = targets(k, task, pid | 0);
  if (found.length === 0) return ESRCH;
  let result = 0;
  for (const target of found) {
    const mayKill = task.cred.ids.euid === 0 || task.cred.ids.euid === target.cred.ids.uid;
    const sent = mayKill ? k.signals.kill(target, signal, true) : EPERM;
    if (sent < 0) result = sent;
  }
  return result;
}

function tgkill(k: Kernel, task: Task, tid: number, signal: number): number {
  const ns = task.thread.numbers[task.thread.numbers.length - 1].ns;
  for (const other of k.tasks.all())
    if (other.thread.numberIn(ns) === tid) return k.signals.kill(other, signal, false);
  return ESRCH;
}

function readSigset(k: Kernel, task: Task, address: number): Set<number> | undefined {
  const bytes = k.user.read(task.mm!, address, SIGSET_BYTES);
  if (!bytes) return undefined;
  const out = new Set<number>();
  for (let signal = 1; signal <= 64; signal++)
    if (bytes[(signal - 1) >> 3] & (1 << ((signal - 1) & 7))) out.add(signal);
  return out;
}

function sigsetBytes(signals: ReadonlySet<number>): Uint8Array {
  const bytes = new Uint8Array(SIGSET_BYTES);
  for (const signal of signals) bytes[(signal - 1) >> 3] |= 1 << ((signal - 1) & 7);
  return bytes;
}

/** `struct kernel_sigaction`: handler, flags, restorer, mask. */
function rtSigaction(k: Kernel, task: Task, signal: number, act: number, old: number): number {
  if (signal < 1 || signal > 64) return EINVAL;
  if (act && (signal === SIGNAL.SIGKILL || signal === SIGNAL.SIGSTOP)) return EINVAL;
  const before = task.signal.actions.get(signal);
  if (act) {
    const bytes = k.user.read(task.mm!, act, 32);
    const mask = readSigset(k, task, act + 24);
    if (!bytes || !mask) return EFAULT;
    const view = new DataView(bytes.buffer);
    const handler = joinU64(view.getUint32(0, true), view.getUint32(4, true));
    if (handler === SIG_DFL) task.signal.actions.delete(signal);
    else task.signal.actions.set(signal, { handler, flags: view.getUint32(8, true), mask });
  }
  if (!old) return 0;
  const out = new Uint8Array(32);
  writeI64(new DataView(out.buffer), 0, before?.handler ?? 0);
  new DataView(out.buffer).setUint32(8, before?.flags ?? 0, true);
  return k.user.write(task.mm!, old, out) ? 0 : EFAULT;
}

function rtSigprocmask(k: Kernel, task: Task, how: number, set: number, old: number): number {
  const before = task.blockedSignals;
  if (set) {
    const signals = readSigset(k, task, set);
    if (!signals) return EFAULT;
    signals.delete(SIGNAL.SIGKILL);
    signals.delete(SIGNAL.SIGSTOP);
    if (how === SIG_HOW.SETMASK) task.blockedSignals = signals;
    else if (how === SIG_HOW.BLOCK) task.blockedSignals = new Set([...before, ...signals]);
    else if (how === SIG_HOW.UNBLOCK)
      task.blockedSignals = new Set([...before].filter((s) => !signals.has(s)));
    else return EINVAL;
  }
  return !old || k.user.write(task.mm!, old, sigsetBytes(before)) ? 0 : EFAULT;
}

function own(task: Task): number {
  return task.groupLeader.thread.own;
}

function setpgid(k: Kernel, task: Task, pid: number, group: number): number {
  const [target] = pid === 0 ? [task.groupLeader] : targets(k, task, pid);
  if (!target) return ESRCH;
  target.signal.pgrp = group === 0 ? own(target) : group;
  return 0;
}

function setsid(task: Task): number {
  if (task.signal.pgrp === own(task)) return EPERM;
  task.signal.pgrp = own(task);
  task.signal.session = own(task);
  task.signal.tty = undefined;
  return own(task);
}

/** Processes, signals and their groups (`kernel/fork.c`, `kernel/exit.c`, `kernel/signal.c`, `fs/exec.c`). */
export const PROCESS: HandlerTable = {
  execve: [200, (k, task, path, argv, envp) => doExecve(k, task, path, argv, envp)],
  execveat: [200, (k, task, _dfd, path, argv, envp) => doExecve(k, task, path, argv, envp)],
  clone: [100, (k, _task, flags) => clone(k, flags)],
  fork: [100, (k) => clone(k, SIGNAL.SIGCHLD)],
  vfork: [100, (k) => clone(k, CLONE.VFORK | CLONE.VM | SIGNAL.SIGCHLD)],
  exit: [100, (k, _task, code) => doExit(k, (code & 0xff) << 8)],
  exit_group: [100, (k, task, code) => exitGroup(k, task, code)],
  wait4: [120, (k, _task, pid, status, options) => kernelWait4(k, pid | 0, status, options)],
  waitid: [
    120,
    (k, _task, which, pid, _info, options) => {
      const result = kernelWait4(k, which === 0 ? -1 : which === 1 ? pid : -pid, 0, options);
      return settled(result);
    },
  ],
  kill: [200, (k, task, pid, signal) => kill(k, task, pid, signal)],
  tkill: [200, (k, task, tid, signal) => tgkill(k, task, tid, signal)],
  tgkill: [200, (k, task, _tgid, tid, signal) => tgkill(k, task, tid, signal)],
  rt_sigaction: [60, (k, task, signal, act, old) => rtSigaction(k, task, signal, act, old)],
  rt_sigprocmask: [60, (k, task, how, set, old) => rtSigprocmask(k, task, how, set, old)],
  rt_sigreturn: [150, () => 0],
  rt_sigpending: [
    60,
    (k, task, at) => (k.user.write(task.mm!, at, sigsetBytes(task.pendingSignals)) ? 0 : EFAULT),
  ],
  pause: [60, (k, task) => pause(k, task)],
  rt_sigsuspend: [60, (k, task) => pause(k, task)],
  sigaltstack: [50, () => 0],
  getpid: [20, (_k, task) => own(task)],
  gettid: [20, (_k, task) => task.thread.own],
  getppid: [
    25,
    (_k, task) =>
      task.parent.groupLeader.thread.numberIn(task.thread.numbers[task.thread.numbers.length - 1].ns),
  ],
  getpgrp: [20, (_k, task) => task.signal.pgrp],
  getpgid: [40, (k, task, pid) => (pid === 0 ? task : targets(k, task, pid)[0])?.signal.pgrp ?? ESRCH],
  getsid: [40, (k, task, pid) => (pid === 0 ? task : targets(k, task, pid)[0])?.signal.session ?? ESRCH],
  setpgid: [120, (k, task, pid, group) => setpgid(k, task, pid, group)],
  setsid: [200, (_k, task) => setsid(task)],
  set_tid_address: [
    20,
    (_k, task, address) => {
      task.clearChildTid = address;
      return task.thread.own;
    },
  ],
  set_robust_list: [20, () => 0],
  rseq: [40, () => 0],
};

/** waitid gives 0 where wait4 gives a pid. */
function* settled(waiting: Sys): Sys {
  const got = yield* waiting;
  return Math.min(got, 0);
}

function* pause(k: Kernel, task: Task): Sys {
  while (!task.signalPending()) yield* k.sched.block(1);
  return -4;
}
