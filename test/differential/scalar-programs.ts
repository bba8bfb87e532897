/**
 * Random programs that do nothing but scalar arithmetic and comparisons, laid out so that the kernel's log shows every
 * abstract value: conditional jumps lead to blocks of their own, which no other path reaches and nothing prunes.
 */
import type { Prng } from '@probed/base';
import {
  BPF_ALU_OP,
  BPF_CLASS,
  BPF_JMP_OP,
  BPF_MODE,
  BPF_PSEUDO_LD,
  BPF_SIZE,
  BPF_SRC,
  type Insn,
  OP_EXIT,
  OP_LD_IMM64,
} from '@probed/isa';

/** Registers that hold scalars; r9 points to the map's value. */
const SCALARS = [0, 1, 2, 3, 4, 5, 6, 7, 8];
const VALUE_REG = 9;

const ARITHMETIC = [
  BPF_ALU_OP.ADD,
  BPF_ALU_OP.SUB,
  BPF_ALU_OP.MUL,
  BPF_ALU_OP.OR,
  BPF_ALU_OP.AND,
  BPF_ALU_OP.AND,
  BPF_ALU_OP.LSH,
  BPF_ALU_OP.RSH,
  BPF_ALU_OP.ARSH,
  BPF_ALU_OP.XOR,
  BPF_ALU_OP.DIV,
  BPF_ALU_OP.MOD,
];
const SHIFTS: readonly number[] = [BPF_ALU_OP.LSH, BPF_ALU_OP.RSH, BPF_ALU_OP.ARSH];
const DIVISIONS: readonly number[] = [BPF_ALU_OP.DIV, BPF_ALU_OP.MOD];

const COMPARISONS = [
  BPF_JMP_OP.JEQ,
  BPF_JMP_OP.JGT,
  BPF_JMP_OP.JGE,
  BPF_JMP_OP.JSET,
  BPF_JMP_OP.JNE,
  BPF_JMP_OP.JSGT,
  BPF_JMP_OP.JSGE,
  BPF_JMP_OP.JLT,
  BPF_JMP_OP.JLE,
  BPF_JMP_OP.JSLT,
  BPF_JMP_OP.JSLE,
];

const SIZES = [BPF_SIZE.B, BPF_SIZE.H, BPF_SIZE.W, BPF_SIZE.DW];
const EDGES = [0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000];
const WIDE_EDGES = [0x7fff_ffff, -0x8000_0000, -1, -2, -16, -128, -129, -0x8000, 0x0fff_ffff, -0x1000_0000];

const insn = (opcode: number, dst: number, src: number, off: number, imm: number): Insn => ({
  opcode,
  dst,
  src,
  off,
  imm,
});

/** A 32-bit number near the places where ranges turn. */
export function edgeNumber(prng: Prng): number {
  const kind = prng.below(10);
  if (kind < 4) return prng.pick(EDGES);
  if (kind < 6) return prng.pick(WIDE_EDGES);
  if (kind < 7) return 1 << prng.below(32);
  if (kind < 8) return -(1 << prng.below(31));
  if (kind < 9) return prng.below(1000);
  return prng.u32() | 0;
}

function load(prng: Prng, dst: number): Insn {
  const size = prng.pick(SIZES);
  const isSigned = size !== BPF_SIZE.DW && prng.below(3) === 0;
  const mode = isSigned ? BPF_MODE.MEMSX : BPF_MODE.MEM;
  return insn(BPF_CLASS.LDX | mode | size, dst, VALUE_REG, 8 * prng.below(4), 0);
}

/** Two 32-bit halves into a register. */
function loadConstant(prng: Prng, dst: number): Insn[] {
  const low = edgeNumber(prng);
  const high = prng.below(2) ? edgeNumber(prng) : prng.pick([0, -1, 1, 0x7fff_ffff, -0x8000_0000]);
  return [insn(OP_LD_IMM64, dst, BPF_PSEUDO_LD.NONE, 0, low), insn(0, 0, 0, 0, high)];
}

function arithmetic(prng: Prng): Insn {
  const dst = prng.pick(SCALARS);
  const op = prng.pick(ARITHMETIC);
  const isWide = prng.below(2) === 1;
  const cls = isWide ? BPF_CLASS.ALU64 : BPF_CLASS.ALU;
  if (SHIFTS.includes(op)) {
    const count = prng.below(3) ? prng.below(isWide ? 64 : 32) : prng.pick([0, 1, 8, 16, 24, 31]);
    return insn(cls | op | BPF_SRC.K, dst, 0, 0, count);
  }
  if (DIVISIONS.includes(op)) return insn(cls | op | BPF_SRC.K, dst, 0, prng.below(2), edgeNumber(prng) || 7);
  if (prng.below(2)) return insn(cls | op | BPF_SRC.X, dst, prng.pick(SCALARS), 0, 0);
  return insn(cls | op | BPF_SRC.K, dst, 0, 0, edgeNumber(prng));
}

/**
 * Moves link registers by id, and refining one would refine the other; an exclusive or with 0 ends that link and
 * changes nothing else.
 */
function move(prng: Prng): Insn[] {
  const dst = prng.pick(SCALARS);
  const src = prng.pick(SCALARS);
  const unlink = insn(BPF_CLASS.ALU64 | BPF_ALU_OP.XOR | BPF_SRC.K, dst, 0, 0, 0);
  const wide = prng.below(2) === 1;
  const cls = wide ? BPF_CLASS.ALU64 : BPF_CLASS.ALU;
  const off = prng.pick(wide ? [0, 8, 16, 32] : [0, 8, 16]);
  if (dst === src) return [unlink];
  return [insn(cls | BPF_ALU_OP.MOV | BPF_SRC.X, dst, src, off, 0), unlink];
}

function unary(prng: Prng): Insn {
  const cls = prng.below(2) ? BPF_CLASS.ALU64 : BPF_CLASS.ALU;
  const dst = prng.pick(SCALARS);
  if (prng.below(4)) return insn(cls | BPF_ALU_OP.NEG, dst, 0, 0, 0);
  return insn(BPF_CLASS.ALU | BPF_ALU_OP.END | (prng.below(2) << 3), dst, 0, 0, prng.pick([16, 32, 64]));
}

function comparison(prng: Prng): Insn {
  const cls = prng.below(2) ? BPF_CLASS.JMP : BPF_CLASS.JMP32;
  const op = prng.pick(COMPARISONS);
  const dst = prng.pick(SCALARS);
  if (prng.below(5) < 2) return insn(cls | op | BPF_SRC.X, dst, prng.pick(SCALARS), 0, 0);
  return insn(cls | op | BPF_SRC.K, dst, 0, 0, edgeNumber(prng));
}

/**
 * @param steps random steps of the body
 * @returns a program whose only 64-bit map load names map 0, an array of one entry with a value of 32 bytes or more
 */
export function scalarProgram(prng: Prng, steps: number): Insn[] {
  const insns: Insn[] = [
    insn(OP_LD_IMM64, VALUE_REG, BPF_PSEUDO_LD.MAP_VALUE, 0, 0),
    insn(0, 0, 0, 0, 0),
    ...SCALARS.map((reg) => load(prng, reg)),
  ];
  const jumps: number[] = [];
  for (let step = 0; step < steps; step++) {
    const kind = prng.below(20);
    if (kind < 8) {
      jumps.push(insns.length);
      insns.push(comparison(prng));
    } else if (kind < 14) insns.push(arithmetic(prng));
    else if (kind < 16) insns.push(...move(prng));
    else if (kind < 17) insns.push(unary(prng));
    else if (kind < 18) insns.push(...loadConstant(prng, prng.pick(SCALARS)));
    else insns.push(load(prng, prng.pick(SCALARS)));
  }
  const leave = [insn(BPF_CLASS.ALU64 | BPF_ALU_OP.MOV | BPF_SRC.K, 0, 0, 0, 0), insn(OP_EXIT, 0, 0, 0, 0)];
  insns.push(...leave);
  for (const at of jumps) {
    insns[at].off = insns.length - at - 1;
    insns.push(...leave);
  }
  return insns;
}
