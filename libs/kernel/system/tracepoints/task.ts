import type { Kernel } from '../kernel';
import type { Task } from '../task/task';
import { row } from './row';

/** `include/trace/events/task.h` */
export function taskRows(k: Kernel) {
  return {
    taskNewtask: row(
      'task',
      'task_newtask',
      (task: Task, flags: number) => [k.ptr(task.offset), flags],
      (task, flags) => ({ pid: task.pid, comm: task.comm, clone_flags: flags, oom_score_adj: 0 }),
    ),
    taskRename: row(
      'task',
      'task_rename',
      (task: Task, comm: string) => {
        const at = k.transient.bytes(new TextEncoder().encode(comm));
        return [k.ptr(task.offset), k.ptr(at)];
      },
      (task, comm) => ({ pid: task.pid, oldcomm: task.comm, newcomm: comm, oom_score_adj: 0 }),
    ),
  };
}
