import type { HelperArg, HelperRet } from '../arg-types';

/** Short names for the argument and return types that helper rows use over and over. */

export const CTX: HelperArg = { type: 'PTR_TO_CTX' };
export const CTX_OR_NULL: HelperArg = { type: 'PTR_TO_CTX', flags: ['PTR_MAYBE_NULL'] };
export const MAP: HelperArg = { type: 'CONST_MAP_PTR' };
export const KEY: HelperArg = { type: 'PTR_TO_MAP_KEY' };
export const VALUE: HelperArg = { type: 'PTR_TO_MAP_VALUE' };
export const VALUE_OR_NULL: HelperArg = { type: 'PTR_TO_MAP_VALUE', flags: ['PTR_MAYBE_NULL'] };
/** Written by the helper, need not be initialised. */
export const VALUE_OUT: HelperArg = { type: 'PTR_TO_MAP_VALUE', flags: ['MEM_UNINIT', 'MEM_WRITE'] };

export const ANY: HelperArg = { type: 'ANYTHING' };
/** A u32, int or narrower in the kernel's signature. */
export const ANY32: HelperArg = { type: 'ANYTHING', width: 32 };

/** Read by the helper; its size follows in the next argument. */
export const MEM_IN: HelperArg = { type: 'PTR_TO_MEM', flags: ['MEM_RDONLY'] };
export const MEM_IN_OR_NULL: HelperArg = { type: 'PTR_TO_MEM', flags: ['PTR_MAYBE_NULL', 'MEM_RDONLY'] };
/** Written by the helper, need not be initialised. */
export const MEM_OUT: HelperArg = { type: 'PTR_TO_MEM', flags: ['MEM_UNINIT', 'MEM_WRITE'] };
/** Written by the helper, must be initialised. */
export const MEM_INOUT: HelperArg = { type: 'PTR_TO_MEM', flags: ['MEM_WRITE'] };
export const MEM_INOUT_OR_NULL: HelperArg = { type: 'PTR_TO_MEM', flags: ['PTR_MAYBE_NULL', 'MEM_WRITE'] };
export const SIZE: HelperArg = { type: 'CONST_SIZE' };
export const SIZE_OR_ZERO: HelperArg = { type: 'CONST_SIZE_OR_ZERO' };
export const ALLOC_SIZE: HelperArg = { type: 'CONST_ALLOC_SIZE_OR_ZERO' };
export const CONST_STR: HelperArg = { type: 'PTR_TO_CONST_STR' };

/** ARG_PTR_TO_FIXED_SIZE_MEM, `size` in bytes. */
export function fixedIn(size: number): HelperArg {
  return { type: 'PTR_TO_MEM', flags: ['MEM_FIXED_SIZE', 'MEM_RDONLY'], size };
}

export function fixedInout(size: number): HelperArg {
  return { type: 'PTR_TO_MEM', flags: ['MEM_FIXED_SIZE', 'MEM_WRITE', 'MEM_ALIGNED'], size };
}

export function fixedOut(size: number): HelperArg {
  return { type: 'PTR_TO_MEM', flags: ['MEM_FIXED_SIZE', 'MEM_UNINIT', 'MEM_WRITE', 'MEM_ALIGNED'], size };
}

export const FUNC: HelperArg = { type: 'PTR_TO_FUNC' };
export const STACK_OR_NULL: HelperArg = { type: 'PTR_TO_STACK', flags: ['PTR_MAYBE_NULL'] };
export const SPIN_LOCK: HelperArg = { type: 'PTR_TO_SPIN_LOCK' };
export const TIMER: HelperArg = { type: 'PTR_TO_TIMER' };
export const PERCPU_BTF: HelperArg = { type: 'PTR_TO_PERCPU_BTF_ID' };
export const KPTR_DEST: HelperArg = { type: 'KPTR_XCHG_DEST' };
/** The referenced object that moves into the map value (any BTF type; BPF_PTR_POISON in the kernel's row). */
export const KPTR: HelperArg = { type: 'PTR_TO_BTF_ID', flags: ['PTR_MAYBE_NULL', 'OBJ_RELEASE'] };

export const RINGBUF_MEM: HelperArg = { type: 'PTR_TO_RINGBUF_MEM', flags: ['OBJ_RELEASE'] };
export const DYNPTR_IN: HelperArg = { type: 'PTR_TO_DYNPTR', flags: ['MEM_RDONLY'] };
export const DYNPTR_LOCAL_OUT: HelperArg = {
  type: 'PTR_TO_DYNPTR',
  flags: ['MEM_UNINIT', 'DYNPTR_TYPE_LOCAL', 'MEM_WRITE'],
};
export const DYNPTR_RINGBUF_OUT: HelperArg = {
  type: 'PTR_TO_DYNPTR',
  flags: ['MEM_UNINIT', 'DYNPTR_TYPE_RINGBUF', 'MEM_WRITE'],
};
export const DYNPTR_RINGBUF_RELEASE: HelperArg = {
  type: 'PTR_TO_DYNPTR',
  flags: ['OBJ_RELEASE', 'DYNPTR_TYPE_RINGBUF'],
};

export const SOCK_COMMON: HelperArg = { type: 'PTR_TO_SOCK_COMMON' };
export const SOCKET_OR_NULL: HelperArg = { type: 'PTR_TO_SOCKET', flags: ['PTR_MAYBE_NULL'] };
export const BTF_SOCK_COMMON: HelperArg = { type: 'PTR_TO_BTF_ID_SOCK_COMMON' };
export const BTF_SOCK_COMMON_OR_NULL: HelperArg = {
  type: 'PTR_TO_BTF_ID_SOCK_COMMON',
  flags: ['PTR_MAYBE_NULL'],
};
export const BTF_SOCK_COMMON_RELEASE: HelperArg = {
  type: 'PTR_TO_BTF_ID_SOCK_COMMON',
  flags: ['OBJ_RELEASE'],
};

/** A kernel object by its BTF type. */
export function btf(name: string): HelperArg {
  return { type: 'PTR_TO_BTF_ID', btf: name };
}

export function btfOrNull(name: string): HelperArg {
  return { type: 'PTR_TO_BTF_ID', flags: ['PTR_MAYBE_NULL'], btf: name };
}

/** 0 or a negative errno, or a count: a signed 32-bit number. */
export const INT: HelperRet = { type: 'INTEGER', word: 'int' };
/** A full register, or an unsigned 32-bit number. */
export const U64: HelperRet = { type: 'INTEGER', word: 'u64' };
export const VOID: HelperRet = { type: 'VOID' };
export const RET_VALUE: HelperRet = { type: 'PTR_TO_MAP_VALUE' };
export const RET_VALUE_OR_NULL: HelperRet = { type: 'PTR_TO_MAP_VALUE', flags: ['PTR_MAYBE_NULL'] };
export const RET_MEM_OR_NULL: HelperRet = { type: 'PTR_TO_MEM', flags: ['PTR_MAYBE_NULL'] };
export const RET_RINGBUF_MEM_OR_NULL: HelperRet = {
  type: 'PTR_TO_MEM',
  flags: ['PTR_MAYBE_NULL', 'MEM_RINGBUF'],
};
export const RET_PERCPU: HelperRet = { type: 'PTR_TO_MEM_OR_BTF_ID', flags: ['MEM_RDONLY'] };
export const RET_PERCPU_OR_NULL: HelperRet = {
  type: 'PTR_TO_MEM_OR_BTF_ID',
  flags: ['PTR_MAYBE_NULL', 'MEM_RDONLY'],
};
export const RET_SOCKET_OR_NULL: HelperRet = { type: 'PTR_TO_SOCKET', flags: ['PTR_MAYBE_NULL'] };
export const RET_TCP_SOCK_OR_NULL: HelperRet = { type: 'PTR_TO_TCP_SOCK', flags: ['PTR_MAYBE_NULL'] };
export const RET_SOCK_COMMON_OR_NULL: HelperRet = { type: 'PTR_TO_SOCK_COMMON', flags: ['PTR_MAYBE_NULL'] };
export const RET_KPTR_OR_NULL: HelperRet = { type: 'PTR_TO_BTF_ID', flags: ['PTR_MAYBE_NULL'] };

export function retBtf(name: string): HelperRet {
  return { type: 'PTR_TO_BTF_ID', btf: name };
}

export function retBtfOrNull(name: string): HelperRet {
  return { type: 'PTR_TO_BTF_ID', flags: ['PTR_MAYBE_NULL'], btf: name };
}

export function retBtfTrusted(name: string): HelperRet {
  return { type: 'PTR_TO_BTF_ID', flags: ['PTR_TRUSTED'], btf: name };
}
