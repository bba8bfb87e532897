import type { HelperProto } from '../helper-proto';
import { ANY, ANY32, CTX, INT, MEM_IN, MEM_INOUT, SIZE } from './shorthands';

/** Socket operations, TCP header options; net/core/filter.c. */
export const SOCK_OPS_HELPERS: readonly HelperProto[] = [
  { id: 59, name: 'sock_ops_cb_flags_set', ret: INT, args: [CTX, ANY32], support: 'none' },
  { id: 142, name: 'load_hdr_opt', ret: INT, args: [CTX, MEM_INOUT, SIZE, ANY], support: 'none' },
  { id: 143, name: 'store_hdr_opt', ret: INT, args: [CTX, MEM_IN, SIZE, ANY], support: 'none' },
  { id: 144, name: 'reserve_hdr_opt', ret: INT, args: [CTX, ANY32, ANY], support: 'none' },
];
