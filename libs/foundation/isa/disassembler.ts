import type { Insn } from './insn';
import {
  BPF_ALU_OP,
  BPF_ATOMIC_OP,
  BPF_CLASS,
  BPF_JMP_OP,
  BPF_MODE,
  BPF_PSEUDO_CALLEE,
  BPF_SIZE,
  BPF_SRC,
  OP_CALLX,
  OP_EXIT,
  OP_JA,
  OP_JA32,
  OP_LD_IMM64,
  OP_MAY_GOTO,
} from './opcode';
import { insnSlots, ldImm64Value } from './predicates';

/** Names that the instruction alone does not carry (`struct bpf_insn_cbs`). */
export interface DisasmCallbacks {
  /** Name of a helper with its `bpf_` prefix; undefined for an unknown id. */
  helperName?(id: number): string | undefined;
  /** Callee of a subprogram call (printed after `pc`) or of a kernel function; undefined for the default. */
  call?(insn: Insn, slot: number): string | undefined;
  /** Right-hand side of a 64-bit immediate load; undefined for the number in hex. */
  imm64?(insn: Insn, value: bigint, slot: number): string | undefined;
}

const ALU_TEXT: Readonly<Record<number, string>> = {
  [BPF_ALU_OP.ADD]: '+=',
  [BPF_ALU_OP.SUB]: '-=',
  [BPF_ALU_OP.MUL]: '*=',
  [BPF_ALU_OP.DIV]: '/=',
  [BPF_ALU_OP.OR]: '|=',
  [BPF_ALU_OP.AND]: '&=',
  [BPF_ALU_OP.LSH]: '<<=',
  [BPF_ALU_OP.RSH]: '>>=',
  [BPF_ALU_OP.NEG]: 'neg',
  [BPF_ALU_OP.MOD]: '%=',
  [BPF_ALU_OP.XOR]: '^=',
  [BPF_ALU_OP.MOV]: '=',
  [BPF_ALU_OP.ARSH]: 's>>=',
  [BPF_ALU_OP.END]: 'endian',
};

const JMP_TEXT: Readonly<Record<number, string>> = {
  [BPF_JMP_OP.JA]: 'jmp',
  [BPF_JMP_OP.JEQ]: '==',
  [BPF_JMP_OP.JGT]: '>',
  [BPF_JMP_OP.JLT]: '<',
  [BPF_JMP_OP.JGE]: '>=',
  [BPF_JMP_OP.JLE]: '<=',
  [BPF_JMP_OP.JSET]: '&',
  [BPF_JMP_OP.JNE]: '!=',
  [BPF_JMP_OP.JSGT]: 's>',
  [BPF_JMP_OP.JSLT]: 's<',
  [BPF_JMP_OP.JSGE]: 's>=',
  [BPF_JMP_OP.JSLE]: 's<=',
  [BPF_JMP_OP.CALL]: 'call',
  [BPF_JMP_OP.EXIT]: 'exit',
};

const UNSIGNED_TEXT: Readonly<Record<number, string>> = {
  [BPF_SIZE.W]: 'u32',
  [BPF_SIZE.H]: 'u16',
  [BPF_SIZE.B]: 'u8',
  [BPF_SIZE.DW]: 'u64',
};

const SIGNED_TEXT: Readonly<Record<number, string>> = {
  [BPF_SIZE.W]: 's32',
  [BPF_SIZE.H]: 's16',
  [BPF_SIZE.B]: 's8',
  [BPF_SIZE.DW]: '(null)',
};

/** What printf gives for a missing string. */
const NULL_TEXT = '(null)';

const ATOMIC_FETCH_TEXT: Readonly<Record<number, string>> = {
  [BPF_ATOMIC_OP.ADD | BPF_ATOMIC_OP.FETCH]: 'add',
  [BPF_ATOMIC_OP.OR | BPF_ATOMIC_OP.FETCH]: 'or',
  [BPF_ATOMIC_OP.AND | BPF_ATOMIC_OP.FETCH]: 'and',
  [BPF_ATOMIC_OP.XOR | BPF_ATOMIC_OP.FETCH]: 'xor',
};

const ATOMIC_PLAIN: ReadonlySet<number> = new Set([
  BPF_ATOMIC_OP.ADD,
  BPF_ATOMIC_OP.OR,
  BPF_ATOMIC_OP.AND,
  BPF_ATOMIC_OP.XOR,
]);

const signed = (value: number) => (value < 0 ? `${value}` : `+${value}`);
const hex8 = (value: number) => value.toString(16).padStart(2, '0');
const hex32 = (value: number) => `0x${(value >>> 0).toString(16)}`;
const sizeText = (insn: Insn) => UNSIGNED_TEXT[insn.opcode & 0x18];

/**
 * One instruction as the kernel prints it in the verifier log and `bpftool prog dump xlated`, from `(xx)` on and
 * without a position (`kernel/bpf/disasm.c: print_bpf_insn`). Any slot prints, also one that is no instruction.
 */
export function disassembleInsn(
  insns: readonly Insn[],
  slot: number,
  callbacks: DisasmCallbacks = {},
): string {
  const insn = insns[slot];
  const text = PRINTERS[insn.opcode & 7](insn, insns, slot, callbacks);
  return text.startsWith('BUG_') ? text : `(${hex8(insn.opcode)}) ${text}`;
}

/** Whole program, a line per instruction with its slot as bpftool prints it: `   0: (b7) r0 = 0`. */
export function disassemble(insns: readonly Insn[], callbacks: DisasmCallbacks = {}): string[] {
  const lines: string[] = [];
  for (let slot = 0; slot < insns.length; slot += insnSlots(insns[slot]))
    lines.push(`${String(slot).padStart(4)}: ${disassembleInsn(insns, slot, callbacks)}`);
  return lines;
}

type Printer = (insn: Insn, insns: readonly Insn[], slot: number, callbacks: DisasmCallbacks) => string;

/** By class. */
const PRINTERS: readonly Printer[] = [
  printLd,
  printLdx,
  printSt,
  printStx,
  printAlu,
  printJmp,
  printJmp,
  printAlu,
];

function printAlu(insn: Insn): string {
  const { opcode, dst, src, off, imm } = insn;
  const wide = (opcode & 7) === BPF_CLASS.ALU64;
  const letter = wide ? 'r' : 'w';
  const op = opcode & 0xf0;
  if (op === BPF_ALU_OP.END) {
    if (wide) return `r${dst} = bswap${imm} r${dst}`;
    return `r${dst} = ${opcode & BPF_SRC.X ? 'be' : 'le'}${imm} r${dst}`;
  }
  if (op === BPF_ALU_OP.NEG) return `${letter}${dst} = -${letter}${dst}`;
  const text = aluText(op, off);
  if (!(opcode & BPF_SRC.X)) return `${letter}${dst} ${text} ${imm}`;
  if (wide && op === BPF_ALU_OP.MOV && off === 1)
    return `r${dst} = addr_space_cast(r${src}, ${imm >>> 16}, ${imm & 0xffff})`;
  if (wide && op === BPF_ALU_OP.MOV && off === BPF_ADDR_PERCPU)
    return `r${dst} = &(void __percpu *)(r${src})`;
  const extension = op === BPF_ALU_OP.MOV && (off === 8 || off === 16 || off === 32) ? `(s${off})` : '';
  return `${letter}${dst} ${text} ${extension}${letter}${src}`;
}

/** `off` of a move that makes an address of this CPU's; the kernel's own, programs may not use it (BPF_ADDR_PERCPU). */
const BPF_ADDR_PERCPU = -1;

function aluText(op: number, off: number): string {
  const isSigned = off === 1 && (op === BPF_ALU_OP.DIV || op === BPF_ALU_OP.MOD);
  return (isSigned ? 's' : '') + (ALU_TEXT[op] ?? NULL_TEXT);
}

function printLd(insn: Insn, insns: readonly Insn[], slot: number, callbacks: DisasmCallbacks): string {
  const { opcode, dst, src, imm } = insn;
  const mode = opcode & 0xe0;
  if (mode === BPF_MODE.ABS) return `r0 = *(${sizeText(insn)} *)skb[${imm}]`;
  if (mode === BPF_MODE.IND) return `r0 = *(${sizeText(insn)} *)skb[r${src} + ${imm}]`;
  const high = insns[slot + 1];
  if (opcode !== OP_LD_IMM64 || !high) return `BUG_ld_${hex8(opcode)}`;
  const value = ldImm64Value(insn, high);
  return `r${dst} = ${callbacks.imm64?.(insn, value, slot) ?? `0x${value.toString(16)}`}`;
}

function printLdx(insn: Insn): string {
  const mode = insn.opcode & 0xe0;
  if (mode !== BPF_MODE.MEM && mode !== BPF_MODE.MEMSX) return `BUG_ldx_${hex8(insn.opcode)}`;
  const size = mode === BPF_MODE.MEM ? sizeText(insn) : SIGNED_TEXT[insn.opcode & 0x18];
  return `r${insn.dst} = *(${size} *)(r${insn.src} ${signed(insn.off)})`;
}

function printSt(insn: Insn): string {
  const mode = insn.opcode & 0xe0;
  if (mode === BPF_MODE.MEM) return `*(${sizeText(insn)} *)(r${insn.dst} ${signed(insn.off)}) = ${insn.imm}`;
  // The verifier's own speculation barrier shares this encoding.
  if (mode === BPF_MODE.ATOMIC) return 'nospec';
  return `BUG_st_${hex8(insn.opcode)}`;
}

function printStx(insn: Insn): string {
  const { opcode, dst, src, off } = insn;
  const mode = opcode & 0xe0;
  const cell = `(${sizeText(insn)} *)(r${dst} ${signed(off)})`;
  if (mode === BPF_MODE.MEM) return `*${cell} = r${src}`;
  if (mode === BPF_MODE.ATOMIC) return printAtomic(insn, cell) ?? `BUG_${hex8(opcode)}`;
  return `BUG_${hex8(opcode)}`;
}

function printAtomic(insn: Insn, cell: string): string | undefined {
  const { opcode, src, off, imm } = insn;
  const width = (opcode & 0x18) === BPF_SIZE.DW ? '64' : '';
  if (ATOMIC_PLAIN.has(imm)) return `lock *${cell} ${ALU_TEXT[imm]} r${src}`;
  const fetched = ATOMIC_FETCH_TEXT[imm];
  if (fetched) return `r${src} = atomic${width}_fetch_${fetched}(${cell}, r${src})`;
  if (imm === BPF_ATOMIC_OP.CMPXCHG) return `r0 = atomic${width}_cmpxchg(${cell}, r0, r${src})`;
  if (imm === BPF_ATOMIC_OP.XCHG) return `r${src} = atomic${width}_xchg(${cell}, r${src})`;
  if (imm === BPF_ATOMIC_OP.LOAD_ACQ)
    return `r${insn.dst} = load_acquire((${sizeText(insn)} *)(r${src} ${signed(off)}))`;
  if (imm === BPF_ATOMIC_OP.STORE_REL) return `store_release(${cell}, r${src})`;
  return undefined;
}

function printJmp(insn: Insn, _insns: readonly Insn[], slot: number, callbacks: DisasmCallbacks): string {
  const { opcode, dst, src, off, imm } = insn;
  const op = opcode & 0xf0;
  // Linux refuses callx before it would print it, so this is LLVM's text.
  if (opcode === OP_CALLX) return `callx r${dst}`;
  if (op === BPF_JMP_OP.CALL) return printCall(insn, slot, callbacks);
  if (opcode === OP_JA) return `goto pc${signed(off)}`;
  if (opcode === OP_MAY_GOTO && src === 0) return `may_goto pc${signed(off)}`;
  if (opcode === OP_JA32) return `gotol pc${signed(imm)}`;
  if (opcode === OP_EXIT) return 'exit';
  const letter = (opcode & 7) === BPF_CLASS.JMP32 ? 'w' : 'r';
  const operand = opcode & BPF_SRC.X ? `${letter}${src}` : hex32(imm);
  return `if ${letter}${dst} ${JMP_TEXT[op] ?? NULL_TEXT} ${operand} goto pc${signed(off)}`;
}

function printCall(insn: Insn, slot: number, callbacks: DisasmCallbacks): string {
  const named = callbacks.call?.(insn, slot);
  if (insn.src === BPF_PSEUDO_CALLEE.SUBPROG) return `call pc${named ?? signed(insn.imm)}`;
  const helper = insn.src === BPF_PSEUDO_CALLEE.HELPER ? callbacks.helperName?.(insn.imm) : undefined;
  const fallback = insn.src === BPF_PSEUDO_CALLEE.KFUNC ? 'kernel-function' : 'unknown';
  return `call ${helper ?? named ?? fallback}#${insn.imm}`;
}
