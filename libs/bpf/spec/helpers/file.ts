import type { HelperProto } from '../helper-proto';
import { ANY, btf, INT, MEM_INOUT, MEM_OUT, retBtfOrNull, SIZE, SIZE_OR_ZERO } from './shorthands';

/** Files, paths, integrity; kernel/trace/bpf_trace.c, kernel/bpf/bpf_lsm.c. */
export const FILE_HELPERS: readonly HelperProto[] = [
  { id: 147, name: 'd_path', ret: INT, args: [btf('path'), MEM_INOUT, SIZE_OR_ZERO], support: 'full' },
  { id: 159, name: 'bprm_opts_set', ret: INT, args: [btf('linux_binprm'), ANY], support: 'none' },
  {
    id: 161,
    name: 'ima_inode_hash',
    ret: INT,
    args: [btf('inode'), MEM_OUT, SIZE],
    mightSleep: true,
    support: 'none',
  },
  { id: 162, name: 'sock_from_file', ret: retBtfOrNull('socket'), args: [btf('file')], support: 'none' },
  {
    id: 193,
    name: 'ima_file_hash',
    ret: INT,
    args: [btf('file'), MEM_OUT, SIZE],
    mightSleep: true,
    support: 'none',
  },
];
