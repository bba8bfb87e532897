import type { HelperArg, HelperRet } from './arg-types';

/** One row of the helper table; see include/uapi/linux/bpf.h `___BPF_FUNC_MAPPER` and `struct bpf_func_proto`. */
export interface HelperProto {
  /** `enum bpf_func_id` value. */
  readonly id: number;
  /** Without the `bpf_` prefix. */
  readonly name: string;
  readonly ret: HelperRet;
  /** At most five. */
  readonly args: readonly HelperArg[];
  /**
   * Registers after `args` that the implementation reads although the prototype leaves them ARG_DONTCARE, so the
   * verifier does not look at them (`bpf_trace_printk` with its three words); they cross as `w64`.
   */
  readonly uncheckedArgs?: number;
  readonly gplOnly?: boolean;
  readonly pktAccess?: boolean;
  readonly mightSleep?: boolean;
  /** Clobbers r0 only, so that spills around it may be dropped (`allow_fastcall`). */
  readonly allowFastcall?: boolean;
  /** Unsupported helpers are refused at load by name. */
  readonly support: 'full' | 'partial' | 'none';
  readonly note?: string;
}

/** How one argument or result crosses between compiled code and a helper's implementation: never as a BigInt. */
export type AbiSlot =
  /** i32: memory offset of a kernel pointer the verifier proved (map key, memory, ctx, ring-buffer record); 0 is NULL. */
  | 'ptr'
  /** i32: memory offset of the `struct bpf_map` object. */
  | 'map'
  /** i32: a 32-bit scalar (sizes, u32 flags). */
  | 'w32'
  /** two i32: low and high half of a 64-bit scalar or of an address nobody proved. */
  | 'w64'
  /** i32: index of a subprogram in the program's callback table. */
  | 'func';

/** How a helper's result reaches r0. */
export type AbiRet =
  /** i32, sign-extended to 64 bits. */
  | 'int'
  /** written as two halves at the result slot; the call itself returns nothing of interest. */
  | 'u64'
  /** i32 memory offset; 0 becomes NULL, anything else the direct-map address. */
  | 'ptr'
  | 'void';

export interface HelperAbi {
  readonly args: readonly AbiSlot[];
  readonly ret: AbiRet;
}

const ARG_SLOT: Partial<Record<HelperArg['type'], AbiSlot>> = {
  ANYTHING: 'w64',
  CONST_MAP_PTR: 'map',
  CONST_SIZE: 'w32',
  CONST_SIZE_OR_ZERO: 'w32',
  CONST_ALLOC_SIZE_OR_ZERO: 'w32',
  PTR_TO_FUNC: 'func',
};

/** Calling convention of a helper, derived from its prototype. */
export function helperAbi(proto: HelperProto): HelperAbi {
  const args = proto.args.map((arg): AbiSlot => (arg.width === 32 ? 'w32' : (ARG_SLOT[arg.type] ?? 'ptr')));
  const unchecked = new Array<AbiSlot>(proto.uncheckedArgs ?? 0).fill('w64');
  return { args: [...args, ...unchecked], ret: retSlot(proto.ret) };
}

function retSlot(ret: HelperRet): AbiRet {
  if (ret.type === 'VOID') return 'void';
  if (ret.type === 'INTEGER') return ret.word === 'u64' ? 'u64' : 'int';
  return 'ptr';
}
