import type { HelperProto } from '../helper-proto';
import {
  ANY,
  CONST_STR,
  INT,
  MEM_IN,
  MEM_IN_OR_NULL,
  MEM_INOUT,
  MEM_INOUT_OR_NULL,
  SIZE,
  SIZE_OR_ZERO,
} from './shorthands';

/** Formatted text: the trace pipe and snprintf; kernel/trace/bpf_trace.c, kernel/bpf/helpers.c. */
export const TRACE_PRINTK_HELPERS: readonly HelperProto[] = [
  {
    id: 6,
    name: 'trace_printk',
    ret: INT,
    args: [MEM_IN, SIZE],
    uncheckedArgs: 3,
    gplOnly: true,
    support: 'full',
  },
  { id: 149, name: 'snprintf_btf', ret: INT, args: [MEM_INOUT, SIZE, MEM_IN, SIZE, ANY], support: 'none' },
  {
    id: 165,
    name: 'snprintf',
    ret: INT,
    args: [MEM_INOUT_OR_NULL, SIZE_OR_ZERO, CONST_STR, MEM_IN_OR_NULL, SIZE_OR_ZERO],
    gplOnly: true,
    support: 'full',
  },
  {
    id: 177,
    name: 'trace_vprintk',
    ret: INT,
    args: [MEM_IN, SIZE, MEM_IN_OR_NULL, SIZE_OR_ZERO],
    gplOnly: true,
    support: 'full',
  },
];
