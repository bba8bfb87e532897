import type { HelperProto } from '../helper-proto';
import { ANY, ANY32, btf, CTX, INT, MAP, MEM_IN, MEM_OUT, SIZE, SIZE_OR_ZERO, U64 } from './shorthands';

/** Socket buffers; net/core/filter.c. */
export const SKB_HELPERS: readonly HelperProto[] = [
  { id: 9, name: 'skb_store_bytes', ret: INT, args: [CTX, ANY32, MEM_IN, SIZE, ANY], support: 'none' },
  { id: 18, name: 'skb_vlan_push', ret: INT, args: [CTX, ANY32, ANY32], support: 'none' },
  { id: 19, name: 'skb_vlan_pop', ret: INT, args: [CTX], support: 'none' },
  { id: 24, name: 'get_route_realm', ret: U64, args: [CTX], support: 'none' },
  { id: 26, name: 'skb_load_bytes', ret: INT, args: [CTX, ANY32, MEM_OUT, SIZE], support: 'none' },
  { id: 31, name: 'skb_change_proto', ret: INT, args: [CTX, ANY32, ANY], support: 'none' },
  { id: 32, name: 'skb_change_type', ret: INT, args: [CTX, ANY32], support: 'none' },
  { id: 33, name: 'skb_under_cgroup', ret: INT, args: [CTX, MAP, ANY32], support: 'none' },
  { id: 34, name: 'get_hash_recalc', ret: U64, args: [CTX], support: 'none' },
  { id: 38, name: 'skb_change_tail', ret: INT, args: [CTX, ANY32, ANY], support: 'none' },
  { id: 39, name: 'skb_pull_data', ret: INT, args: [CTX, ANY32], support: 'none' },
  { id: 41, name: 'set_hash_invalid', ret: INT, args: [CTX], support: 'none' },
  { id: 43, name: 'skb_change_head', ret: INT, args: [CTX, ANY32, ANY], support: 'none' },
  { id: 48, name: 'set_hash', ret: INT, args: [CTX, ANY32], support: 'none' },
  { id: 50, name: 'skb_adjust_room', ret: INT, args: [CTX, ANY32, ANY32, ANY], support: 'none' },
  { id: 66, name: 'skb_get_xfrm_state', ret: INT, args: [CTX, ANY32, MEM_OUT, SIZE, ANY], support: 'none' },
  {
    id: 68,
    name: 'skb_load_bytes_relative',
    ret: INT,
    args: [CTX, ANY32, MEM_OUT, SIZE, ANY32],
    support: 'none',
  },
  { id: 79, name: 'skb_cgroup_id', ret: U64, args: [CTX], support: 'none' },
  { id: 83, name: 'skb_ancestor_cgroup_id', ret: U64, args: [CTX, ANY32], support: 'none' },
  { id: 97, name: 'skb_ecn_set_ce', ret: INT, args: [CTX], support: 'none' },
  {
    id: 111,
    name: 'skb_output',
    ret: INT,
    args: [btf('sk_buff'), MAP, ANY, MEM_IN, SIZE_OR_ZERO],
    gplOnly: true,
    support: 'none',
  },
  { id: 151, name: 'skb_cgroup_classid', ret: U64, args: [CTX], support: 'none' },
  { id: 192, name: 'skb_set_tstamp', ret: INT, args: [CTX, ANY, ANY32], support: 'none' },
];
