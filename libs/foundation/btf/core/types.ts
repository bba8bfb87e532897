import type { Btf } from '../btf';

/** `enum bpf_core_relo_kind` by name (include/uapi/linux/bpf.h). */
export const CORE_RELO_KIND = {
  FIELD_BYTE_OFFSET: 0,
  FIELD_BYTE_SIZE: 1,
  FIELD_EXISTS: 2,
  FIELD_SIGNED: 3,
  FIELD_LSHIFT_U64: 4,
  FIELD_RSHIFT_U64: 5,
  TYPE_ID_LOCAL: 6,
  TYPE_ID_TARGET: 7,
  TYPE_EXISTS: 8,
  TYPE_SIZE: 9,
  ENUMVAL_EXISTS: 10,
  ENUMVAL_VALUE: 11,
  TYPE_MATCHES: 12,
} as const;

export type CoreReloKindName = keyof typeof CORE_RELO_KIND;

/** One relocation, as a `struct bpf_core_relo` of `.BTF.ext` holds it. */
export interface CoreRelo {
  /** Root type in the object's BTF. */
  readonly typeId: number;
  /** Access path, e.g. `0:1:2`. */
  readonly accessStr: string;
  /** `enum bpf_core_relo_kind`; see {@link CORE_RELO_KIND}. */
  readonly kind: number;
}

export interface CoreRequest extends CoreRelo {
  /** The object's BTF. */
  readonly local: Btf;
  /** The kernel's BTF. */
  readonly target: Btf;
  /** Shared by the relocations of one object against one target, as libbpf does. */
  readonly candidates?: CoreCandidates;
}

/**
 * Candidate target types by local root type id. As in libbpf, a relocation that matches narrows the list for those
 * that follow.
 */
export type CoreCandidates = Map<number, number[]>;

/** What a relocation comes to; `struct bpf_core_relo_res` of tools/lib/bpf/relo_core.h. */
export interface CoreResult {
  /** Value the compiler put into the instruction. Unsigned 64-bit; negative enumerators wrap. */
  readonly origValue: bigint;
  /** Value to put there. */
  readonly value: bigint;
  /** The target lacks what the instruction needs: it becomes a call that the verifier refuses, if it is reached. */
  readonly poison: boolean;
  /** The instruction must hold `origValue` before. */
  readonly validate: boolean;
  /** Sizes differ in a way that no load can make good; poison when the instruction is a load or store. */
  readonly failMemSizeAdjust: boolean;
  /** Bytes that the access covers by local and by target BTF; 0 when the kind has none. */
  readonly origSize: number;
  readonly newSize: number;
  /** Target root type that matched, 0 when none did. */
  readonly targetTypeId: number;
}

/** The fields of an instruction that patching reads and writes (`struct bpf_insn`); lib `isa`'s `Insn` fits. */
export interface CoreInsn {
  opcode: number;
  dst: number;
  src: number;
  off: number;
  imm: number;
}
