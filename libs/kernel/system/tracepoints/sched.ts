import type { Kernel } from '../kernel';
import { reportedState } from '../sched/scheduler';
import type { Pid } from '../task/pid';
import type { Task } from '../task/task';
import { row } from './row';

/** `include/trace/events/sched.h` */
export function schedRows(k: Kernel) {
  const p = (task: Task) => k.ptr(task.offset);
  const wake = (name: string) =>
    row(
      'sched',
      name,
      (task: Task) => [p(task)],
      (task) => ({ comm: task.comm, pid: task.pid, prio: task.prio, target_cpu: task.cpu }),
    );
  const brief = (task: Task) => ({ comm: task.comm, pid: task.pid, prio: task.prio });
  return {
    schedSwitch: row(
      'sched',
      'sched_switch',
      (preempt: boolean, prev: Task, next: Task, state: number) => [preempt ? 1 : 0, p(prev), p(next), state],
      (preempt, prev, next, state) => ({
        prev_comm: prev.comm,
        prev_pid: prev.pid,
        prev_prio: prev.prio,
        prev_state: reportedState(preempt, state, prev.exitState),
        next_comm: next.comm,
        next_pid: next.pid,
        next_prio: next.prio,
      }),
    ),
    schedWaking: wake('sched_waking'),
    schedWakeup: wake('sched_wakeup'),
    schedWakeupNew: wake('sched_wakeup_new'),
    schedMigrateTask: row(
      'sched',
      'sched_migrate_task',
      (task: Task, cpu: number) => [p(task), cpu],
      (task, cpu) => ({ ...brief(task), orig_cpu: task.cpu, dest_cpu: cpu }),
    ),
    schedProcessFork: row(
      'sched',
      'sched_process_fork',
      (parent: Task, child: Task) => [p(parent), p(child)],
      (parent, child) => ({
        parent_comm: parent.comm,
        parent_pid: parent.pid,
        child_comm: child.comm,
        child_pid: child.pid,
      }),
    ),
    schedProcessExec: row(
      'sched',
      'sched_process_exec',
      (task: Task, oldPid: number, _filename: string, bprm: () => number) => [p(task), oldPid, bprm()],
      (task, oldPid, filename) => ({ filename, pid: task.pid, old_pid: oldPid }),
    ),
    schedPrepareExec: row(
      'sched',
      'sched_prepare_exec',
      (task: Task, _interp: string, _filename: string, bprm: () => number) => [p(task), bprm()],
      (task, interp, filename) => ({ interp, filename, pid: task.pid, comm: task.comm }),
    ),
    schedProcessExit: row(
      'sched',
      'sched_process_exit',
      (task: Task, groupDead: boolean) => [p(task), groupDead ? 1 : 0],
      (task, groupDead) => ({ ...brief(task), group_dead: groupDead ? 1 : 0 }),
    ),
    schedProcessFree: row(
      'sched',
      'sched_process_free',
      (task: Task) => [p(task)],
      (task) => brief(task),
    ),
    schedProcessWait: row(
      'sched',
      'sched_process_wait',
      (pid: Pid | undefined) => [k.ptr(pid?.offset ?? 0)],
      (pid) => ({ comm: k.task.comm, pid: pid?.numbers[0].nr ?? 0, prio: k.task.prio }),
    ),
    schedStatRuntime: row(
      'sched',
      'sched_stat_runtime',
      (task: Task, runtime: number) => [p(task), runtime],
      (task, runtime) => ({ comm: task.comm, pid: task.pid, runtime }),
    ),
  };
}
