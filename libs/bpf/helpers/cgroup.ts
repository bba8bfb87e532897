import { type BpfMap, IdArrayMap } from '@probed/maps';
import { E, type HelperContext, type HelperFamily } from './helper-context';

export function cgroupArray(map: BpfMap): IdArrayMap {
  if (map instanceof IdArrayMap) return map;
  throw new Error(`invariant broken: map ${map.info.name} is no cgroup array`);
}

/** kernel/bpf/helpers.c: bpf_current_task_under_cgroup. @returns 1 or 0, -E2BIG, -EAGAIN (no cgroup at the index) */
export function underCgroup(c: HelperContext, map: IdArrayMap, index: number): number {
  if (index >= map.info.maxEntries) return E.TOO_BIG;
  const wanted = map.idAt(index);
  if (wanted === 0) return E.AGAIN;
  for (let level = 0; ; level++) {
    const id = c.services.ancestorCgroupId(level);
    if (id === undefined) return 0;
    if (id >>> 0 === wanted) return 1;
  }
}

/** kernel/bpf/helpers.c, kernel/bpf/cgroup.c. */
export const CGROUP_HELPERS: HelperFamily = {
  get_current_cgroup_id: (c) => () => c.word(c.services.task().cgroupId),
  get_current_ancestor_cgroup_id: (c) => (level) =>
    c.word(level < 0 ? 0 : (c.services.ancestorCgroupId(level) ?? 0)),
  current_task_under_cgroup: (c, map) => (at, index) =>
    underCgroup(c, cgroupArray(map ?? c.map(at)), index >>> 0),
  /** No net_cls hierarchy is ever mounted, so every task has class 0. */
  get_cgroup_classid: (c) => () => c.u64(0, 0),
};
