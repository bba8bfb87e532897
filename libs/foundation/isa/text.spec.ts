import fc from 'fast-check';
import { assemble } from './assembler';
import { decodeInsns, encodeInsns } from './codec';
import { disassemble, disassembleInsn } from './disassembler';
import type { Insn } from './insn';
import { BPF_PSEUDO_LD } from './opcode';
import { INSN_TABLE, type InsnRow } from './table';

/** LLVM's text, the bytes that clang 19 makes of it, and what the verifier log of Linux 6.18 prints. */
const FORMS: readonly (readonly [llvm: string, hex: string, kernel: string])[] = [
  ['r1 = 5', 'b701000005000000', '(b7) r1 = 5'],
  ['w1 = -5', 'b4010000fbffffff', '(b4) w1 = -5'],
  ['r1 = 0xffffffff', 'b7010000ffffffff', '(b7) r1 = -1'],
  ['r1 += r2', '0f21000000000000', '(0f) r1 += r2'],
  ['w1 += 5', '0401000005000000', '(04) w1 += 5'],
  ['w3 -= w4', '1c43000000000000', '(1c) w3 -= w4'],
  ['r3 *= 7', '2703000007000000', '(27) r3 *= 7'],
  ['w3 /= w4', '3c43000000000000', '(3c) w3 /= w4'],
  ['r3 s/= r4', '3f43010000000000', '(3f) r3 s/= r4'],
  ['w3 s%= 3', '9403010003000000', '(94) w3 s%= 3'],
  ['r3 %= 3', '9703000003000000', '(97) r3 %= 3'],
  ['r1 |= 0x10', '4701000010000000', '(47) r1 |= 16'],
  ['w1 &= w2', '5c21000000000000', '(5c) w1 &= w2'],
  ['r1 <<= 3', '6701000003000000', '(67) r1 <<= 3'],
  ['w1 >>= w2', '7c21000000000000', '(7c) w1 >>= w2'],
  ['r1 s>>= 63', 'c70100003f000000', '(c7) r1 s>>= 63'],
  ['w1 ^= 1', 'a401000001000000', '(a4) w1 ^= 1'],
  ['r1 = -r1', '8701000000000000', '(87) r1 = -r1'],
  ['w2 = -w2', '8402000000000000', '(84) w2 = -w2'],
  ['r1 = (s8)r2', 'bf21080000000000', '(bf) r1 = (s8)r2'],
  ['w1 = (s16)w2', 'bc21100000000000', '(bc) w1 = (s16)w2'],
  ['r1 = (s32)r2', 'bf21200000000000', '(bf) r1 = (s32)r2'],
  ['r1 = be16 r1', 'dc01000010000000', '(dc) r1 = be16 r1'],
  ['r1 = be32 r1', 'dc01000020000000', '(dc) r1 = be32 r1'],
  ['r1 = be64 r1', 'dc01000040000000', '(dc) r1 = be64 r1'],
  ['r2 = le16 r2', 'd402000010000000', '(d4) r2 = le16 r2'],
  ['r2 = le32 r2', 'd402000020000000', '(d4) r2 = le32 r2'],
  ['r2 = le64 r2', 'd402000040000000', '(d4) r2 = le64 r2'],
  ['r1 = bswap16 r1', 'd701000010000000', '(d7) r1 = bswap16 r1'],
  ['r1 = bswap32 r1', 'd701000020000000', '(d7) r1 = bswap32 r1'],
  ['r1 = bswap64 r1', 'd701000040000000', '(d7) r1 = bswap64 r1'],
  ['r1 = addr_space_cast(r2, 0, 1)', 'bf21010001000000', '(bf) r1 = addr_space_cast(r2, 0, 1)'],
  ['r1 = addr_space_cast(r2, 1, 0)', 'bf21010000000100', '(bf) r1 = addr_space_cast(r2, 1, 0)'],
  ['r1 = 0x1122334455667788 ll', '18010000887766550000000044332211', '(18) r1 = 0x1122334455667788'],
  ['r1 = -1 ll', '18010000ffffffff00000000ffffffff', '(18) r1 = 0xffffffffffffffff'],
  ['r0 = *(u8 *)skb[3]', '3000000003000000', '(30) r0 = *(u8 *)skb[3]'],
  ['r0 = *(u16 *)skb[r2]', '4820000000000000', '(48) r0 = *(u16 *)skb[r2 + 0]'],
  ['r0 = *(u32 *)skb[0x10]', '2000000010000000', '(20) r0 = *(u32 *)skb[16]'],
  ['r0 = *(u64 *)(r1 + 8)', '7910080000000000', '(79) r0 = *(u64 *)(r1 +8)'],
  ['w0 = *(u32 *)(r1 - 8)', '6110f8ff00000000', '(61) r0 = *(u32 *)(r1 -8)'],
  ['r0 = *(u8 *)(r10 - 0x1)', '71a0ffff00000000', '(71) r0 = *(u8 *)(r10 -1)'],
  ['r0 = *(s8 *)(r1 + 0)', '9110000000000000', '(91) r0 = *(s8 *)(r1 +0)'],
  ['r0 = *(s32 *)(r1 + 4)', '8110040000000000', '(81) r0 = *(s32 *)(r1 +4)'],
  ['*(u64 *)(r1 + 8) = r2', '7b21080000000000', '(7b) *(u64 *)(r1 +8) = r2'],
  ['*(u32 *)(r1 + 8) = w2', '6321080000000000', '(63) *(u32 *)(r1 +8) = r2'],
  ['*(u16 *)(r1 + 8) = r2', '6b21080000000000', '(6b) *(u16 *)(r1 +8) = r2'],
  ['*(u8 *)(r1 + 8) = 7', '7201080007000000', '(72) *(u8 *)(r1 +8) = 7'],
  ['*(u64 *)(r1 - 8) = -7', '7a01f8fff9ffffff', '(7a) *(u64 *)(r1 -8) = -7'],
  ['lock *(u64 *)(r1 + 0) += r2', 'db21000000000000', '(db) lock *(u64 *)(r1 +0) += r2'],
  ['lock *(u32 *)(r1 + 4) += w2', 'c321040000000000', '(c3) lock *(u32 *)(r1 +4) += r2'],
  ['lock *(u32 *)(r1 + 4) |= w2', 'c321040040000000', '(c3) lock *(u32 *)(r1 +4) |= r2'],
  ['lock *(u64 *)(r1 + 4) &= r2', 'db21040050000000', '(db) lock *(u64 *)(r1 +4) &= r2'],
  ['lock *(u64 *)(r1 + 4) ^= r2', 'db210400a0000000', '(db) lock *(u64 *)(r1 +4) ^= r2'],
  [
    'r2 = atomic_fetch_add((u64 *)(r1 + 8), r2)',
    'db21080001000000',
    '(db) r2 = atomic64_fetch_add((u64 *)(r1 +8), r2)',
  ],
  [
    'w2 = atomic_fetch_or((u32 *)(r1 + 8), w2)',
    'c321080041000000',
    '(c3) r2 = atomic_fetch_or((u32 *)(r1 +8), r2)',
  ],
  [
    'r2 = atomic_fetch_and((u64 *)(r1 + 8), r2)',
    'db21080051000000',
    '(db) r2 = atomic64_fetch_and((u64 *)(r1 +8), r2)',
  ],
  [
    'r2 = atomic_fetch_xor((u64 *)(r1 + 8), r2)',
    'db210800a1000000',
    '(db) r2 = atomic64_fetch_xor((u64 *)(r1 +8), r2)',
  ],
  ['r2 = xchg_64(r1 + 8, r2)', 'db210800e1000000', '(db) r2 = atomic64_xchg((u64 *)(r1 +8), r2)'],
  ['w2 = xchg32_32(r1 + 8, w2)', 'c3210800e1000000', '(c3) r2 = atomic_xchg((u32 *)(r1 +8), r2)'],
  [
    'r0 = cmpxchg_64(r1 + 8, r0, r2)',
    'db210800f1000000',
    '(db) r0 = atomic64_cmpxchg((u64 *)(r1 +8), r0, r2)',
  ],
  [
    'w0 = cmpxchg32_32(r1 - 8, w0, w2)',
    'c321f8fff1000000',
    '(c3) r0 = atomic_cmpxchg((u32 *)(r1 -8), r0, r2)',
  ],
  ['if r1 == r2 goto +14', '1d210e0000000000', '(1d) if r1 == r2 goto pc+14'],
  ['if r1 != 5 goto +13', '55010d0005000000', '(55) if r1 != 0x5 goto pc+13'],
  ['if w1 > w2 goto +12', '2e210c0000000000', '(2e) if w1 > w2 goto pc+12'],
  ['if w1 >= 0xfffffff0 goto +11', '36010b00f0ffffff', '(36) if w1 >= 0xfffffff0 goto pc+11'],
  ['if r1 < -1 goto +10', 'a5010a00ffffffff', '(a5) if r1 < 0xffffffff goto pc+10'],
  ['if r1 s> 3 goto -69', '6501bbff03000000', '(65) if r1 s> 0x3 goto pc-69'],
  ['if w1 s<= w2 goto +1', 'de21010000000000', '(de) if w1 s<= w2 goto pc+1'],
  ['if r1 & 7 goto -2', '4501feff07000000', '(45) if r1 & 0x7 goto pc-2'],
  ['goto +6', '0500060000000000', '(05) goto pc+6'],
  ['gotol -73', '06000000b7ffffff', '(06) gotol pc-73'],
  ['may_goto +4', 'e500040000000000', '(e5) may_goto pc+4'],
  ['call 12', '850000000c000000', '(85) call bpf_tail_call#12'],
  ['call -76', '85100000b4ffffff', '(85) call pc-76'],
  ['callx r3', '8d03000000000000', '(8d) callx r3'],
  ['goto +0', '0500000000000000', '(05) goto pc+0'],
  ['exit', '9500000000000000', '(95) exit'],
];

const helperName = (id: number) => (id === 12 ? 'bpf_tail_call' : undefined);

function bytesOf(text: string): string {
  const result = assemble(text);
  if (!result.ok) throw new Error(`${result.error.where}: ${result.error.message}`);
  return Buffer.from(encodeInsns(result.value.insns)).toString('hex');
}

function insnsOf(hex: string): Insn[] {
  const result = decodeInsns(Uint8Array.from(Buffer.from(hex, 'hex')));
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

function messageOf(text: string): string {
  const result = assemble(text);
  return result.ok ? 'assembled' : `${result.error.where}: ${result.error.message}`;
}

describe('assemble', () => {
  test.each(FORMS)('%s', (llvm, hex) => {
    expect(bytesOf(llvm)).toBe(hex);
  });

  test.each(FORMS)('%s as the kernel prints it', (_llvm, hex, kernel) => {
    expect(bytesOf(`7: ${kernel}       ; R0=1 R10=fp0`)).toBe(hex);
  });

  test('spaces, comments, several statements a line', () => {
    const source = '  r1 =  5 // no\nw2   +=  1 ; exit # done\n/* r0 = 1\n r0 = 2 */ exit';
    expect(bytesOf(source)).toBe('b701000005000000040200000100000095000000000000009500000000000000');
  });

  test('labels, forward, backward, numeric', () => {
    const result = assemble(
      'top: r0 = 0\n1: if r0 > 3 goto 1f\nr0 += 1\ngoto 1b\n1: exit\nif r0 == 0 goto top',
    );
    expect(result.ok && result.value.insns.map((insn) => insn.off)).toEqual([0, 2, 0, -3, 0, -6]);
    expect(result.ok && result.value.labels.get('top')).toBe(0);
  });

  test('names of callees, functions, maps and symbols', () => {
    const source = `
      r1 = map[events]
      r2 = map[.data][0]+8
      r3 = callback ll
      r4 = bpf_prog_active ll
      call bpf_loop
      call kfunc bpf_task_release
      call callback
      exit
      callback: r0 = 0
      exit`;
    const result = assemble(source, { helperId: (name) => (name === 'bpf_loop' ? 181 : undefined) });
    if (!result.ok) throw new Error(result.error.message);
    const { insns, symbols } = result.value;
    expect([...symbols].sort(([a], [b]) => a - b)).toEqual([
      [0, 'events'],
      [2, '.data'],
      [6, 'bpf_prog_active'],
      [9, 'bpf_task_release'],
    ]);
    const { MAP_FD, MAP_VALUE, FUNC, NONE } = BPF_PSEUDO_LD;
    expect([0, 2, 4, 6].map((slot) => insns[slot].src)).toEqual([MAP_FD, MAP_VALUE, FUNC, NONE]);
    expect(insns[3].imm).toBe(8);
    expect(insns[4].imm).toBe(7);
    expect(insns.slice(8, 11).map(({ src, imm }) => [src, imm])).toEqual([
      [0, 181],
      [2, 0],
      [1, 1],
    ]);
  });

  test.each([
    ['r0 = 0\nr1 ** 2', 'line 2: unknown statement "r1 ** 2"'],
    ['r11 = w1', 'line 1: operands of different width: r11, w1'],
    ['r16 = 0', 'line 1: unknown statement "r16 = 0"'],
    ['r1 = -r2', 'line 1: r1 and r2 must be the same register'],
    ['r1 = 0x100000000', 'line 1: immediate 0x100000000 is out of range'],
    ['r1 = 0x10000000000000000 ll', 'line 1: immediate 0x10000000000000000 is out of range'],
    ['r1 = *(u8 *)(r2 + 32768)', 'line 1: offset +32768 is out of range'],
    ['goto nowhere', 'line 1: no label nowhere'],
    ['exit\ncall nobody', 'line 2: no label nobody'],
    ['goto +40000', 'line 1: jump of 40000 instructions is out of range'],
    ['a: exit\na: exit', 'line 2: label a is defined twice'],
    ['0: (b7) w0 = 0', 'line 1: "w0 = 0" is opcode 0xb4, not 0xb7'],
    ['.insn 256 0 0 0 0', 'line 1: code 256 is out of range'],
  ])('%j', (source, message) => {
    expect(messageOf(source)).toBe(message);
  });

  test('places any slot', () => {
    expect(bytesOf('.insn 0xff 15 14 -2 0x80000000')).toBe('ffeffeff00000080');
  });

  test('never throws', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...'rw019 =+-*()[]:;#ugotocallxlock\n'.split(''), 'll', 'r1')),
        (parts) => {
          assemble(parts.join(''));
        },
      ),
    );
  });
});

describe('disassemble', () => {
  test.each(FORMS)('%s', (_llvm, hex, kernel) => {
    expect(disassembleInsn(insnsOf(hex), 0, { helperName })).toBe(kernel);
  });

  test('numbers by slot as bpftool does', () => {
    expect(disassemble(insnsOf('180100000500000000000000010000009500000000000000'))).toEqual([
      '   0: (18) r1 = 0x100000005',
      '   2: (95) exit',
    ]);
  });

  test('asks for the names of maps, callees and kernel functions', () => {
    const insns = insnsOf('181100000700000000000000000000008510000003000000852000000900000085000000ff000000');
    const callbacks = {
      imm64: (insn: Insn) => `map[id:${insn.imm}]`,
      call: (insn: Insn) => (insn.src === 1 ? '+3#sub' : 'bpf_task_release'),
    };
    expect(disassemble(insns, callbacks)).toEqual([
      '   0: (18) r1 = map[id:7]',
      '   2: (85) call pc+3#sub',
      '   3: (85) call bpf_task_release#9',
      '   4: (85) call bpf_task_release#255',
    ]);
    expect(disassemble(insns).slice(1)).toEqual([
      '   2: (85) call pc+3',
      '   3: (85) call kernel-function#9',
      '   4: (85) call unknown#255',
    ]);
  });

  test.each([
    ['0000000000000000', 'BUG_ld_00'],
    ['1800000000000000', 'BUG_ld_18'],
    ['0100000000000000', 'BUG_ldx_01'],
    ['0200000000000000', 'BUG_st_02'],
    ['c200000000000000', '(c2) nospec'],
    ['0300000000000000', 'BUG_03'],
    ['c300000002000000', 'BUG_c3'],
  ])('what is no instruction: %s', (hex, text) => {
    expect(disassembleInsn(insnsOf(hex), 0)).toBe(text);
  });
});

/** Any instruction of a row, operands free. */
function insnOfRow(row: InsnRow): fc.Arbitrary<Insn> {
  const reg = fc.integer({ min: 0, max: 10 });
  const imm = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
  const off = fc.integer({ min: -0x8000, max: 0x7fff });
  return fc
    .record({ dst: reg, src: reg, off, imm })
    .map((free) => ({ opcode: row.opcode, ...free, ...row.fixed }));
}

/** The text of these does not say it all: a kernel function's id is no name, other pseudo loads print a number. */
const hasText = ({ semantics }: InsnRow) =>
  !(semantics.kind === 'call' && semantics.callee === 'kfunc') &&
  !(semantics.kind === 'ld_imm64' && semantics.pseudo !== BPF_PSEUDO_LD.NONE);

test('assemble ∘ disassemble is the identity on every row', () => {
  const rows = INSN_TABLE.filter(hasText);
  fc.assert(
    fc.property(fc.constantFrom(...rows).chain(insnOfRow), fc.integer({ min: -1, max: 1 }), (insn, high) => {
      const wide = INSN_TABLE.find((row) => row.mnemonic === 'lddw')?.opcode === insn.opcode;
      const insns = wide ? [insn, { opcode: 0, dst: 0, src: 0, off: 0, imm: high }] : [insn];
      const again = assemble(disassemble(insns).join('\n'));
      expect(again.ok && again.value.insns).toEqual(insns);
    }),
    { numRuns: 3000 },
  );
});
