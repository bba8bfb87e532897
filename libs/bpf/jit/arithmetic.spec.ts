import { INSN_TABLE, type InsnRow } from '@probed/isa';
import { compile } from './compile';
import { TestEnv } from './testing/test-env';
import { testProgram } from './testing/test-program';

const MASK64 = (1n << 64n) - 1n;
const EDGES = [
  0n,
  1n,
  2n,
  3n,
  31n,
  32n,
  33n,
  63n,
  64n,
  0x7fn,
  0x80n,
  0xff00n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x0123_4567_89ab_cdefn,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0x8000_0000_ffff_ffffn,
  0xffff_ffff_8000_0000n,
  MASK64 - 1n,
  MASK64,
];

/** RFC 9669 §4.1 in BigInt; both operands at the operation's width, unsigned. */
const REFERENCE: Record<string, (dst: bigint, src: bigint, bits: number) => bigint> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => (b === 0n ? 0n : a / b),
  sdiv: (a, b, bits) => (b === 0n ? 0n : BigInt.asIntN(bits, a) / BigInt.asIntN(bits, b)),
  mod: (a, b) => (b === 0n ? a : a % b),
  smod: (a, b, bits) => (b === 0n ? a : BigInt.asIntN(bits, a) % BigInt.asIntN(bits, b)),
  or: (a, b) => a | b,
  and: (a, b) => a & b,
  xor: (a, b) => a ^ b,
  lsh: (a, b, bits) => a << (b & BigInt(bits - 1)),
  rsh: (a, b, bits) => a >> (b & BigInt(bits - 1)),
  arsh: (a, b, bits) => BigInt.asIntN(bits, a) >> (b & BigInt(bits - 1)),
  mov: (_a, b) => b,
};

function swapped(value: bigint, bits: number): bigint {
  let result = 0n;
  for (let at = 0; at < bits; at += 8) result = (result << 8n) | ((value >> BigInt(at)) & 0xffn);
  return result;
}

/** What `dst` (r1) holds afterwards, with `src` (r2) or the immediate as second operand; `undefined`: not for here. */
function expected(row: InsnRow, dst: bigint, src: bigint): bigint | undefined {
  const { semantics } = row;
  switch (semantics.kind) {
    case 'alu': {
      const { bits, op } = semantics;
      return BigInt.asUintN(bits, REFERENCE[op](BigInt.asUintN(bits, dst), BigInt.asUintN(bits, src), bits));
    }
    case 'neg':
      return BigInt.asUintN(semantics.bits, -dst);
    case 'movsx':
      return BigInt.asUintN(semantics.bits, BigInt.asIntN(semantics.from, src));
    case 'endian': {
      const { bits, order } = semantics;
      return order === 'le' ? BigInt.asUintN(bits, dst) : swapped(dst, bits);
    }
    default:
      return undefined;
  }
}

/** Runs one instruction on pairs of operands read from memory, so that no operand is known when compiling. */
function runOnPairs(row: InsnRow, imm: number, pairs: readonly (readonly [bigint, bigint])[]): bigint[] {
  const env = new TestEnv();
  const ctx = env.memory.alloc(24);
  const { src = 2, off = 0 } = row.fixed;
  const program = testProgram([
    { opcode: 0x79, dst: 2, src: 1, off: 8, imm: 0 },
    { opcode: 0xbf, dst: 9, src: 1, off: 0, imm: 0 },
    { opcode: 0x79, dst: 1, src: 1, off: 0, imm: 0 },
    { opcode: row.opcode, dst: 1, src, off, imm },
    { opcode: 0x7b, dst: 9, src: 1, off: 16, imm: 0 },
    { opcode: 0x95, dst: 0, src: 0, off: 0, imm: 0 },
  ]);
  const { run } = compile(program, env);
  const { view } = env.memory;
  return pairs.map(([dst, operand]) => {
    view.setBigUint64(ctx, dst, true);
    view.setBigUint64(ctx + 8, operand, true);
    run(ctx, env.stackTop);
    return view.getBigUint64(ctx + 16, true);
  });
}

const ROWS = INSN_TABLE.filter((row) => ['alu', 'neg', 'movsx', 'endian'].includes(row.semantics.kind));
const takesImm = (row: InsnRow) => row.semantics.kind === 'alu' && row.semantics.operand === 'imm';

test.each(ROWS.filter((row) => !takesImm(row)))('$mnemonic (opcode $opcode) on edge values', (row) => {
  const pairs = EDGES.flatMap((dst) => EDGES.map((src) => [dst, src] as const));
  expect(runOnPairs(row, row.fixed.imm ?? 0, pairs)).toEqual(
    pairs.map(([dst, src]) => expected(row, dst, src)),
  );
});

const IMMEDIATES = [0, 1, -1, 5, 31, 32, 40, 63, 64, -7, 0xff, 0x7fff_ffff, -0x8000_0000];

test.each(ROWS.filter(takesImm))('$mnemonic with an immediate (opcode $opcode)', (row) => {
  for (const imm of IMMEDIATES) {
    const pairs = EDGES.map((dst) => [dst, 0n] as const);
    expect([imm, runOnPairs(row, imm, pairs)]).toEqual([
      imm,
      pairs.map(([dst]) => expected(row, dst, BigInt.asUintN(64, BigInt(imm)))),
    ]);
  }
});
