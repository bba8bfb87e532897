import type { HelperProto } from '../helper-proto';
import { ANY, btf, INT, MEM_IN, MEM_OUT, SIZE, SIZE_OR_ZERO } from './shorthands';

/** Reads of memory that nobody proved, and of user memory; kernel/trace/bpf_trace.c, kernel/bpf/helpers.c. */
export const PROBE_READ_HELPERS: readonly HelperProto[] = [
  { id: 4, name: 'probe_read', ret: INT, args: [MEM_OUT, SIZE_OR_ZERO, ANY], gplOnly: true, support: 'full' },
  { id: 36, name: 'probe_write_user', ret: INT, args: [ANY, MEM_IN, SIZE], gplOnly: true, support: 'full' },
  {
    id: 45,
    name: 'probe_read_str',
    ret: INT,
    args: [MEM_OUT, SIZE_OR_ZERO, ANY],
    gplOnly: true,
    support: 'full',
  },
  {
    id: 112,
    name: 'probe_read_user',
    ret: INT,
    args: [MEM_OUT, SIZE_OR_ZERO, ANY],
    gplOnly: true,
    support: 'full',
  },
  {
    id: 113,
    name: 'probe_read_kernel',
    ret: INT,
    args: [MEM_OUT, SIZE_OR_ZERO, ANY],
    gplOnly: true,
    support: 'full',
  },
  {
    id: 114,
    name: 'probe_read_user_str',
    ret: INT,
    args: [MEM_OUT, SIZE_OR_ZERO, ANY],
    gplOnly: true,
    support: 'full',
  },
  {
    id: 115,
    name: 'probe_read_kernel_str',
    ret: INT,
    args: [MEM_OUT, SIZE_OR_ZERO, ANY],
    gplOnly: true,
    support: 'full',
  },
  {
    id: 148,
    name: 'copy_from_user',
    ret: INT,
    args: [MEM_OUT, SIZE_OR_ZERO, ANY],
    mightSleep: true,
    support: 'full',
  },
  {
    id: 191,
    name: 'copy_from_user_task',
    ret: INT,
    args: [MEM_OUT, SIZE_OR_ZERO, ANY, btf('task_struct'), ANY],
    gplOnly: true,
    mightSleep: true,
    support: 'partial',
    note: 'EFAULT for other tasks where the kernel cannot reach their memory (KernelServices.readTaskUser)',
  },
];
