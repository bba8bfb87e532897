import type { Insn } from './insn';
import {
  BPF_ALU_OP,
  BPF_ATOMIC_OP,
  BPF_CLASS,
  BPF_JMP_OP,
  BPF_MODE,
  BPF_PSEUDO_CALLEE,
  BPF_PSEUDO_LD,
  BPF_SIZE,
  BPF_SRC,
  OP_CALL,
  OP_CALLX,
  OP_EXIT,
  OP_JA,
  OP_JA32,
  OP_LD_IMM64,
  OP_MAY_GOTO,
} from './opcode';

/** A fault in the source; {@link assemble} turns it into a diagnostic with the line. */
export class AsmError extends Error {}

/** A use of a label, filled in when all labels are known. */
interface Fixup {
  readonly label: string;
  readonly slot: number;
  readonly line: number;
  /** A name that no label defines becomes a symbol instead of an error. */
  readonly optional: boolean;
  /** @param delta slots from the instruction after this one to the label */
  apply(delta: number): void;
}

/** What statements read and write. */
export interface AssemblyContext {
  readonly insns: Insn[];
  readonly symbols: Map<number, string>;
  readonly fixups: Fixup[];
  helperId(name: string): number | undefined;
}

type Groups = Record<string, string>;
type Builder = (context: AssemblyContext, groups: Groups, line: number) => void;

const REG = (name: string) => `(?<${name}>[rw](?:1[0-5]|[0-9]))`;
const NUM = '[-+]?(?:0x[0-9a-fA-F]+|[0-9]+)';
const IMM = (name: string) => `(?<${name}>${NUM})`;
const OPERAND = `(?:(?<src>[rw](?:1[0-5]|[0-9]))|(?<imm>${NUM}))`;
const TARGET = '(?<target>(?:pc)?[-+](?:0x[0-9a-fA-F]+|[0-9]+)|[A-Za-z_.$0-9][\\w.$]*)';
const NAME = '(?<name>[A-Za-z_.$][\\w.$:-]*)';
/** `(r1 + 8)`, `(r1 +8)`, `(r1)`. */
const ADDRESS = (reg: string) => `\\( ?${REG(reg)}(?: ?(?<sign>[-+]) ?(?<off>0x[0-9a-fA-F]+|[0-9]+))? ?\\)`;
const CELL = (reg: string) => `\\((?<size>[us](?:8|16|32|64)) ?\\*\\) ?${ADDRESS(reg)}`;
/** LLVM's exchange operands: `r1 + 0` without a cast. */
const BARE_CELL = `${REG('dst')}(?: ?(?<sign>[-+]) ?(?<off>0x[0-9a-fA-F]+|[0-9]+))?`;

const ALU_CODE: Readonly<Record<string, readonly [code: number, off: number]>> = {
  '+=': [BPF_ALU_OP.ADD, 0],
  '-=': [BPF_ALU_OP.SUB, 0],
  '*=': [BPF_ALU_OP.MUL, 0],
  '/=': [BPF_ALU_OP.DIV, 0],
  's/=': [BPF_ALU_OP.DIV, 1],
  '|=': [BPF_ALU_OP.OR, 0],
  '&=': [BPF_ALU_OP.AND, 0],
  '<<=': [BPF_ALU_OP.LSH, 0],
  '>>=': [BPF_ALU_OP.RSH, 0],
  '%=': [BPF_ALU_OP.MOD, 0],
  's%=': [BPF_ALU_OP.MOD, 1],
  '^=': [BPF_ALU_OP.XOR, 0],
  '=': [BPF_ALU_OP.MOV, 0],
  's>>=': [BPF_ALU_OP.ARSH, 0],
};

const JMP_CODE: Readonly<Record<string, number>> = {
  '==': BPF_JMP_OP.JEQ,
  '>': BPF_JMP_OP.JGT,
  '>=': BPF_JMP_OP.JGE,
  '&': BPF_JMP_OP.JSET,
  '!=': BPF_JMP_OP.JNE,
  's>': BPF_JMP_OP.JSGT,
  's>=': BPF_JMP_OP.JSGE,
  '<': BPF_JMP_OP.JLT,
  '<=': BPF_JMP_OP.JLE,
  's<': BPF_JMP_OP.JSLT,
  's<=': BPF_JMP_OP.JSLE,
};

const SIZE_CODE: Readonly<Record<string, number>> = {
  '8': BPF_SIZE.B,
  '16': BPF_SIZE.H,
  '32': BPF_SIZE.W,
  '64': BPF_SIZE.DW,
};

const LOCK_CODE: Readonly<Record<string, number>> = {
  '+=': BPF_ATOMIC_OP.ADD,
  '|=': BPF_ATOMIC_OP.OR,
  '&=': BPF_ATOMIC_OP.AND,
  '^=': BPF_ATOMIC_OP.XOR,
};

const FETCH_CODE: Readonly<Record<string, number>> = {
  add: BPF_ATOMIC_OP.ADD,
  or: BPF_ATOMIC_OP.OR,
  and: BPF_ATOMIC_OP.AND,
  xor: BPF_ATOMIC_OP.XOR,
};

const GOTO_CODE: Readonly<Record<string, number>> = {
  goto: OP_JA,
  gotol: OP_JA32,
  may_goto: OP_MAY_GOTO,
};

const alternatives = (table: Readonly<Record<string, unknown>>) =>
  Object.keys(table)
    .sort((a, b) => b.length - a.length)
    .map((key) => key.replace(/[*+^|/]/g, '\\$&'))
    .join('|');

/** Statement forms in the order they are tried. */
const STATEMENTS: readonly (readonly [RegExp, Builder])[] = [
  form('exit', (c) => emit(c, OP_EXIT)),
  form(`(?<word>goto|gotol|may_goto) ${TARGET}`, buildGoto),
  form(`if ${REG('dst')} (?<op>${alternatives(JMP_CODE)}) ${OPERAND} goto ${TARGET}`, buildBranch),
  form(`call (?:pc)?${IMM('imm')}`, buildCallNumber),
  form(`call kfunc ${NAME}`, buildCallKfunc),
  form(`call ${NAME}(?:#${IMM('imm')})?`, buildCallName),
  form(`callx ${REG('dst')}`, (c, g) => emit(c, OP_CALLX, { dst: reg(g['dst']) })),
  form(`${REG('dst')} = - ?${REG('src')}`, buildNeg),
  form(`${REG('dst')} = (?<order>le|be|bswap)(?<bits>16|32|64) ${REG('src')}`, buildEndian),
  form(
    `${REG('dst')} = addr_space_cast\\(${REG('src')}, ?(?<to>0x[0-9a-fA-F]+|\\d+), ?(?<from>0x[0-9a-fA-F]+|\\d+)\\)`,
    buildCast,
  ),
  form(`${REG('dst')} = \\(s(?<from>8|16|32)\\) ?${REG('src')}`, buildMovsx),
  form(`${REG('dst')} = \\*${CELL('src')}`, buildLoad),
  form(
    `r0 = \\*\\(u(?<size>8|16|32) ?\\*\\) ?skb\\[(?:${REG('src')}(?: ?\\+ ?)?)?${IMM('imm')}?\\]`,
    buildPacket,
  ),
  form(`\\*${CELL('dst')} = ${OPERAND}`, buildStore),
  form(`lock \\*${CELL('dst')} (?<op>${alternatives(LOCK_CODE)}) ${REG('src')}`, buildLock),
  form(
    `${REG('result')} = atomic(?:64)?_fetch_(?<op>add|or|and|xor)\\(${CELL('dst')}, ?${REG('src')}\\)`,
    buildFetch,
  ),
  form(`${REG('result')} = atomic(?:64)?_xchg\\(${CELL('dst')}, ?${REG('src')}\\)`, buildXchg),
  form(`${REG('result')} = xchg(?:32)?_(?<size>32|64)\\(${BARE_CELL}, ?${REG('src')}\\)`, buildXchg),
  form(`[rw]0 = atomic(?:64)?_cmpxchg\\(${CELL('dst')}, ?[rw]0, ?${REG('src')}\\)`, buildCmpxchg),
  form(`[rw]0 = cmpxchg(?:32)?_(?<size>32|64)\\(${BARE_CELL}, ?[rw]0, ?${REG('src')}\\)`, buildCmpxchg),
  form(`${REG('dst')} = load_acquire\\(${CELL('src')}\\)`, buildAtomic(BPF_ATOMIC_OP.LOAD_ACQ)),
  form(`store_release\\(${CELL('dst')}, ?${REG('src')}\\)`, buildAtomic(BPF_ATOMIC_OP.STORE_REL)),
  form(`${REG('dst')} = ${IMM('imm')} ll`, buildLdImm64),
  form(`${REG('dst')} = ${NAME} ll`, buildLdSymbol),
  form(`${REG('dst')} = map\\[(?<name>[^\\]]+)\\](?:\\[0\\]\\+${IMM('imm')})?`, buildLdMap),
  form(`${REG('dst')} = subprog\\[${IMM('imm')}\\]`, buildLdSubprog),
  form(`${REG('dst')} (?<op>${alternatives(ALU_CODE)}) ${OPERAND}`, buildAlu),
  form(`\\.insn ${IMM('code')} ${IMM('dst')} ${IMM('src')} ${IMM('off')} ${IMM('imm')}`, buildRaw),
];

function form(pattern: string, build: Builder): readonly [RegExp, Builder] {
  return [new RegExp(`^${pattern}$`), build];
}

/** Assembles one statement onto the end of `context.insns`. @throws AsmError */
export function matchStatement(context: AssemblyContext, text: string, line: number): void {
  for (const [pattern, build] of STATEMENTS) {
    const match = pattern.exec(text);
    if (!match) continue;
    build(context, match.groups ?? {}, line);
    return;
  }
  throw new AsmError(`unknown statement "${text}"`);
}

function emit(context: AssemblyContext, opcode: number, fields: Partial<Insn> = {}): Insn {
  const insn: Insn = { opcode, dst: 0, src: 0, off: 0, imm: 0, ...fields };
  context.insns.push(insn);
  return insn;
}

const reg = (text: string) => Number(text.slice(1));
const isNarrow = (text: string) => text.startsWith('w');

function bigNumber(text: string): bigint {
  const negative = text.startsWith('-');
  const magnitude = BigInt(text.replace(/^[-+]/, ''));
  return negative ? -magnitude : magnitude;
}

function ranged(text: string, low: bigint, high: bigint, what: string): bigint {
  const value = bigNumber(text);
  if (value < low || value > high) throw new AsmError(`${what} ${text} is out of range`);
  return value;
}

/** An immediate: signed or unsigned 32 bits, kept as the signed number of the same bits. */
function imm32(text: string): number {
  return Number(BigInt.asIntN(32, ranged(text, -0x8000_0000n, 0xffff_ffffn, 'immediate')));
}

function offset(groups: Groups): number {
  if (groups['off'] === undefined) return 0;
  return Number(ranged(`${groups['sign']}${groups['off']}`, -0x8000n, 0x7fffn, 'offset'));
}

function setDisplacement(insn: Insn, delta: number): void {
  if (insn.opcode === OP_JA32) insn.imm = delta;
  else if (delta < -0x8000 || delta > 0x7fff)
    throw new AsmError(`jump of ${delta} instructions is out of range`);
  else insn.off = delta;
}

function setTarget(context: AssemblyContext, insn: Insn, target: string, line: number): void {
  const slot = context.insns.length - 1;
  if (/^(pc)?[-+]/.test(target)) {
    setDisplacement(insn, Number(bigNumber(target.replace('pc', ''))));
    return;
  }
  const apply = (delta: number) => setDisplacement(insn, delta);
  context.fixups.push({ label: target, slot, line, optional: false, apply });
}

function sameWidth(...registers: string[]): boolean {
  const narrow = isNarrow(registers[0]);
  if (registers.some((register) => isNarrow(register) !== narrow))
    throw new AsmError(`operands of different width: ${registers.join(', ')}`);
  return narrow;
}

function sameRegister(a: string, b: string): void {
  if (a !== b) throw new AsmError(`${a} and ${b} must be the same register`);
}

/** `src` and `imm` of a two-operand instruction, and the bit that tells them apart. */
function operand(groups: Groups): { bit: number; src: number; imm: number } {
  if (groups['src'] !== undefined) return { bit: BPF_SRC.X, src: reg(groups['src']), imm: 0 };
  return { bit: BPF_SRC.K, src: 0, imm: imm32(groups['imm']) };
}

function buildGoto(context: AssemblyContext, groups: Groups, line: number): void {
  const insn = emit(context, GOTO_CODE[groups['word']]);
  setTarget(context, insn, groups['target'], line);
}

function buildBranch(context: AssemblyContext, groups: Groups, line: number): void {
  const narrow = groups['src'] ? sameWidth(groups['dst'], groups['src']) : isNarrow(groups['dst']);
  const { bit, src, imm } = operand(groups);
  const opcode = (narrow ? BPF_CLASS.JMP32 : BPF_CLASS.JMP) | JMP_CODE[groups['op']] | bit;
  const insn = emit(context, opcode, { dst: reg(groups['dst']), src, imm });
  setTarget(context, insn, groups['target'], line);
}

/** `call 12` is a helper, `call pc+3` and `call +3` a subprogram. */
function buildCallNumber(context: AssemblyContext, groups: Groups): void {
  const relative = /^[-+]/.test(groups['imm']);
  const src = relative ? BPF_PSEUDO_CALLEE.SUBPROG : BPF_PSEUDO_CALLEE.HELPER;
  emit(context, OP_CALL, { src, imm: imm32(groups['imm']) });
}

function buildCallKfunc(context: AssemblyContext, groups: Groups): void {
  context.symbols.set(context.insns.length, groups['name']);
  emit(context, OP_CALL, { src: BPF_PSEUDO_CALLEE.KFUNC });
}

function buildCallName(context: AssemblyContext, groups: Groups, line: number): void {
  const id = groups['imm'] === undefined ? context.helperId(groups['name']) : imm32(groups['imm']);
  if (id !== undefined) {
    emit(context, OP_CALL, { imm: id });
    return;
  }
  const slot = context.insns.length;
  const insn = emit(context, OP_CALL, { src: BPF_PSEUDO_CALLEE.SUBPROG });
  const apply = (delta: number) => void (insn.imm = delta);
  context.fixups.push({ label: groups['name'], slot, line, optional: false, apply });
}

function buildNeg(context: AssemblyContext, groups: Groups): void {
  sameRegister(groups['dst'], groups['src']);
  const cls = isNarrow(groups['dst']) ? BPF_CLASS.ALU : BPF_CLASS.ALU64;
  emit(context, cls | BPF_ALU_OP.NEG, { dst: reg(groups['dst']) });
}

function buildEndian(context: AssemblyContext, groups: Groups): void {
  sameRegister(groups['dst'], groups['src']);
  const opcode = {
    le: BPF_CLASS.ALU | BPF_ALU_OP.END | BPF_SRC.K,
    be: BPF_CLASS.ALU | BPF_ALU_OP.END | BPF_SRC.X,
    bswap: BPF_CLASS.ALU64 | BPF_ALU_OP.END,
  }[groups['order'] as 'le' | 'be' | 'bswap'];
  emit(context, opcode, { dst: reg(groups['dst']), imm: Number(groups['bits']) });
}

function buildCast(context: AssemblyContext, groups: Groups): void {
  const imm = (Number(groups['to']) << 16) | (Number(groups['from']) & 0xffff);
  const opcode = BPF_CLASS.ALU64 | BPF_ALU_OP.MOV | BPF_SRC.X;
  emit(context, opcode, { dst: reg(groups['dst']), src: reg(groups['src']), off: 1, imm });
}

function buildMovsx(context: AssemblyContext, groups: Groups): void {
  const narrow = sameWidth(groups['dst'], groups['src']);
  const opcode = (narrow ? BPF_CLASS.ALU : BPF_CLASS.ALU64) | BPF_ALU_OP.MOV | BPF_SRC.X;
  const fields = { dst: reg(groups['dst']), src: reg(groups['src']), off: Number(groups['from']) };
  emit(context, opcode, fields);
}

const sizeCode = (groups: Groups) => SIZE_CODE[groups['size'].replace(/^[us]/, '')];

function buildLoad(context: AssemblyContext, groups: Groups): void {
  const mode = groups['size'].startsWith('s') ? BPF_MODE.MEMSX : BPF_MODE.MEM;
  const fields = { dst: reg(groups['dst']), src: reg(groups['src']), off: offset(groups) };
  emit(context, BPF_CLASS.LDX | mode | sizeCode(groups), fields);
}

function buildPacket(context: AssemblyContext, groups: Groups): void {
  const imm = groups['imm'] === undefined ? 0 : imm32(groups['imm']);
  const mode = groups['src'] === undefined ? BPF_MODE.ABS : BPF_MODE.IND;
  const src = groups['src'] === undefined ? 0 : reg(groups['src']);
  emit(context, BPF_CLASS.LD | mode | sizeCode(groups), { src, imm });
}

function buildStore(context: AssemblyContext, groups: Groups): void {
  const cls = groups['src'] === undefined ? BPF_CLASS.ST : BPF_CLASS.STX;
  const { src, imm } = operand(groups);
  const fields = { dst: reg(groups['dst']), src, off: offset(groups), imm };
  emit(context, cls | BPF_MODE.MEM | sizeCode(groups), fields);
}

function emitAtomic(context: AssemblyContext, groups: Groups, imm: number): void {
  const fields = { dst: reg(groups['dst']), src: reg(groups['src']), off: offset(groups), imm };
  emit(context, BPF_CLASS.STX | BPF_MODE.ATOMIC | sizeCode(groups), fields);
}

function buildAtomic(imm: number): Builder {
  return (context, groups) => emitAtomic(context, groups, imm);
}

function buildLock(context: AssemblyContext, groups: Groups): void {
  emitAtomic(context, groups, LOCK_CODE[groups['op']]);
}

function buildFetch(context: AssemblyContext, groups: Groups): void {
  sameRegister(groups['result'], groups['src']);
  emitAtomic(context, groups, FETCH_CODE[groups['op']] | BPF_ATOMIC_OP.FETCH);
}

function buildXchg(context: AssemblyContext, groups: Groups): void {
  sameRegister(groups['result'], groups['src']);
  emitAtomic(context, groups, BPF_ATOMIC_OP.XCHG);
}

function buildCmpxchg(context: AssemblyContext, groups: Groups): void {
  emitAtomic(context, groups, BPF_ATOMIC_OP.CMPXCHG);
}

function emitLdImm64(context: AssemblyContext, dst: string, src: number, value: bigint): Insn {
  const low = Number(BigInt.asIntN(32, value));
  const insn = emit(context, OP_LD_IMM64, { dst: reg(dst), src, imm: low });
  emit(context, 0, { imm: Number(BigInt.asIntN(32, value >> 32n)) });
  return insn;
}

function buildLdImm64(context: AssemblyContext, groups: Groups): void {
  const value = ranged(groups['imm'], -(1n << 63n), (1n << 64n) - 1n, 'immediate');
  emitLdImm64(context, groups['dst'], BPF_PSEUDO_LD.NONE, value);
}

/** A label makes a function address, any other name is left to the linker. */
function buildLdSymbol(context: AssemblyContext, groups: Groups, line: number): void {
  const slot = context.insns.length;
  const insn = emitLdImm64(context, groups['dst'], BPF_PSEUDO_LD.NONE, 0n);
  const apply = (delta: number) => {
    insn.src = BPF_PSEUDO_LD.FUNC;
    insn.imm = delta;
  };
  context.fixups.push({ label: groups['name'], slot, line, optional: true, apply });
}

function buildLdMap(context: AssemblyContext, groups: Groups): void {
  context.symbols.set(context.insns.length, groups['name']);
  const isValue = groups['imm'] !== undefined;
  const src = isValue ? BPF_PSEUDO_LD.MAP_VALUE : BPF_PSEUDO_LD.MAP_FD;
  emitLdImm64(context, groups['dst'], src, isValue ? BigInt(imm32(groups['imm'])) << 32n : 0n);
}

function buildLdSubprog(context: AssemblyContext, groups: Groups): void {
  emitLdImm64(context, groups['dst'], BPF_PSEUDO_LD.FUNC, BigInt(imm32(groups['imm'])));
}

function buildAlu(context: AssemblyContext, groups: Groups): void {
  const narrow = groups['src'] ? sameWidth(groups['dst'], groups['src']) : isNarrow(groups['dst']);
  const [code, off] = ALU_CODE[groups['op']];
  const { bit, src, imm } = operand(groups);
  const opcode = (narrow ? BPF_CLASS.ALU : BPF_CLASS.ALU64) | code | bit;
  emit(context, opcode, { dst: reg(groups['dst']), src, off, imm });
}

function buildRaw(context: AssemblyContext, groups: Groups): void {
  const field = (name: string, low: bigint, high: bigint) => Number(ranged(groups[name], low, high, name));
  emit(context, field('code', 0n, 255n), {
    dst: field('dst', 0n, 15n),
    src: field('src', 0n, 15n),
    off: field('off', -0x8000n, 0x7fffn),
    imm: imm32(groups['imm']),
  });
}
