import type { HelperProto } from '../helper-proto';
import {
  ANY,
  ANY32,
  FUNC,
  INT,
  KEY,
  KPTR,
  KPTR_DEST,
  MAP,
  RET_KPTR_OR_NULL,
  RET_VALUE_OR_NULL,
  STACK_OR_NULL,
  VALUE,
  VALUE_OUT,
} from './shorthands';

/** Maps: look up, update, delete, queue operations, iteration; kernel/bpf/helpers.c, kernel/bpf/map_iter.c. */
export const MAP_HELPERS: readonly HelperProto[] = [
  {
    id: 1,
    name: 'map_lookup_elem',
    ret: RET_VALUE_OR_NULL,
    args: [MAP, KEY],
    pktAccess: true,
    support: 'full',
  },
  {
    id: 2,
    name: 'map_update_elem',
    ret: INT,
    args: [MAP, KEY, VALUE, ANY],
    pktAccess: true,
    support: 'full',
  },
  { id: 3, name: 'map_delete_elem', ret: INT, args: [MAP, KEY], pktAccess: true, support: 'full' },
  { id: 87, name: 'map_push_elem', ret: INT, args: [MAP, VALUE, ANY], pktAccess: true, support: 'full' },
  { id: 88, name: 'map_pop_elem', ret: INT, args: [MAP, VALUE_OUT], support: 'full' },
  { id: 89, name: 'map_peek_elem', ret: INT, args: [MAP, VALUE_OUT], support: 'full' },
  { id: 164, name: 'for_each_map_elem', ret: INT, args: [MAP, FUNC, STACK_OR_NULL, ANY], support: 'full' },
  { id: 194, name: 'kptr_xchg', ret: RET_KPTR_OR_NULL, args: [KPTR_DEST, KPTR], support: 'none' },
  {
    id: 195,
    name: 'map_lookup_percpu_elem',
    ret: RET_VALUE_OR_NULL,
    args: [MAP, KEY, ANY32],
    pktAccess: true,
    support: 'full',
  },
];
