/** The eBPF instruction set as tables: decode, encode, disassemble, assemble. Canonical spec: RFC 9669. */
export { type AssembleOptions, type Assembly, assemble } from './assembler';
export {
  type BasicBlock,
  buildCfg,
  type Cfg,
  endsFlow,
  insnSuccessors,
  jumpTarget,
  subprogStarts,
  subprogTarget,
} from './cfg';
export {
  type ClassicFlavour,
  type ClassicInput,
  type ClassicInsn,
  checkClassic,
  classicCodes,
  classicSemantics,
  classicText,
  convertClassic,
  decodeClassic,
  encodeClassic,
  packetInput,
  parseClassic,
  runClassic,
} from './classic';
export { decodeInsns, encodeInsns } from './codec';
export { type DisasmCallbacks, disassemble, disassembleInsn } from './disassembler';
export type { Insn } from './insn';
export {
  BPF_ADDR_SPACE,
  BPF_ALU_OP,
  BPF_ATOMIC_OP,
  BPF_CLASS,
  BPF_JMP_OP,
  BPF_MODE,
  BPF_PSEUDO_CALLEE,
  BPF_PSEUDO_LD,
  BPF_REG_FP,
  BPF_SIZE,
  BPF_SRC,
  INSN_BYTES,
  MAX_BPF_REG,
  MAX_BPF_STACK,
  OP_CALL,
  OP_CALLX,
  OP_EXIT,
  OP_JA,
  OP_JA32,
  OP_LD_IMM64,
  OP_MAY_GOTO,
} from './opcode';
export {
  insnClass,
  insnMode,
  insnOp,
  insnSlots,
  isAluClass,
  isAtomic,
  isHelperCall,
  isJmpClass,
  isKfuncCall,
  isLdImm64,
  isMayGoto,
  isRegOperand,
  isSubprogCall,
  ldImm64Value,
  memSizeBytes,
} from './predicates';
export type { AluOp, AtomicOp, Bits, Condition, InsnGroup, MemBytes, Operand, Semantics } from './semantics';
export { type FixedFields, INSN_TABLE, type InsnRow, insnRow, rowsOfOpcode } from './table';
