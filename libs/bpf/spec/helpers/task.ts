import type { HelperProto } from '../helper-proto';
import {
  ANY,
  ANY32,
  btf,
  FUNC,
  INT,
  MEM_OUT,
  retBtf,
  retBtfTrusted,
  SIZE,
  STACK_OR_NULL,
  U64,
} from './shorthands';

/** The current task; kernel/bpf/helpers.c, kernel/trace/bpf_trace.c, kernel/bpf/cgroup.c. */
export const TASK_HELPERS: readonly HelperProto[] = [
  { id: 14, name: 'get_current_pid_tgid', ret: U64, args: [], support: 'full' },
  { id: 15, name: 'get_current_uid_gid', ret: U64, args: [], support: 'full' },
  { id: 16, name: 'get_current_comm', ret: INT, args: [MEM_OUT, SIZE], support: 'full' },
  { id: 35, name: 'get_current_task', ret: U64, args: [], gplOnly: true, support: 'full' },
  { id: 109, name: 'send_signal', ret: INT, args: [ANY32], support: 'full' },
  { id: 117, name: 'send_signal_thread', ret: INT, args: [ANY32], support: 'full' },
  { id: 120, name: 'get_ns_current_pid_tgid', ret: INT, args: [ANY, ANY, MEM_OUT, SIZE], support: 'full' },
  {
    id: 158,
    name: 'get_current_task_btf',
    ret: retBtfTrusted('task_struct'),
    args: [],
    gplOnly: true,
    support: 'full',
  },
  {
    id: 175,
    name: 'task_pt_regs',
    ret: retBtf('pt_regs'),
    args: [btf('task_struct')],
    gplOnly: true,
    support: 'partial',
    note: 'NULL for any task but the current one',
  },
  {
    id: 180,
    name: 'find_vma',
    ret: INT,
    args: [btf('task_struct'), ANY, FUNC, STACK_OR_NULL, ANY],
    support: 'none',
  },
];
