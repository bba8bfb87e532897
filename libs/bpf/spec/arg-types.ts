/**
 * Argument and return types of helpers, with the names of `enum bpf_arg_type` and `enum bpf_return_type`
 * (include/linux/bpf.h) less their prefix; flags are separate, as in the kernel.
 */
export type ArgBase =
  | 'CONST_MAP_PTR'
  | 'PTR_TO_MAP_KEY'
  | 'PTR_TO_MAP_VALUE'
  | 'PTR_TO_MEM'
  | 'PTR_TO_ARENA'
  | 'CONST_SIZE'
  | 'CONST_SIZE_OR_ZERO'
  | 'PTR_TO_CTX'
  | 'ANYTHING'
  | 'PTR_TO_SPIN_LOCK'
  | 'PTR_TO_SOCK_COMMON'
  | 'PTR_TO_SOCKET'
  | 'PTR_TO_BTF_ID'
  | 'PTR_TO_RINGBUF_MEM'
  | 'CONST_ALLOC_SIZE_OR_ZERO'
  | 'PTR_TO_BTF_ID_SOCK_COMMON'
  | 'PTR_TO_PERCPU_BTF_ID'
  | 'PTR_TO_FUNC'
  | 'PTR_TO_STACK'
  | 'PTR_TO_CONST_STR'
  | 'PTR_TO_TIMER'
  | 'KPTR_XCHG_DEST'
  | 'PTR_TO_DYNPTR';

export type TypeFlag =
  | 'PTR_MAYBE_NULL'
  | 'MEM_RDONLY'
  | 'MEM_WRITE'
  | 'MEM_UNINIT'
  | 'MEM_FIXED_SIZE'
  | 'MEM_ALIGNED'
  | 'MEM_RINGBUF'
  | 'MEM_PERCPU'
  | 'OBJ_RELEASE'
  | 'PTR_TRUSTED'
  | 'MEM_RCU'
  | 'DYNPTR_TYPE_LOCAL'
  | 'DYNPTR_TYPE_RINGBUF'
  | 'DYNPTR_TYPE_SKB'
  | 'DYNPTR_TYPE_XDP';

export interface HelperArg {
  readonly type: ArgBase;
  readonly flags?: readonly TypeFlag[];
  /** For PTR_TO_BTF_ID: the struct's name in the kernel's BTF. */
  readonly btf?: string;
  /** For fixed-size memory (MEM_FIXED_SIZE): bytes. */
  readonly size?: number;
  /** The kernel takes 32 bits of this ANYTHING argument (its C type is u32 or int). */
  readonly width?: 32;
}

export type RetBase =
  | 'INTEGER'
  | 'VOID'
  | 'PTR_TO_MAP_VALUE'
  | 'PTR_TO_SOCKET'
  | 'PTR_TO_TCP_SOCK'
  | 'PTR_TO_SOCK_COMMON'
  | 'PTR_TO_MEM'
  | 'PTR_TO_MEM_OR_BTF_ID'
  | 'PTR_TO_BTF_ID';

export interface HelperRet {
  readonly type: RetBase;
  readonly flags?: readonly TypeFlag[];
  readonly btf?: string;
  /**
   * How the machine word comes back from the implementation:
   * `int` a signed 32-bit number, sign-extended into r0 (the default of INTEGER); `u64` two halves through the
   * result slot. Pointers come back as a memory offset, 0 for NULL.
   */
  readonly word?: 'int' | 'u64';
}
