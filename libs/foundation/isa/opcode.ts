/**
 * Opcode fields (RFC 9669 §3, include/uapi/linux/bpf.h). Member names are the kernel's less their `BPF_` prefix; an
 * opcode is the sum of its fields, e.g. `BPF_CLASS.ALU64 | BPF_ALU_OP.ADD | BPF_SRC.K`.
 */

/** Low three bits of every opcode. */
export const BPF_CLASS = {
  LD: 0x00,
  LDX: 0x01,
  ST: 0x02,
  STX: 0x03,
  ALU: 0x04,
  JMP: 0x05,
  JMP32: 0x06,
  ALU64: 0x07,
} as const;

/** Bit 3 of arithmetic and jump opcodes: second operand is the immediate (K) or the source register (X). */
export const BPF_SRC = { K: 0x00, X: 0x08 } as const;

/** High four bits of classes ALU and ALU64. */
export const BPF_ALU_OP = {
  ADD: 0x00,
  SUB: 0x10,
  MUL: 0x20,
  /** Signed when `off` is 1. */
  DIV: 0x30,
  OR: 0x40,
  AND: 0x50,
  LSH: 0x60,
  RSH: 0x70,
  NEG: 0x80,
  /** Signed when `off` is 1. */
  MOD: 0x90,
  XOR: 0xa0,
  /** Sign-extending when `off` is 8, 16 or 32; an address-space cast when `off` is 1. */
  MOV: 0xb0,
  ARSH: 0xc0,
  /** Byte order: ALU+K to little endian, ALU+X to big endian, ALU64 unconditional swap; width in `imm`. */
  END: 0xd0,
} as const;

/** High four bits of classes JMP and JMP32. */
export const BPF_JMP_OP = {
  JA: 0x00,
  JEQ: 0x10,
  JGT: 0x20,
  JGE: 0x30,
  JSET: 0x40,
  JNE: 0x50,
  JSGT: 0x60,
  JSGE: 0x70,
  CALL: 0x80,
  EXIT: 0x90,
  JLT: 0xa0,
  JLE: 0xb0,
  JSLT: 0xc0,
  JSLE: 0xd0,
  /** may_goto (JMP only). */
  JCOND: 0xe0,
} as const;

/** Bits 3 and 4 of load and store opcodes. */
export const BPF_SIZE = { W: 0x00, H: 0x08, B: 0x10, DW: 0x18 } as const;

/** High three bits of load and store opcodes. */
export const BPF_MODE = {
  IMM: 0x00,
  ABS: 0x20,
  IND: 0x40,
  MEM: 0x60,
  /** Sign-extending load. */
  MEMSX: 0x80,
  ATOMIC: 0xc0,
} as const;

/** `imm` of an atomic instruction; FETCH combines with the arithmetic ones. */
export const BPF_ATOMIC_OP = {
  ADD: 0x00,
  FETCH: 0x01,
  OR: 0x40,
  AND: 0x50,
  XOR: 0xa0,
  /** Includes FETCH. */
  XCHG: 0xe1,
  /** Includes FETCH; compares with and returns in r0. */
  CMPXCHG: 0xf1,
  LOAD_ACQ: 0x100,
  STORE_REL: 0x110,
} as const;

/** `src` of a 64-bit immediate load: what its immediate stands for. */
export const BPF_PSEUDO_LD = {
  /** A plain number. */
  NONE: 0,
  MAP_FD: 1,
  MAP_VALUE: 2,
  BTF_ID: 3,
  FUNC: 4,
  MAP_IDX: 5,
  MAP_IDX_VALUE: 6,
} as const;

/** `src` of a call: which kind of callee its immediate names. */
export const BPF_PSEUDO_CALLEE = {
  /** A helper by id. */
  HELPER: 0,
  /** BPF_PSEUDO_CALL: a subprogram, relative in slots. */
  SUBPROG: 1,
  /** BPF_PSEUDO_KFUNC_CALL: a kernel function by BTF id; `off` is the index of its BTF. */
  KFUNC: 2,
} as const;

/** `imm` of an address-space cast is `dst_as << 16 | src_as`; these two are the only ones of Linux. */
export const BPF_ADDR_SPACE = { KERNEL_TO_ARENA: 1, ARENA_TO_KERNEL: 1 << 16 } as const;

/** Registers r0–r10; r10 is the read-only frame pointer (MAX_BPF_REG is 11). */
export const BPF_REG_FP = 10;
export const MAX_BPF_REG = 11;

/** MAX_BPF_STACK: bytes of stack a frame may use. */
export const MAX_BPF_STACK = 512;

/** Bytes of one instruction slot. */
export const INSN_BYTES = 8;

/** Opcode of a 64-bit immediate load, the only instruction of two slots. */
export const OP_LD_IMM64 = BPF_CLASS.LD | BPF_MODE.IMM | BPF_SIZE.DW;
export const OP_CALL = BPF_CLASS.JMP | BPF_JMP_OP.CALL;
export const OP_CALLX = BPF_CLASS.JMP | BPF_JMP_OP.CALL | BPF_SRC.X;
export const OP_EXIT = BPF_CLASS.JMP | BPF_JMP_OP.EXIT;
export const OP_JA = BPF_CLASS.JMP | BPF_JMP_OP.JA;
/** gotol: a jump whose displacement is in `imm`. */
export const OP_JA32 = BPF_CLASS.JMP32 | BPF_JMP_OP.JA;
export const OP_MAY_GOTO = BPF_CLASS.JMP | BPF_JMP_OP.JCOND;
