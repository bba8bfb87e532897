import type { Insn } from './insn';
import {
  BPF_ADDR_SPACE,
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
import type { AluOp, AtomicOp, Bits, Condition, InsnGroup, MemBytes, Semantics } from './semantics';

/** Fields with one legal value; a field left out is an operand and free. */
export interface FixedFields {
  readonly dst?: number;
  readonly src?: number;
  readonly off?: number;
  readonly imm?: number;
}

/** One instruction: the opcode and the fixed fields identify it, the rest says what it is. */
export interface InsnRow {
  readonly opcode: number;
  readonly fixed: FixedFields;
  /** Unique short name in the style of RFC 9669's tables: `add`, `add32`, `ldxdw`, `jsgt32`, `bswap16`. */
  readonly mnemonic: string;
  /** Same for the register and the immediate form. */
  readonly group: InsnGroup;
  readonly semantics: Semantics;
}

interface AluSpec {
  readonly op: AluOp;
  readonly code: number;
  readonly off: number;
  readonly group: 'base' | 'divmul';
}

const ALU_OPS: readonly AluSpec[] = [
  { op: 'add', code: BPF_ALU_OP.ADD, off: 0, group: 'base' },
  { op: 'sub', code: BPF_ALU_OP.SUB, off: 0, group: 'base' },
  { op: 'mul', code: BPF_ALU_OP.MUL, off: 0, group: 'divmul' },
  { op: 'div', code: BPF_ALU_OP.DIV, off: 0, group: 'divmul' },
  { op: 'sdiv', code: BPF_ALU_OP.DIV, off: 1, group: 'divmul' },
  { op: 'or', code: BPF_ALU_OP.OR, off: 0, group: 'base' },
  { op: 'and', code: BPF_ALU_OP.AND, off: 0, group: 'base' },
  { op: 'lsh', code: BPF_ALU_OP.LSH, off: 0, group: 'base' },
  { op: 'rsh', code: BPF_ALU_OP.RSH, off: 0, group: 'base' },
  { op: 'mod', code: BPF_ALU_OP.MOD, off: 0, group: 'divmul' },
  { op: 'smod', code: BPF_ALU_OP.MOD, off: 1, group: 'divmul' },
  { op: 'xor', code: BPF_ALU_OP.XOR, off: 0, group: 'base' },
  { op: 'mov', code: BPF_ALU_OP.MOV, off: 0, group: 'base' },
  { op: 'arsh', code: BPF_ALU_OP.ARSH, off: 0, group: 'base' },
];

const WIDTHS = [
  { bits: 64, alu: BPF_CLASS.ALU64, jmp: BPF_CLASS.JMP, suffix: '' },
  { bits: 32, alu: BPF_CLASS.ALU, jmp: BPF_CLASS.JMP32, suffix: '32' },
] as const;

const CONDITIONS: readonly { readonly cond: Condition; readonly code: number }[] = [
  { cond: 'eq', code: BPF_JMP_OP.JEQ },
  { cond: 'gt', code: BPF_JMP_OP.JGT },
  { cond: 'ge', code: BPF_JMP_OP.JGE },
  { cond: 'set', code: BPF_JMP_OP.JSET },
  { cond: 'ne', code: BPF_JMP_OP.JNE },
  { cond: 'sgt', code: BPF_JMP_OP.JSGT },
  { cond: 'sge', code: BPF_JMP_OP.JSGE },
  { cond: 'lt', code: BPF_JMP_OP.JLT },
  { cond: 'le', code: BPF_JMP_OP.JLE },
  { cond: 'slt', code: BPF_JMP_OP.JSLT },
  { cond: 'sle', code: BPF_JMP_OP.JSLE },
];

const SIZES = [
  { bytes: 4, code: BPF_SIZE.W, letter: 'w' },
  { bytes: 2, code: BPF_SIZE.H, letter: 'h' },
  { bytes: 1, code: BPF_SIZE.B, letter: 'b' },
  { bytes: 8, code: BPF_SIZE.DW, letter: 'dw' },
] as const;

const ATOMICS: readonly { readonly op: AtomicOp; readonly fetch: boolean; readonly imm: number }[] = [
  { op: 'add', fetch: false, imm: BPF_ATOMIC_OP.ADD },
  { op: 'or', fetch: false, imm: BPF_ATOMIC_OP.OR },
  { op: 'and', fetch: false, imm: BPF_ATOMIC_OP.AND },
  { op: 'xor', fetch: false, imm: BPF_ATOMIC_OP.XOR },
  { op: 'add', fetch: true, imm: BPF_ATOMIC_OP.ADD | BPF_ATOMIC_OP.FETCH },
  { op: 'or', fetch: true, imm: BPF_ATOMIC_OP.OR | BPF_ATOMIC_OP.FETCH },
  { op: 'and', fetch: true, imm: BPF_ATOMIC_OP.AND | BPF_ATOMIC_OP.FETCH },
  { op: 'xor', fetch: true, imm: BPF_ATOMIC_OP.XOR | BPF_ATOMIC_OP.FETCH },
  { op: 'xchg', fetch: true, imm: BPF_ATOMIC_OP.XCHG },
  { op: 'cmpxchg', fetch: true, imm: BPF_ATOMIC_OP.CMPXCHG },
];

/** RFC 9669 puts whatever moves 64 bits at once outside `base32`. */
const baseGroup = (bytes: MemBytes): InsnGroup => (bytes === 8 ? 'base64' : 'base32');

function aluRows(): InsnRow[] {
  return WIDTHS.flatMap(({ bits, alu, suffix }) =>
    ALU_OPS.flatMap(({ op, code, off, group }): InsnRow[] => {
      const common = { mnemonic: op + suffix, group: `${group}${bits}` as InsnGroup };
      const imm = { kind: 'alu', op, bits, operand: 'imm' } as const;
      const reg = { kind: 'alu', op, bits, operand: 'reg' } as const;
      return [
        { opcode: alu | code | BPF_SRC.K, fixed: { src: 0, off }, ...common, semantics: imm },
        { opcode: alu | code | BPF_SRC.X, fixed: { off, imm: 0 }, ...common, semantics: reg },
      ];
    }),
  );
}

function unaryRows(): InsnRow[] {
  const moves: readonly { from: 8 | 16 | 32; bits: Bits }[] = [
    { from: 8, bits: 32 },
    { from: 16, bits: 32 },
    { from: 8, bits: 64 },
    { from: 16, bits: 64 },
    { from: 32, bits: 64 },
  ];
  const negations = WIDTHS.map(
    ({ bits, alu, suffix }): InsnRow => ({
      opcode: alu | BPF_ALU_OP.NEG,
      fixed: { src: 0, off: 0, imm: 0 },
      mnemonic: `neg${suffix}`,
      group: `base${bits}`,
      semantics: { kind: 'neg', bits },
    }),
  );
  const extensions = moves.map(
    ({ from, bits }): InsnRow => ({
      opcode: (bits === 64 ? BPF_CLASS.ALU64 : BPF_CLASS.ALU) | BPF_ALU_OP.MOV | BPF_SRC.X,
      fixed: { off: from, imm: 0 },
      mnemonic: `movsx${from}${bits === 64 ? '' : 'to32'}`,
      group: `base${bits}`,
      semantics: { kind: 'movsx', from, bits },
    }),
  );
  const casts = Object.entries(BPF_ADDR_SPACE).map(
    ([name, imm]): InsnRow => ({
      opcode: BPF_CLASS.ALU64 | BPF_ALU_OP.MOV | BPF_SRC.X,
      fixed: { off: 1, imm },
      mnemonic: `cast_${name.toLowerCase()}`,
      group: 'linux',
      semantics: { kind: 'addr_space_cast' },
    }),
  );
  return [...negations, ...extensions, ...casts, ...endianRows()];
}

function endianRows(): InsnRow[] {
  const orders = [
    { order: 'le', name: 'le', opcode: BPF_CLASS.ALU | BPF_ALU_OP.END | BPF_SRC.K },
    { order: 'be', name: 'be', opcode: BPF_CLASS.ALU | BPF_ALU_OP.END | BPF_SRC.X },
    { order: 'swap', name: 'bswap', opcode: BPF_CLASS.ALU64 | BPF_ALU_OP.END | BPF_SRC.K },
  ] as const;
  return orders.flatMap(({ order, name, opcode }) =>
    ([16, 32, 64] as const).map(
      (bits): InsnRow => ({
        opcode,
        fixed: { src: 0, off: 0, imm: bits },
        mnemonic: name + bits,
        group: bits === 64 ? 'base64' : 'base32',
        semantics: { kind: 'endian', order, bits },
      }),
    ),
  );
}

function memoryRows(): InsnRow[] {
  return SIZES.flatMap(({ bytes, code, letter }): InsnRow[] => {
    const group = baseGroup(bytes);
    const load = (mode: number, signed: boolean): InsnRow => ({
      opcode: BPF_CLASS.LDX | mode | code,
      fixed: { imm: 0 },
      mnemonic: `ldx${signed ? 's' : ''}${letter}`,
      group: signed ? 'base64' : group,
      semantics: { kind: 'load', bytes, signed },
    });
    return [
      load(BPF_MODE.MEM, false),
      ...(bytes === 8 ? [] : [load(BPF_MODE.MEMSX, true)]),
      {
        opcode: BPF_CLASS.ST | BPF_MODE.MEM | code,
        fixed: { src: 0 },
        mnemonic: `st${letter}`,
        group,
        semantics: { kind: 'store', bytes, operand: 'imm' },
      },
      {
        opcode: BPF_CLASS.STX | BPF_MODE.MEM | code,
        fixed: { imm: 0 },
        mnemonic: `stx${letter}`,
        group,
        semantics: { kind: 'store', bytes, operand: 'reg' },
      },
    ];
  });
}

function packetRows(): InsnRow[] {
  const rows: InsnRow[] = [];
  for (const { bytes, code, letter } of SIZES) {
    if (bytes === 8) continue;
    rows.push(
      {
        opcode: BPF_CLASS.LD | BPF_MODE.ABS | code,
        fixed: { dst: 0, src: 0, off: 0 },
        mnemonic: `ldabs${letter}`,
        group: 'packet',
        semantics: { kind: 'packet', mode: 'abs', bytes },
      },
      {
        opcode: BPF_CLASS.LD | BPF_MODE.IND | code,
        fixed: { dst: 0, off: 0 },
        mnemonic: `ldind${letter}`,
        group: 'packet',
        semantics: { kind: 'packet', mode: 'ind', bytes },
      },
    );
  }
  return rows;
}

function atomicRows(): InsnRow[] {
  const readModifyWrite = ([4, 8] as const).flatMap((bytes) =>
    ATOMICS.map(({ op, fetch, imm }): InsnRow => {
      const fetched = fetch && op !== 'xchg' && op !== 'cmpxchg';
      return {
        opcode: BPF_CLASS.STX | BPF_MODE.ATOMIC | (bytes === 8 ? BPF_SIZE.DW : BPF_SIZE.W),
        fixed: { imm },
        mnemonic: `lock_${fetched ? 'fetch_' : ''}${op}${bytes === 4 ? '32' : ''}`,
        group: bytes === 8 ? 'atomic64' : 'atomic32',
        semantics: { kind: 'atomic', op, fetch, bytes },
      };
    }),
  );
  const ordered = SIZES.flatMap(({ bytes, code, letter }): InsnRow[] => [
    {
      opcode: BPF_CLASS.STX | BPF_MODE.ATOMIC | code,
      fixed: { imm: BPF_ATOMIC_OP.LOAD_ACQ },
      mnemonic: `load_acquire_${letter}`,
      group: 'linux',
      semantics: { kind: 'load_acquire', bytes },
    },
    {
      opcode: BPF_CLASS.STX | BPF_MODE.ATOMIC | code,
      fixed: { imm: BPF_ATOMIC_OP.STORE_REL },
      mnemonic: `store_release_${letter}`,
      group: 'linux',
      semantics: { kind: 'store_release', bytes },
    },
  ]);
  return [...readModifyWrite, ...ordered];
}

function branchRows(): InsnRow[] {
  return WIDTHS.flatMap(({ bits, jmp, suffix }) =>
    CONDITIONS.flatMap(({ cond, code }): InsnRow[] => {
      const common = { mnemonic: `j${cond}${suffix}`, group: `base${bits}` as InsnGroup };
      const imm = { kind: 'branch', cond, bits, operand: 'imm' } as const;
      const reg = { kind: 'branch', cond, bits, operand: 'reg' } as const;
      return [
        { opcode: jmp | code | BPF_SRC.K, fixed: { src: 0 }, ...common, semantics: imm },
        { opcode: jmp | code | BPF_SRC.X, fixed: { imm: 0 }, ...common, semantics: reg },
      ];
    }),
  );
}

function row(
  mnemonic: string,
  opcode: number,
  fixed: FixedFields,
  group: InsnGroup,
  semantics: Semantics,
): InsnRow {
  return { opcode, fixed, mnemonic, group, semantics };
}

function controlRows(): InsnRow[] {
  const { HELPER, SUBPROG, KFUNC } = BPF_PSEUDO_CALLEE;
  return [
    row('ja', OP_JA, { dst: 0, src: 0, imm: 0 }, 'base32', { kind: 'jump', long: false }),
    row('ja32', OP_JA32, { dst: 0, src: 0, off: 0 }, 'base32', { kind: 'jump', long: true }),
    row('may_goto', OP_MAY_GOTO, { dst: 0, src: 0, imm: 0 }, 'linux', { kind: 'may_goto' }),
    row('call', OP_CALL, { dst: 0, src: HELPER, off: 0 }, 'base32', { kind: 'call', callee: 'helper' }),
    row('call_local', OP_CALL, { dst: 0, src: SUBPROG, off: 0 }, 'base32', {
      kind: 'call',
      callee: 'subprog',
    }),
    row('call_kfunc', OP_CALL, { dst: 0, src: KFUNC }, 'base32', { kind: 'call', callee: 'kfunc' }),
    row('callx', OP_CALLX, { src: 0, off: 0, imm: 0 }, 'base32', { kind: 'callx' }),
    row('exit', OP_EXIT, { dst: 0, src: 0, off: 0, imm: 0 }, 'base32', { kind: 'exit' }),
  ];
}

function ldImm64Rows(): InsnRow[] {
  return Object.entries(BPF_PSEUDO_LD).map(([name, pseudo]) =>
    row(
      `lddw${pseudo === BPF_PSEUDO_LD.NONE ? '' : `_${name.toLowerCase()}`}`,
      OP_LD_IMM64,
      { src: pseudo, off: 0 },
      'base64',
      { kind: 'ld_imm64', pseudo },
    ),
  );
}

/** Every instruction of RFC 9669 and of Linux 6.18, one row per meaning. */
export const INSN_TABLE: readonly InsnRow[] = [
  ...aluRows(),
  ...unaryRows(),
  ...memoryRows(),
  ...packetRows(),
  ...atomicRows(),
  ...branchRows(),
  ...controlRows(),
  ...ldImm64Rows(),
];

const BY_OPCODE: readonly (readonly InsnRow[])[] = (() => {
  const rows: InsnRow[][] = Array.from({ length: 256 }, () => []);
  for (const entry of INSN_TABLE) rows[entry.opcode].push(entry);
  return rows;
})();

function matches(fixed: FixedFields, insn: Insn): boolean {
  return (
    (fixed.src === undefined || fixed.src === insn.src) &&
    (fixed.off === undefined || fixed.off === insn.off) &&
    (fixed.imm === undefined || fixed.imm === insn.imm) &&
    (fixed.dst === undefined || fixed.dst === insn.dst)
  );
}

/** Rows of an opcode, empty when no instruction has it. @param opcode 0..255 */
export function rowsOfOpcode(opcode: number): readonly InsnRow[] {
  return BY_OPCODE[opcode];
}

/**
 * The row of an instruction; undefined for an unknown opcode or a reserved field that is not zero. The second slot
 * of a 64-bit immediate load is no instruction of its own and has no row.
 */
export function insnRow(insn: Insn): InsnRow | undefined {
  for (const entry of BY_OPCODE[insn.opcode]) if (matches(entry.fixed, insn)) return entry;
  return undefined;
}
