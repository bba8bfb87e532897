import type { HelperProto } from '../helper-proto';
import { ANY32, fixedOut, INT, MEM_IN, SIZE, SIZE_OR_ZERO, U64 } from './shorthands';

/** What syscall programs may do; kernel/bpf/syscall.c, kernel/bpf/btf.c. */
export const SYSCALL_HELPERS: readonly HelperProto[] = [
  { id: 166, name: 'sys_bpf', ret: INT, args: [ANY32, MEM_IN, SIZE], support: 'none' },
  { id: 167, name: 'btf_find_by_name_kind', ret: U64, args: [MEM_IN, SIZE, ANY32, ANY32], support: 'none' },
  { id: 168, name: 'sys_close', ret: INT, args: [ANY32], support: 'none' },
  {
    id: 179,
    name: 'kallsyms_lookup_name',
    ret: INT,
    args: [MEM_IN, SIZE_OR_ZERO, ANY32, fixedOut(8)],
    support: 'none',
  },
];
