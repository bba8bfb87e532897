import type { HelperProto } from '../helper-proto';
import { ANY, ANY32, CTX, INT, KEY, MAP } from './shorthands';

/** Socket maps and messages; net/core/filter.c, net/core/sock_map.c. */
export const SOCK_MAP_HELPERS: readonly HelperProto[] = [
  { id: 52, name: 'sk_redirect_map', ret: INT, args: [CTX, MAP, ANY32, ANY], support: 'none' },
  { id: 53, name: 'sock_map_update', ret: INT, args: [CTX, MAP, KEY, ANY], pktAccess: true, support: 'none' },
  { id: 60, name: 'msg_redirect_map', ret: INT, args: [CTX, MAP, ANY32, ANY], support: 'none' },
  { id: 61, name: 'msg_apply_bytes', ret: INT, args: [CTX, ANY32], support: 'none' },
  { id: 62, name: 'msg_cork_bytes', ret: INT, args: [CTX, ANY32], support: 'none' },
  { id: 63, name: 'msg_pull_data', ret: INT, args: [CTX, ANY32, ANY32, ANY], support: 'none' },
  {
    id: 70,
    name: 'sock_hash_update',
    ret: INT,
    args: [CTX, MAP, KEY, ANY],
    pktAccess: true,
    support: 'none',
  },
  { id: 71, name: 'msg_redirect_hash', ret: INT, args: [CTX, MAP, KEY, ANY], support: 'none' },
  { id: 72, name: 'sk_redirect_hash', ret: INT, args: [CTX, MAP, KEY, ANY], support: 'none' },
  { id: 90, name: 'msg_push_data', ret: INT, args: [CTX, ANY32, ANY32, ANY], support: 'none' },
  { id: 91, name: 'msg_pop_data', ret: INT, args: [CTX, ANY32, ANY32, ANY], support: 'none' },
];
