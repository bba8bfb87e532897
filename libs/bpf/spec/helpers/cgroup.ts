import type { HelperProto } from '../helper-proto';
import { ANY, ANY32, INT, MAP, RET_VALUE, U64 } from './shorthands';

/** Cgroups of the current task, return values of cgroup programs; kernel/bpf/helpers.c, kernel/bpf/cgroup.c. */
export const CGROUP_HELPERS: readonly HelperProto[] = [
  { id: 17, name: 'get_cgroup_classid', ret: U64, args: [], support: 'full' },
  { id: 37, name: 'current_task_under_cgroup', ret: INT, args: [MAP, ANY32], support: 'full' },
  { id: 80, name: 'get_current_cgroup_id', ret: U64, args: [], support: 'full' },
  { id: 81, name: 'get_local_storage', ret: RET_VALUE, args: [MAP, ANY], support: 'none' },
  { id: 123, name: 'get_current_ancestor_cgroup_id', ret: U64, args: [ANY32], support: 'full' },
  { id: 186, name: 'get_retval', ret: INT, args: [], support: 'none' },
  { id: 187, name: 'set_retval', ret: INT, args: [ANY32], support: 'none' },
];
