import type { HelperProto } from '../helper-proto';
import { ANY, CTX, INT, MEM_IN, MEM_INOUT, MEM_OUT, SIZE } from './shorthands';

/** Accesses to sysctl knobs; kernel/bpf/cgroup.c. */
export const SYSCTL_HELPERS: readonly HelperProto[] = [
  { id: 101, name: 'sysctl_get_name', ret: INT, args: [CTX, MEM_INOUT, SIZE, ANY], support: 'none' },
  { id: 102, name: 'sysctl_get_current_value', ret: INT, args: [CTX, MEM_OUT, SIZE], support: 'none' },
  { id: 103, name: 'sysctl_get_new_value', ret: INT, args: [CTX, MEM_OUT, SIZE], support: 'none' },
  { id: 104, name: 'sysctl_set_new_value', ret: INT, args: [CTX, MEM_IN, SIZE], support: 'none' },
];
