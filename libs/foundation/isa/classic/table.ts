import { BPF_ALU_OP, BPF_CLASS, BPF_JMP_OP, BPF_MODE, BPF_SIZE, BPF_SRC } from '../opcode';

/** Operand of arithmetic and jumps: the constant k or register X. */
type ClassicSource = 'k' | 'x';

export type ClassicAluOp = 'add' | 'sub' | 'mul' | 'div' | 'or' | 'and' | 'lsh' | 'rsh' | 'mod' | 'xor';
export type ClassicCondition = 'jeq' | 'jgt' | 'jge' | 'jset';

/** What an operation does to the accumulator A, the index X and the scratch memory M. */
export type ClassicSemantics =
  /** A = packet at k (`abs`) or X + k (`ind`), network byte order; ends with 0 when outside. */
  | { readonly kind: 'load'; readonly mode: 'abs' | 'ind'; readonly bytes: 1 | 2 | 4 }
  /** A or X = k. */
  | { readonly kind: 'imm'; readonly to: 'a' | 'x' }
  /** A or X = M[k]. */
  | { readonly kind: 'mem'; readonly to: 'a' | 'x' }
  /** A or X = length of the packet. */
  | { readonly kind: 'len'; readonly to: 'a' | 'x' }
  /** X = 4 * (packet[k] & 15), the length of an IPv4 header. */
  | { readonly kind: 'msh' }
  /** M[k] = A or X. */
  | { readonly kind: 'store'; readonly from: 'a' | 'x' }
  /** A = A op source, 32 bits. */
  | { readonly kind: 'alu'; readonly op: ClassicAluOp; readonly source: ClassicSource }
  | { readonly kind: 'neg' }
  /** Goes on k + 1 instructions ahead. */
  | { readonly kind: 'ja' }
  /** Goes on jt + 1 instructions ahead when the condition holds for A, else jf + 1. */
  | { readonly kind: 'jump'; readonly condition: ClassicCondition; readonly source: ClassicSource }
  /** Ends with k or A. */
  | { readonly kind: 'ret'; readonly from: 'k' | 'a' }
  | { readonly kind: 'tax' }
  | { readonly kind: 'txa' };

/** BPF_RET and BPF_MISC take the places that JMP32 and ALU64 have in eBPF. */
const RET = 0x06;
const MISC = 0x07;
/** BPF_LEN and BPF_MSH: modes that eBPF has not. */
const LEN = 0x80;
const MSH = 0xa0;
/** BPF_RVAL of BPF_RET: A. */
const RVAL_A = 0x10;
const TXA = 0x80;

const SIZES = [
  [BPF_SIZE.W, 4],
  [BPF_SIZE.H, 2],
  [BPF_SIZE.B, 1],
] as const;
const ALU: readonly (readonly [number, ClassicAluOp])[] = [
  [BPF_ALU_OP.ADD, 'add'],
  [BPF_ALU_OP.SUB, 'sub'],
  [BPF_ALU_OP.MUL, 'mul'],
  [BPF_ALU_OP.DIV, 'div'],
  [BPF_ALU_OP.OR, 'or'],
  [BPF_ALU_OP.AND, 'and'],
  [BPF_ALU_OP.LSH, 'lsh'],
  [BPF_ALU_OP.RSH, 'rsh'],
  [BPF_ALU_OP.MOD, 'mod'],
  [BPF_ALU_OP.XOR, 'xor'],
];
const JUMPS: readonly (readonly [number, ClassicCondition])[] = [
  [BPF_JMP_OP.JEQ, 'jeq'],
  [BPF_JMP_OP.JGT, 'jgt'],
  [BPF_JMP_OP.JGE, 'jge'],
  [BPF_JMP_OP.JSET, 'jset'],
];
const SOURCES = [
  [BPF_SRC.K, 'k'],
  [BPF_SRC.X, 'x'],
] as const;

/** All operations, by code, as `chk_code_allowed` (net/core/filter.c) has them. */
const CLASSIC_TABLE: ReadonlyMap<number, ClassicSemantics> = new Map<number, ClassicSemantics>([
  ...SIZES.flatMap(([size, bytes]): [number, ClassicSemantics][] => [
    [BPF_CLASS.LD | BPF_MODE.ABS | size, { kind: 'load', mode: 'abs', bytes }],
    [BPF_CLASS.LD | BPF_MODE.IND | size, { kind: 'load', mode: 'ind', bytes }],
  ]),
  [BPF_CLASS.LD | BPF_MODE.IMM, { kind: 'imm', to: 'a' }],
  [BPF_CLASS.LDX | BPF_MODE.IMM, { kind: 'imm', to: 'x' }],
  [BPF_CLASS.LD | BPF_MODE.MEM, { kind: 'mem', to: 'a' }],
  [BPF_CLASS.LDX | BPF_MODE.MEM, { kind: 'mem', to: 'x' }],
  [BPF_CLASS.LD | LEN, { kind: 'len', to: 'a' }],
  [BPF_CLASS.LDX | LEN, { kind: 'len', to: 'x' }],
  [BPF_CLASS.LDX | MSH | BPF_SIZE.B, { kind: 'msh' }],
  [BPF_CLASS.ST, { kind: 'store', from: 'a' }],
  [BPF_CLASS.STX, { kind: 'store', from: 'x' }],
  ...SOURCES.flatMap(([bit, source]): [number, ClassicSemantics][] => [
    ...ALU.map(([code, op]): [number, ClassicSemantics] => [
      BPF_CLASS.ALU | code | bit,
      { kind: 'alu', op, source },
    ]),
    ...JUMPS.map(([code, condition]): [number, ClassicSemantics] => [
      BPF_CLASS.JMP | code | bit,
      { kind: 'jump', condition, source },
    ]),
  ]),
  [BPF_CLASS.ALU | BPF_ALU_OP.NEG, { kind: 'neg' }],
  [BPF_CLASS.JMP | BPF_JMP_OP.JA, { kind: 'ja' }],
  [RET, { kind: 'ret', from: 'k' }],
  [RET | RVAL_A, { kind: 'ret', from: 'a' }],
  [MISC, { kind: 'tax' }],
  [MISC | TXA, { kind: 'txa' }],
]);

/** What an operation does; undefined for codes that Linux refuses. */
export function classicSemantics(code: number): ClassicSemantics | undefined {
  return CLASSIC_TABLE.get(code);
}

/** All codes that Linux takes in a socket filter. */
export function classicCodes(): readonly number[] {
  return [...CLASSIC_TABLE.keys()];
}
