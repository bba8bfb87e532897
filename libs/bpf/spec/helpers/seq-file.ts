import type { HelperProto } from '../helper-proto';
import { ANY, btf, INT, MEM_IN, MEM_IN_OR_NULL, SIZE, SIZE_OR_ZERO } from './shorthands';

/** Output of iterator programs; kernel/trace/bpf_trace.c. */
export const SEQ_FILE_HELPERS: readonly HelperProto[] = [
  {
    id: 126,
    name: 'seq_printf',
    ret: INT,
    args: [btf('seq_file'), MEM_IN, SIZE, MEM_IN_OR_NULL, SIZE_OR_ZERO],
    gplOnly: true,
    support: 'full',
  },
  {
    id: 127,
    name: 'seq_write',
    ret: INT,
    args: [btf('seq_file'), MEM_IN, SIZE_OR_ZERO],
    gplOnly: true,
    support: 'full',
  },
  {
    id: 150,
    name: 'seq_printf_btf',
    ret: INT,
    args: [btf('seq_file'), MEM_IN, SIZE_OR_ZERO, ANY],
    gplOnly: true,
    support: 'none',
  },
];
