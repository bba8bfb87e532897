import type { HelperProto } from '../helper-proto';
import { ANY, ANY32, CTX, FUNC, INT, MAP, STACK_OR_NULL, VOID } from './shorthands';

/** Control flow: bounded loops and tail calls; kernel/bpf/bpf_iter.c, kernel/bpf/core.c. */
export const LOOP_HELPERS: readonly HelperProto[] = [
  {
    id: 12,
    name: 'tail_call',
    ret: VOID,
    args: [CTX, MAP, ANY32],
    support: 'full',
    note: 'an instruction of the executors, as in the kernel (JMP_TAIL_CALL)',
  },
  { id: 181, name: 'loop', ret: INT, args: [ANY32, FUNC, STACK_OR_NULL, ANY], support: 'full' },
];
