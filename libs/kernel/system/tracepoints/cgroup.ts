import type { Cgroup } from '../cgroup/cgroup';
import type { Kernel } from '../kernel';
import type { Task } from '../task/task';
import { row } from './row';

/** `include/trace/events/cgroup.h` */
export function cgroupRows(k: Kernel) {
  const path = (text: string) => k.ptr(k.transient.bytes(new TextEncoder().encode(text)));
  return {
    cgroupMkdir: row(
      'cgroup',
      'cgroup_mkdir',
      (cgroup: Cgroup) => [k.ptr(cgroup.offset), path(cgroup.path)],
      (cgroup) => ({ root: 0, id: cgroup.id, level: cgroup.level, path: cgroup.path }),
    ),
    cgroupAttachTask: row(
      'cgroup',
      'cgroup_attach_task',
      (to: Cgroup, task: Task, group: boolean) => [
        k.ptr(to.offset),
        path(to.path),
        k.ptr(task.offset),
        group ? 1 : 0,
      ],
      (to, task) => ({
        dst_root: 0,
        dst_level: to.level,
        dst_id: to.id,
        pid: task.pid,
        dst_path: to.path,
        comm: task.comm,
      }),
    ),
  };
}
