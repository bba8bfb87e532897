import type { HelperProto } from '../helper-proto';
import { ANY, ANY32, btf, CTX, INT, MAP, MEM_IN, MEM_OUT, SIZE, SIZE_OR_ZERO } from './shorthands';

/** XDP packets; net/core/filter.c. */
export const XDP_HELPERS: readonly HelperProto[] = [
  { id: 44, name: 'xdp_adjust_head', ret: INT, args: [CTX, ANY32], support: 'full' },
  { id: 54, name: 'xdp_adjust_meta', ret: INT, args: [CTX, ANY32], support: 'full' },
  { id: 65, name: 'xdp_adjust_tail', ret: INT, args: [CTX, ANY32], support: 'full' },
  {
    id: 121,
    name: 'xdp_output',
    ret: INT,
    args: [btf('xdp_buff'), MAP, ANY, MEM_IN, SIZE_OR_ZERO],
    gplOnly: true,
    support: 'none',
  },
  { id: 188, name: 'xdp_get_buff_len', ret: INT, args: [CTX], support: 'full' },
  { id: 189, name: 'xdp_load_bytes', ret: INT, args: [CTX, ANY32, MEM_OUT, SIZE], support: 'full' },
  { id: 190, name: 'xdp_store_bytes', ret: INT, args: [CTX, ANY32, MEM_IN, SIZE], support: 'full' },
];
