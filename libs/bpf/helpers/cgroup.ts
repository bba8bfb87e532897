import type { HelperFamily } from './helper-context';

/** kernel/bpf/helpers.c, kernel/bpf/cgroup.c. */
export const CGROUP_HELPERS: HelperFamily = {
  get_current_cgroup_id: (c) => () => c.word(c.services.task().cgroupId),
  get_current_ancestor_cgroup_id: (c) => (level) =>
    c.word(level < 0 ? 0 : (c.services.ancestorCgroupId(level) ?? 0)),
  /** No net_cls hierarchy is ever mounted, so every task has class 0. */
  get_cgroup_classid: (c) => () => c.u64(0, 0),
};
