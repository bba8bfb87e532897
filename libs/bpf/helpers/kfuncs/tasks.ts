import type { HelperContext, HelperFamily, HelperMaker } from '../helper-context';

/** References keep nothing alive here: objects of the emulated kernel go when their owner goes. */
const acquire: HelperMaker = () => (object) => object;
const release: HelperMaker = () => () => 0;

function taskByPid(c: HelperContext, pid: number, namespace: 'initial' | 'current'): number {
  return c.services.walks?.taskByPid(pid, namespace) ?? 0;
}

/** kernel/bpf/helpers.c. */
export const TASK_KFUNCS: HelperFamily = {
  bpf_task_acquire: acquire,
  bpf_task_release: release,
  bpf_task_from_pid: (c) => (pid) => taskByPid(c, pid | 0, 'initial'),
  bpf_task_from_vpid: (c) => (pid) => taskByPid(c, pid | 0, 'current'),
  bpf_task_under_cgroup: (c) => (task, cgroup) => (c.services.walks?.isUnder(task, cgroup) ? 1 : 0),
  bpf_cgroup_acquire: acquire,
  bpf_cgroup_release: release,
  bpf_cgroup_ancestor: (c) => (cgroup, level) => c.services.walks?.ancestor(cgroup, level | 0) ?? 0,
  bpf_cgroup_from_id: (c) => (lo, hi) => c.services.walks?.cgroupById((hi >>> 0) * 2 ** 32 + (lo >>> 0)) ?? 0,
};
