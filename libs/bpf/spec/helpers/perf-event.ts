import type { HelperProto } from '../helper-proto';
import {
  ANY,
  CTX,
  INT,
  MAP,
  MEM_IN,
  MEM_INOUT_OR_NULL,
  MEM_OUT,
  SIZE,
  SIZE_OR_ZERO,
  U64,
} from './shorthands';

/** Perf buffers and counters; kernel/trace/bpf_trace.c. */
export const PERF_EVENT_HELPERS: readonly HelperProto[] = [
  {
    id: 22,
    name: 'perf_event_read',
    ret: U64,
    args: [MAP, ANY],
    gplOnly: true,
    support: 'partial',
    note: 'arrays hold output buffers only, so there is never a counter: ENOENT',
  },
  {
    id: 25,
    name: 'perf_event_output',
    ret: INT,
    args: [CTX, MAP, ANY, MEM_IN, SIZE_OR_ZERO],
    gplOnly: true,
    support: 'partial',
    note: 'packet bytes (BPF_F_CTXLEN_MASK) are not appended for skb and XDP programs: EINVAL',
  },
  {
    id: 55,
    name: 'perf_event_read_value',
    ret: INT,
    args: [MAP, ANY, MEM_OUT, SIZE],
    gplOnly: true,
    support: 'partial',
    note: 'arrays hold output buffers only, so there is never a counter: ENOENT',
  },
  {
    id: 56,
    name: 'perf_prog_read_value',
    ret: INT,
    args: [CTX, MEM_OUT, SIZE],
    gplOnly: true,
    support: 'full',
  },
  {
    id: 119,
    name: 'read_branch_records',
    ret: INT,
    args: [CTX, MEM_INOUT_OR_NULL, SIZE_OR_ZERO, ANY],
    gplOnly: true,
    support: 'full',
  },
  {
    id: 176,
    name: 'get_branch_snapshot',
    ret: INT,
    args: [MEM_OUT, SIZE_OR_ZERO],
    uncheckedArgs: 1,
    gplOnly: true,
    support: 'full',
  },
];
