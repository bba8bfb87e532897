import type { HelperArg, HelperRet, TypeFlag } from '@probed/spec';
import {
  DYNPTR_TYPE_LOCAL,
  DYNPTR_TYPE_RINGBUF,
  DYNPTR_TYPE_SKB,
  DYNPTR_TYPE_XDP,
  MEM_ALIGNED,
  MEM_FIXED_SIZE,
  MEM_PERCPU,
  MEM_RCU,
  MEM_RDONLY,
  MEM_RINGBUF,
  MEM_UNINIT,
  MEM_WRITE,
  OBJ_RELEASE,
  PTR_MAYBE_NULL,
  PTR_TRUSTED,
} from './reg-type';

const BITS: Readonly<Record<TypeFlag, number>> = {
  PTR_MAYBE_NULL,
  MEM_RDONLY,
  MEM_WRITE,
  MEM_UNINIT,
  MEM_FIXED_SIZE,
  MEM_ALIGNED,
  MEM_RINGBUF,
  MEM_PERCPU,
  OBJ_RELEASE,
  PTR_TRUSTED,
  MEM_RCU,
  DYNPTR_TYPE_LOCAL,
  DYNPTR_TYPE_RINGBUF,
  DYNPTR_TYPE_SKB,
  DYNPTR_TYPE_XDP,
};

const cache = new WeakMap<object, number>();

/** Flags of a prototype's argument or result as the bits of {@link RegState.type}. */
export function flagBits(row: HelperArg | HelperRet): number {
  let bits = cache.get(row);
  if (bits === undefined) {
    bits = (row.flags ?? []).reduce((sum, flag) => sum | BITS[flag], 0);
    cache.set(row, bits);
  }
  return bits;
}
