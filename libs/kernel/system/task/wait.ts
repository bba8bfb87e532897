import { WAIT } from '@probed/abi';
import type { Kernel } from '../kernel';
import type { Sys } from '../sched/task-program';
import { tracedBlocking } from '../trace/traced';
import { releaseTask } from './exit';
import type { Pid } from './pid';
import { EXIT_STATE } from './state';
import type { Task } from './task';

const ECHILD = -10;
const ERESTARTSYS = -512;

/** Who is waited for: as wait4's pid argument. */
function matches(which: number, caller: Task, child: Task): boolean {
  if (which === -1) return true;
  if (which > 0) return child.thread.numberIn(caller.nsproxy.all.pid) === which || child.thread.own === which;
  const group = which === 0 ? caller.signal.pgrp : -which;
  return child.signal.pgrp === group;
}

/** The `struct pid` of the one child that is waited for, if it is one. */
function awaited(task: Task, which: number): Pid | undefined {
  for (const child of task.children) if (which > 0 && matches(which, task, child)) return child.thread;
  return undefined;
}

/** A group is dead when its leader is a zombie and no other thread is left. */
function reapable(task: Task): boolean {
  if (task.exitState !== EXIT_STATE.ZOMBIE) return false;
  for (const thread of task.signal.threads) if (thread !== task && !thread.exitState) return false;
  return true;
}

/** `kernel/exit.c: kernel_wait4`. `status` is a user address or 0. @returns the child's pid or a negative errno */
export const kernelWait4 = tracedBlocking<[number, number, number]>(
  'kernel_wait4',
  (_k, which, status, options) => [which, status, options, 0],
  function* (k, which, status, options): Sys {
    const { task } = k;
    const { childExit } = task.signal;
    if (k.tp.schedProcessWait.active) k.tp.schedProcessWait.fire(awaited(task, which));
    for (;;) {
      let any = false;
      let dead: Task | undefined;
      for (const thread of task.signal.threads)
        for (const child of thread.children) {
          if (!matches(which, task, child)) continue;
          any = true;
          if (!dead && reapable(child)) dead = child;
        }
      if (!any) return ECHILD;
      if (dead) return bury(k, task, dead, status);
      if (options & WAIT.WNOHANG) return 0;
      const ready = () => {
        for (const thread of task.signal.threads)
          for (const child of thread.children)
            if (matches(which, task, child) && reapable(child)) return true;
        return false;
      };
      const woken = yield* childExit.waitFor(k, ready);
      if (woken < 0) return ERESTARTSYS;
    }
  },
);

function bury(k: Kernel, task: Task, child: Task, status: number): number {
  const nr = child.thread.numberIn(task.nsproxy.all.pid) || child.thread.own;
  const code = child.signal.groupExitCode || child.exitCode;
  task.signal.cutimeNs += child.utimeNs + child.stimeNs;
  if (status && task.mm) k.user.write32(task.mm, status, code);
  releaseTask(k, child);
  return nr;
}
