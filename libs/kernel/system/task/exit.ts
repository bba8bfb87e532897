import { SIGNAL } from '@probed/abi';
import type { Kernel } from '../kernel';
import type { Sys } from '../sched/task-program';
import { traced, tracedBlocking } from '../trace/traced';
import { putFiles } from '../vfs/open';
import { SIG_IGN } from './signal-struct';
import { EXIT_STATE, PF } from './state';
import type { Task } from './task';

const EXIT_COST_NS = 62_000;
const SA_NOCLDWAIT = 2;

const doExitHook = tracedBlocking<[number]>(
  'do_exit',
  (_k, code) => [code],
  function* (k, code): Sys {
    const { task } = k;
    k.tasks.setFlags(task, task.flags | PF.EXITING);
    k.tasks.setExitCode(task, code);
    const groupDead = livingThreads(task) === 0;
    if (groupDead && task.signal.groupExitCode === 0) task.signal.groupExitCode = code;
    k.sched.spend(EXIT_COST_NS);
    k.drivers.forget(task, 'has ended');
    if (k.tp.schedProcessExit.active) k.tp.schedProcessExit.fire(task, groupDead);
    releaseMm(k, task);
    putFiles(k, task.files);
    putFs(k, task);
    exitNotify(k, task, groupDead);
    if (groupDead) task.groupLeader.onExit?.(task.signal.groupExitCode);
    return yield* k.sched.exit();
  },
);

/** `kernel/exit.c: do_exit`: ends the current thread. @param code wait status: exit code << 8, or a signal */
export function* doExit(k: Kernel, code: number): Sys<never> {
  yield* doExitHook(k, code);
  throw new Error('invariant broken: a dead task was resumed');
}

/** Threads of the group, other than this one, that still run. */
function livingThreads(task: Task): number {
  let living = 0;
  for (const thread of task.signal.threads)
    if (thread !== task && !thread.exitState && !(thread.flags & PF.EXITING)) living++;
  return living;
}

/** `mm_release` and `exit_mm` */
export function releaseMm(k: Kernel, task: Task): void {
  const { mm, clearChildTid } = task;
  if (!mm) return;
  if (clearChildTid && mm.users > 1) {
    k.user.write32(mm, clearChildTid, 0);
    k.futex.wake(k, mm, clearChildTid, 1);
  }
  k.tasks.setMm(task, undefined);
  mm.release();
  wakeVforkParent(k, task);
}

export function wakeVforkParent(k: Kernel, task: Task): void {
  const parent = task.vforkParent;
  if (!parent) return;
  task.vforkParent = undefined;
  k.sched.wake(parent);
}

function putFs(k: Kernel, task: Task): void {
  if (--task.fs.users === 0) k.memory.free(task.fs.offset);
}

/** A task that never ran: its creation was refused halfway. */
export function discardTask(k: Kernel, task: Task): void {
  task.clearChildTid = 0;
  releaseMm(k, task);
  putFiles(k, task.files);
  putFs(k, task);
  k.tasks.release(task);
}

/** Children go to the namespace's init, the parent hears of the death. */
function exitNotify(k: Kernel, task: Task, groupDead: boolean): void {
  const reaper = k.reaperOf(task);
  for (const child of [...task.children]) {
    k.tasks.setParent(child, reaper);
    if (child.exitState === EXIT_STATE.ZOMBIE) reaper.signal.childExit.wake(k);
  }
  if (task.groupLeader !== task) {
    k.tasks.setExitState(task, EXIT_STATE.DEAD);
    if (groupDead && task.groupLeader.exitState === EXIT_STATE.ZOMBIE) notifyParent(k, task.groupLeader);
    return;
  }
  k.tasks.setExitState(task, EXIT_STATE.ZOMBIE);
  k.vfs.forgetPid(task.thread);
  if (groupDead) notifyParent(k, task);
}

/** `do_notify_parent`: SIGCHLD, or immediate burial when the parent does not care. */
function notifyParent(k: Kernel, leader: Task): void {
  const { parent } = leader;
  const action = parent.signal.actions.get(SIGNAL.SIGCHLD);
  const unwanted = action && (action.handler === SIG_IGN || (action.flags & SA_NOCLDWAIT) !== 0);
  k.signals.childExited(parent, leader.signal.groupExitCode);
  if (unwanted || leader.autoReap || parent.flags & PF.KTHREAD) {
    k.tasks.setExitState(leader, EXIT_STATE.DEAD);
    // The current task is released once it has been switched away from.
    if (leader !== k.task) k.tasks.release(leader);
  } else parent.signal.childExit.wake(k);
}

/** `release_task`: buries a zombie that has been waited for. */
export const releaseTask = traced<[Task]>(
  'release_task',
  (k, task) => [k.ptr(task.offset)],
  (k, task) => {
    k.tasks.release(task);
    return 0;
  },
);
