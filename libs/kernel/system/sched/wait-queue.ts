import type { Kernel } from '../kernel';
import { TASK_STATE } from '../task/state';
import type { Task } from '../task/task';
import type { Sys } from './task-program';

/** Tasks that wait for one condition, in order of arrival (`include/linux/wait.h`). */
export class WaitQueue {
  private waiters: Task[] = [];

  get empty(): boolean {
    return this.waiters.length === 0;
  }

  add(task: Task): void {
    this.waiters.push(task);
  }

  remove(task: Task): void {
    const at = this.waiters.indexOf(task);
    if (at >= 0) this.waiters.splice(at, 1);
  }

  /** Wakes up to `count` waiters; they leave the queue by themselves when they run. */
  wake(k: Kernel, count = Number.POSITIVE_INFINITY): number {
    if (this.waiters.length === 0) return 0;
    let woken = 0;
    for (const task of this.waiters.slice()) {
      if (woken >= count) break;
      if (k.sched.wake(task)) woken++;
    }
    return woken;
  }

  /**
   * Sleeps until `ready()`, a signal, or `untilNs`.
   * @returns 0 when ready, 1 on time-out, -EINTR (-4) on a signal
   */
  *waitFor(k: Kernel, ready: () => boolean, untilNs = Number.POSITIVE_INFINITY): Sys {
    const { task } = k;
    for (;;) {
      if (ready()) return 0;
      if (task.signalPending()) return -4;
      if (k.sched.cur.clock >= untilNs) return 1;
      this.add(task);
      const timer = untilNs === Number.POSITIVE_INFINITY ? undefined : k.sched.wakeAt(task, untilNs);
      yield* k.sched.block(TASK_STATE.INTERRUPTIBLE);
      if (timer) timer.cancelled = true;
      this.remove(task);
    }
  }
}
