import type { HelperProto } from '../helper-proto';
import {
  ALLOC_SIZE,
  ANY,
  ANY32,
  DYNPTR_IN,
  DYNPTR_LOCAL_OUT,
  INT,
  MEM_IN,
  MEM_OUT,
  RET_MEM_OR_NULL,
  SIZE_OR_ZERO,
} from './shorthands';

/** Dynamic pointers; kernel/bpf/helpers.c. */
export const DYNPTR_HELPERS: readonly HelperProto[] = [
  {
    id: 197,
    name: 'dynptr_from_mem',
    ret: INT,
    args: [MEM_OUT, SIZE_OR_ZERO, ANY, DYNPTR_LOCAL_OUT],
    support: 'full',
  },
  {
    id: 201,
    name: 'dynptr_read',
    ret: INT,
    args: [MEM_OUT, SIZE_OR_ZERO, DYNPTR_IN, ANY32, ANY],
    support: 'full',
  },
  {
    id: 202,
    name: 'dynptr_write',
    ret: INT,
    args: [DYNPTR_IN, ANY32, MEM_IN, SIZE_OR_ZERO, ANY],
    support: 'full',
  },
  {
    id: 203,
    name: 'dynptr_data',
    ret: RET_MEM_OR_NULL,
    args: [DYNPTR_IN, ANY32, ALLOC_SIZE],
    support: 'full',
  },
];
