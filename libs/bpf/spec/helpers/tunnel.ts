import type { HelperProto } from '../helper-proto';
import { ANY, ANY32, CTX, INT, MEM_IN, MEM_OUT, SIZE } from './shorthands';

/** Tunnels and encapsulation; net/core/filter.c. */
export const TUNNEL_HELPERS: readonly HelperProto[] = [
  { id: 20, name: 'skb_get_tunnel_key', ret: INT, args: [CTX, MEM_OUT, SIZE, ANY], support: 'full' },
  { id: 21, name: 'skb_set_tunnel_key', ret: INT, args: [CTX, MEM_IN, SIZE, ANY], support: 'full' },
  { id: 29, name: 'skb_get_tunnel_opt', ret: INT, args: [CTX, MEM_OUT, SIZE], support: 'full' },
  { id: 30, name: 'skb_set_tunnel_opt', ret: INT, args: [CTX, MEM_IN, SIZE], support: 'full' },
  { id: 73, name: 'lwt_push_encap', ret: INT, args: [CTX, ANY32, MEM_IN, SIZE], support: 'none' },
  { id: 74, name: 'lwt_seg6_store_bytes', ret: INT, args: [CTX, ANY32, MEM_IN, SIZE], support: 'none' },
  { id: 75, name: 'lwt_seg6_adjust_srh', ret: INT, args: [CTX, ANY32, ANY32], support: 'none' },
  { id: 76, name: 'lwt_seg6_action', ret: INT, args: [CTX, ANY32, MEM_IN, SIZE], support: 'none' },
];
