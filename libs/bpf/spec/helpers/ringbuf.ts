import type { HelperProto } from '../helper-proto';
import {
  ALLOC_SIZE,
  ANY,
  ANY32,
  DYNPTR_RINGBUF_OUT,
  DYNPTR_RINGBUF_RELEASE,
  FUNC,
  INT,
  MAP,
  MEM_IN,
  RET_RINGBUF_MEM_OR_NULL,
  RINGBUF_MEM,
  SIZE_OR_ZERO,
  STACK_OR_NULL,
  U64,
  VOID,
} from './shorthands';

/** Ring buffers; kernel/bpf/ringbuf.c. */
export const RINGBUF_HELPERS: readonly HelperProto[] = [
  { id: 130, name: 'ringbuf_output', ret: INT, args: [MAP, MEM_IN, SIZE_OR_ZERO, ANY], support: 'full' },
  {
    id: 131,
    name: 'ringbuf_reserve',
    ret: RET_RINGBUF_MEM_OR_NULL,
    args: [MAP, ALLOC_SIZE, ANY],
    support: 'full',
  },
  { id: 132, name: 'ringbuf_submit', ret: VOID, args: [RINGBUF_MEM, ANY], support: 'full' },
  { id: 133, name: 'ringbuf_discard', ret: VOID, args: [RINGBUF_MEM, ANY], support: 'full' },
  { id: 134, name: 'ringbuf_query', ret: U64, args: [MAP, ANY], support: 'full' },
  {
    id: 198,
    name: 'ringbuf_reserve_dynptr',
    ret: INT,
    args: [MAP, ANY32, ANY, DYNPTR_RINGBUF_OUT],
    support: 'full',
  },
  { id: 199, name: 'ringbuf_submit_dynptr', ret: VOID, args: [DYNPTR_RINGBUF_RELEASE, ANY], support: 'full' },
  {
    id: 200,
    name: 'ringbuf_discard_dynptr',
    ret: VOID,
    args: [DYNPTR_RINGBUF_RELEASE, ANY],
    support: 'full',
  },
  { id: 209, name: 'user_ringbuf_drain', ret: INT, args: [MAP, FUNC, STACK_OR_NULL, ANY], support: 'none' },
];
