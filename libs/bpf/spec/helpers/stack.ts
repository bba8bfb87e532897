import type { HelperProto } from '../helper-proto';
import { ANY, btf, CTX, INT, MAP, MEM_OUT, SIZE_OR_ZERO } from './shorthands';

/** Stack traces; kernel/bpf/stackmap.c. */
export const STACK_HELPERS: readonly HelperProto[] = [
  { id: 27, name: 'get_stackid', ret: INT, args: [CTX, MAP, ANY], gplOnly: true, support: 'full' },
  {
    id: 67,
    name: 'get_stack',
    ret: INT,
    args: [CTX, MEM_OUT, SIZE_OR_ZERO, ANY],
    gplOnly: true,
    support: 'full',
  },
  {
    id: 141,
    name: 'get_task_stack',
    ret: INT,
    args: [btf('task_struct'), MEM_OUT, SIZE_OR_ZERO, ANY],
    support: 'partial',
    note: 'EFAULT for other tasks where the kernel cannot walk their stacks (KernelServices.taskKernelStack)',
  },
];
