import fc from 'fast-check';
import type { Insn } from './insn';
import { BPF_REG_FP } from './opcode';
import { INSN_TABLE, type InsnRow, insnRow, rowsOfOpcode } from './table';

/** Opcodes that Linux 6.18 does not call unknown (`bpf_opcode_in_insntable`), and callx, which it does. */
const KNOWN_OPCODES = `
  04 05 06 07 0c 0f 14 15 16 17 18 1c 1d 1e 1f 20 24 25 26 27 28 2c 2d 2e 2f 30 34 35 36 37 3c 3d 3e 3f 40 44 45 46
  47 48 4c 4d 4e 4f 50 54 55 56 57 5c 5d 5e 5f 61 62 63 64 65 66 67 69 6a 6b 6c 6d 6e 6f 71 72 73 74 75 76 77 79 7a
  7b 7c 7d 7e 7f 81 84 85 87 89 8d 91 94 95 97 9c 9f a4 a5 a6 a7 ac ad ae af b4 b5 b6 b7 bc bd be bf c3 c4 c5 c6 c7
  cb cc cd ce cf d3 d4 d5 d6 d7 db dc dd de e5`
  .trim()
  .split(/\s+/)
  .map((hex) => Number.parseInt(hex, 16));

/** Rows per conformance group (RFC 9669 §2.4), register and immediate forms counted singly. */
const GROUP_ROWS = {
  base32: 65,
  base64: 60,
  divmul32: 10,
  divmul64: 10,
  atomic32: 10,
  atomic64: 10,
  packet: 6,
  linux: 11,
};

const sample = (row: InsnRow): Insn => ({ opcode: row.opcode, dst: 1, src: 2, off: 4, imm: 5, ...row.fixed });

test('every known opcode has rows and no other', () => {
  const opcodes = Array.from({ length: 256 }, (_, opcode) => opcode);
  expect(opcodes.filter((opcode) => rowsOfOpcode(opcode).length > 0)).toEqual(KNOWN_OPCODES);
});

test('a row is found by its own fields and no two rows answer to one instruction', () => {
  for (const row of INSN_TABLE) {
    const insn = sample(row);
    expect(insnRow(insn)).toBe(row);
    const rivals = INSN_TABLE.filter(
      (other) =>
        other.opcode === row.opcode &&
        Object.entries(other.fixed).every(([key, v]) => insn[key as keyof Insn] === v),
    );
    expect(rivals).toEqual([row]);
  }
});

test('mnemonics are unique but for the two operand forms', () => {
  const forms = INSN_TABLE.map(({ mnemonic, semantics }) =>
    'operand' in semantics ? `${mnemonic} ${semantics.operand}` : mnemonic,
  );
  expect(new Set(forms).size).toBe(forms.length);
});

test('rows per group', () => {
  const counts: Record<string, number> = {};
  for (const { group } of INSN_TABLE) counts[group] = (counts[group] ?? 0) + 1;
  expect(counts).toEqual(GROUP_ROWS);
});

test.each<[string, Insn]>([
  ['src of an immediate form', { opcode: 0xb7, dst: 1, src: 1, off: 0, imm: 0 }],
  ['imm of a register form', { opcode: 0x0f, dst: 1, src: 1, off: 0, imm: 1 }],
  ['off of an addition', { opcode: 0x07, dst: 1, src: 0, off: 1, imm: 1 }],
  ['off of a division that is neither 0 nor 1', { opcode: 0x3f, dst: 1, src: 1, off: 2, imm: 0 }],
  ['sign extension of 32 bits to 32', { opcode: 0xbc, dst: 1, src: 1, off: 32, imm: 0 }],
  ['byte swap of 8 bits', { opcode: 0xdc, dst: 1, src: 0, off: 0, imm: 8 }],
  ['16-bit atomic add', { opcode: 0xcb, dst: 1, src: 1, off: 0, imm: 0 }],
  ['atomic subtraction', { opcode: 0xdb, dst: 1, src: 1, off: 0, imm: 0x10 }],
  ['call of kind 3', { opcode: 0x85, dst: 0, src: 3, off: 0, imm: 1 }],
  ['64-bit load of kind 7', { opcode: 0x18, dst: 0, src: 7, off: 0, imm: 1 }],
  ['exit with an immediate', { opcode: 0x95, dst: 0, src: 0, off: 0, imm: 1 }],
])('no row: %s', (_what, insn) => {
  expect(insnRow(insn)).toBeUndefined();
});

test('any slot has one row or none', () => {
  const slot = fc.record({
    opcode: fc.integer({ min: 0, max: 255 }),
    dst: fc.integer({ min: 0, max: BPF_REG_FP }),
    src: fc.integer({ min: 0, max: BPF_REG_FP }),
    off: fc.integer({ min: -3, max: 33 }),
    imm: fc.integer({ min: -3, max: 0x120 }),
  });
  fc.assert(
    fc.property(slot, (insn) => {
      const row = insnRow(insn);
      if (row) expect(row.opcode).toBe(insn.opcode);
    }),
  );
});
