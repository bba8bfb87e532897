import type { HelperProto } from '../helper-proto';
import { ANY, ANY32, CTX, fixedOut, INT, U64 } from './shorthands';

/** The probed function: its arguments, result, address, cookie; kernel/trace/bpf_trace.c. */
export const TRACING_HELPERS: readonly HelperProto[] = [
  { id: 58, name: 'override_return', ret: INT, args: [CTX, ANY], gplOnly: true, support: 'full' },
  { id: 173, name: 'get_func_ip', ret: U64, args: [CTX], gplOnly: true, support: 'full' },
  { id: 174, name: 'get_attach_cookie', ret: U64, args: [CTX], support: 'full' },
  { id: 183, name: 'get_func_arg', ret: INT, args: [CTX, ANY32, fixedOut(8)], support: 'full' },
  { id: 184, name: 'get_func_ret', ret: INT, args: [CTX, fixedOut(8)], support: 'full' },
  { id: 185, name: 'get_func_arg_cnt', ret: INT, args: [CTX], support: 'full' },
];
