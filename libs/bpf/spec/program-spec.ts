import type { Btf } from '@probed/btf';
import type { Insn } from '@probed/isa';

/** A map as declared, before it exists. Sizes in bytes. */
export interface MapSpec {
  readonly name: string;
  /** `enum bpf_map_type`. */
  type: number;
  keySize: number;
  valueSize: number;
  maxEntries: number;
  flags: number;
  mapExtra?: number;
  numaNode?: number;
  pinning?: number;
  /** Type ids in {@link CollectionSpec.btf}; 0 when unknown. */
  keyTypeId: number;
  valueTypeId: number;
  /** Initial bytes of a data-section map (`.rodata`, `.data`, `.bss`), which is an ARRAY of one entry. */
  contents?: Uint8Array;
  /** `.rodata*`: frozen after creation (BPF_F_RDONLY_PROG in `flags`). */
  frozen?: boolean;
  /** DATASEC type id of a data-section map, for variables by name. */
  dataSecTypeId?: number;
  /** Template of the inner maps of a map-in-map. */
  inner?: MapSpec;
  /** ELF section of a data-section map as written, e.g. `.rodata`; the name begins with the object's. */
  readonly section?: string;
  /** Elements that the object initialises (`.values = { … }`): maps of a map-in-map, programs of a PROG_ARRAY. */
  readonly slots?: readonly MapSlot[];
  /** A variable of `.struct_ops`, which is a map of type STRUCT_OPS. */
  readonly structOps?: StructOpsSpec;
}

/** An implementation of a kernel interface (`struct tcp_congestion_ops x = { … }`). */
export interface StructOpsSpec {
  /** Name of the struct, which the kernel must have as `bpf_struct_ops_<name>`, too. */
  readonly type: string;
  /** Programs by the member that points to them. */
  readonly programs: ReadonlyMap<string, string>;
}

/** One initialised element: the index is the key. */
export type MapSlot =
  | { readonly index: number; readonly map: string }
  | { readonly index: number; readonly program: string };

/** Source position of an instruction (`struct bpf_line_info`, resolved). */
export interface LineInfo {
  /** Slot index within the program. */
  readonly insn: number;
  readonly file: string;
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** `struct bpf_func_info`: the BTF FUNC of the subprogram that starts at a slot. */
export interface FuncInfo {
  readonly insn: number;
  readonly typeId: number;
}

/** What a 64-bit immediate load refers to once linked; keyed by slot index in {@link ProgramSpec.refs}. */
export type InsnRef =
  /** src_reg = BPF_PSEUDO_MAP_FD. */
  | { readonly kind: 'map'; readonly map: string }
  /** src_reg = BPF_PSEUDO_MAP_VALUE; offset in bytes into the value of entry 0 is in the second slot's imm. */
  | { readonly kind: 'map-value'; readonly map: string }
  /** src_reg = BPF_PSEUDO_BTF_ID: a kernel variable or a typed ksym. */
  | { readonly kind: 'ksym'; readonly name: string; readonly weak: boolean }
  /** A call of a kernel function (src_reg = BPF_PSEUDO_KFUNC_CALL). */
  | { readonly kind: 'kfunc'; readonly name: string; readonly weak: boolean };

/**
 * One program of an object: linked (subprograms appended, calls resolved, map references named in `refs`).
 * CO-RE relocations are applied by `relocate` of lib `object`; what comes after is final.
 */
export interface ProgramSpec {
  /** C function name. */
  readonly name: string;
  /** ELF section less a leading `?`, e.g. `tracepoint/sched/sched_process_exec`. */
  readonly section: string;
  /** `enum bpf_prog_type`; UNSPEC (0) when the section says nothing: such a program cannot be loaded. */
  type: number;
  /** `enum bpf_attach_type`, 0 when the type has none. */
  expectedAttachType: number;
  /** The part of the section name that names the hook, e.g. `sched/sched_process_exec`. */
  readonly attachTo: string;
  /** struct_ops: the struct and the member of it that the program implements, by the object's `.struct_ops` data. */
  readonly structOps?: { readonly type: string; readonly member: string };
  /** `SEC("?…")`: not loaded unless asked for. */
  readonly optional: boolean;
  /** BPF_F_SLEEPABLE and the like. */
  readonly flags: number;
  readonly insns: readonly Insn[];
  readonly refs: ReadonlyMap<number, InsnRef>;
  readonly funcInfo: readonly FuncInfo[];
  readonly lineInfo: readonly LineInfo[];
}

/** An object file as pure data. */
export interface CollectionSpec {
  /** File name as given, for messages. */
  readonly name: string;
  readonly programs: readonly ProgramSpec[];
  readonly maps: readonly MapSpec[];
  readonly license: string;
  readonly btf?: Btf;
}
