import { assemble, INSN_TABLE, type Insn, insnRow, insnSlots } from '@probed/isa';
import fc from 'fast-check';
import { RAW_MEMORY_BASE, runRaw } from './raw';

/** Rows of the instruction table that some test below has run. */
const covered = new Set<string>();
const rowKey = ({ opcode, fixed }: { opcode: number; fixed: object }) => `${opcode} ${JSON.stringify(fixed)}`;

function code(source: string): Insn[] {
  const result = assemble(source);
  if (!result.ok) throw new Error(`${result.error.where}: ${result.error.message}`);
  return result.value.insns;
}

/** Runs and notes the instructions; r0 in hex, or the fault's message. */
function run(source: string, options: Parameters<typeof runRaw>[1] = {}): string {
  const insns = code(source);
  for (let slot = 0; slot < insns.length; slot += insnSlots(insns[slot])) {
    const row = insnRow(insns[slot]);
    if (row) covered.add(rowKey(row));
  }
  const result = runRaw(insns, options);
  return result.ok ? `0x${result.value.toString(16)}` : result.error.message;
}

const INT_MIN = '0x8000000000000000';
const ONES = '0xffffffffffffffff';

/** dst op operand at 64 and at 32 bits; run with the operand in a register and, where it fits, as immediate. */
const ALU: readonly (readonly [op: string, dst: string, operand: string, r64: string, r32: string])[] = [
  ['+=', '1', '2', '0x3', '0x3'],
  ['+=', ONES, '1', '0x0', '0x0'],
  ['+=', '0x7fffffff', '1', '0x80000000', '0x80000000'],
  ['+=', '0x1ffffffff', '1', '0x200000000', '0x0'],
  ['+=', '5', '-8', '0xfffffffffffffffd', '0xfffffffd'],
  ['-=', '0', '1', ONES, '0xffffffff'],
  ['-=', '0x100000000', '1', '0xffffffff', '0xffffffff'],
  ['-=', '3', '-0x80000000', '0x80000003', '0x80000003'],
  ['*=', '0x100000001', '0x100000001', '0x200000001', '0x1'],
  ['*=', '3', '-1', '0xfffffffffffffffd', '0xfffffffd'],
  ['*=', INT_MIN, '2', '0x0', '0x0'],
  ['/=', '7', '2', '0x3', '0x3'],
  ['/=', ONES, '2', '0x7fffffffffffffff', '0x7fffffff'],
  ['/=', '0x100000007', '0', '0x0', '0x0'],
  ['/=', '10', '-2', '0x0', '0x0'],
  ['/=', ONES, '-2', '0x1', '0x1'],
  ['s/=', '-7', '2', '0xfffffffffffffffd', '0xfffffffd'],
  ['s/=', '7', '-2', '0xfffffffffffffffd', '0xfffffffd'],
  ['s/=', '7', '0', '0x0', '0x0'],
  ['s/=', INT_MIN, '-1', INT_MIN, '0x0'],
  ['s/=', '0x80000000', '-1', '0xffffffff80000000', '0x80000000'],
  ['%=', '7', '4', '0x3', '0x3'],
  ['%=', ONES, '10', '0x5', '0x5'],
  ['%=', '0x100000007', '0', '0x100000007', '0x7'],
  ['%=', '10', '-3', '0xa', '0xa'],
  ['s%=', '-7', '4', '0xfffffffffffffffd', '0xfffffffd'],
  ['s%=', '7', '-4', '0x3', '0x3'],
  ['s%=', '0xffffffff00000009', '0', '0xffffffff00000009', '0x9'],
  ['s%=', INT_MIN, '-1', '0x0', '0x0'],
  ['s%=', '0x80000000', '-1', '0x0', '0x0'],
  ['|=', '0xf0', '0x0f', '0xff', '0xff'],
  ['|=', '0', '-1', ONES, '0xffffffff'],
  ['&=', '0x123456789', '-16', '0x123456780', '0x23456780'],
  ['&=', ONES, '0x7fffffff', '0x7fffffff', '0x7fffffff'],
  ['^=', '0x1ffffffff', '-1', '0xfffffffe00000000', '0x0'],
  ['^=', '5', '3', '0x6', '0x6'],
  ['<<=', '1', '31', '0x80000000', '0x80000000'],
  ['<<=', '1', '63', INT_MIN, '0x80000000'],
  ['<<=', '3', '64', '0x3', '0x3'],
  ['<<=', '3', '33', '0x600000000', '0x6'],
  ['<<=', '0x80000001', '1', '0x100000002', '0x2'],
  ['>>=', INT_MIN, '63', '0x1', '0x0'],
  ['>>=', '0x80000000', '31', '0x1', '0x1'],
  ['>>=', ONES, '32', '0xffffffff', '0xffffffff'],
  ['>>=', ONES, '-1', '0x1', '0x1'],
  ['s>>=', INT_MIN, '63', ONES, '0x0'],
  ['s>>=', '0x80000000', '4', '0x8000000', '0xf8000000'],
  ['s>>=', '0xffffffff80000000', '36', ONES, '0xf8000000'],
  ['=', '9', '-1', ONES, '0xffffffff'],
  ['=', '9', '0x123456789', '0x123456789', '0x23456789'],
];

describe('arithmetic', () => {
  test.each(ALU)('%s: %s, %s', (op, dst, operand, r64, r32) => {
    const setUp = `r1 = ${dst} ll\nr2 = ${operand} ll\n`;
    const finish = '\nr0 = r1\nexit';
    expect(run(`${setUp}r1 ${op} r2${finish}`)).toBe(r64);
    expect(run(`${setUp}w1 ${op} w2${finish}`)).toBe(r32);
    const value = BigInt(operand.replace('-', '')) * (operand.startsWith('-') ? -1n : 1n);
    if (value !== BigInt.asIntN(32, value)) return;
    expect(run(`${setUp}r1 ${op} ${operand}${finish}`)).toBe(r64);
    expect(run(`${setUp}w1 ${op} ${operand}${finish}`)).toBe(r32);
  });

  test.each([
    ['r1 = -r1', '1', ONES],
    ['r1 = -r1', INT_MIN, INT_MIN],
    ['w1 = -w1', '0x100000001', '0xffffffff'],
    ['w1 = -w1', '0', '0x0'],
    ['r1 = (s8)r1', '0x1280', '0xffffffffffffff80'],
    ['r1 = (s8)r1', '0xff7f', '0x7f'],
    ['r1 = (s16)r1', '0x128000', '0xffffffffffff8000'],
    ['r1 = (s32)r1', '0x180000000', '0xffffffff80000000'],
    ['r1 = (s32)r1', '0x17fffffff', '0x7fffffff'],
    ['w1 = (s8)w1', '0xffffffff000000ff', '0xffffffff'],
    ['w1 = (s16)w1', '0x8001', '0xffff8001'],
    ['r1 = le16 r1', '0x1122334455667788', '0x7788'],
    ['r1 = le32 r1', '0x1122334455667788', '0x55667788'],
    ['r1 = le64 r1', '0x1122334455667788', '0x1122334455667788'],
    ['r1 = be16 r1', '0x1122334455667788', '0x8877'],
    ['r1 = be32 r1', '0x1122334455667788', '0x88776655'],
    ['r1 = be64 r1', '0x1122334455667788', '0x8877665544332211'],
    ['r1 = bswap16 r1', '0x11223344556677f8', '0xf877'],
    ['r1 = bswap32 r1', '0x11223344556677f8', '0xf8776655'],
    ['r1 = bswap64 r1', '0x11223344556677f8', '0xf877665544332211'],
  ])('%s of %s', (insn, value, expected) => {
    expect(run(`r1 = ${value} ll\n${insn}\nr0 = r1\nexit`)).toBe(expected);
  });
});

/** Conditions that hold of the pair, at 64 and at 32 bits. */
const COMPARISONS: readonly (readonly [dst: string, operand: string, at64: string, at32: string])[] = [
  ['1', '1', '== >= <= s>= s<= &', '== >= <= s>= s<= &'],
  ['1', '2', '!= < <= s< s<=', '!= < <= s< s<='],
  ['2', '1', '!= > >= s> s>=', '!= > >= s> s>='],
  ['0', '-1', '!= < <= s> s>=', '!= < <= s> s>='],
  ['-1', '0', '!= > >= s< s<=', '!= > >= s< s<='],
  ['0x100000000', '0', '!= > >= s> s>=', '== >= <= s>= s<='],
  ['0x80000000', '1', '!= > >= s> s>=', '!= > >= s< s<='],
  [INT_MIN, '0x7fffffffffffffff', '!= > >= s< s<=', '!= < <= s> s>= '],
  ['0xf0', '0x0f', '!= > >= s> s>=', '!= > >= s> s>='],
  ['0x80000000', '-0x80000000', '!= < <= s> s>= &', '== >= <= s>= s<= &'],
];
const CONDITIONS = ['==', '!=', '>', '>=', '<', '<=', 's>', 's>=', 's<', 's<=', '&'];

describe('conditional jumps', () => {
  test.each(COMPARISONS)('%s, %s', (dst, operand, at64, at32) => {
    const value = BigInt(operand.replace('-', '')) * (operand.startsWith('-') ? -1n : 1n);
    const forms = value === BigInt.asIntN(32, value) ? ['REG', operand] : ['REG'];
    for (const [letter, holding] of [
      ['r', at64],
      ['w', at32],
    ]) {
      for (const form of forms) {
        const taken = CONDITIONS.filter((cond) => {
          const test = `if ${letter}1 ${cond} ${form.replace('REG', `${letter}2`)} goto yes`;
          return (
            run(`r1 = ${dst} ll\nr2 = ${operand} ll\n${test}\nr0 = 0\nexit\nyes: r0 = 1\nexit`) === '0x1'
          );
        });
        expect([letter, form, taken]).toEqual([
          letter,
          form,
          CONDITIONS.filter((c) => holding.split(' ').includes(c)),
        ]);
      }
    }
  });
});

const BYTES = Uint8Array.of(0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 1, 2, 3, 4, 5, 6, 7, 8);

describe('memory', () => {
  test.each([
    ['r0 = *(u8 *)(r1 + 0)', '0x81'],
    ['r0 = *(u16 *)(r1 + 0)', '0x8281'],
    ['r0 = *(u32 *)(r1 + 0)', '0x84838281'],
    ['r0 = *(u64 *)(r1 + 0)', '0x8887868584838281'],
    ['r0 = *(s8 *)(r1 + 0)', '0xffffffffffffff81'],
    ['r0 = *(s16 *)(r1 + 0)', '0xffffffffffff8281'],
    ['r0 = *(s32 *)(r1 + 0)', '0xffffffff84838281'],
    ['r0 = *(s8 *)(r1 + 9)', '0x2'],
    ['r0 = load_acquire((u8 *)(r1 + 0))', '0x81'],
    ['r0 = load_acquire((u16 *)(r1 + 0))', '0x8281'],
    ['r0 = load_acquire((u32 *)(r1 + 0))', '0x84838281'],
    ['r0 = load_acquire((u64 *)(r1 + 8))', '0x807060504030201'],
    ['r1 += 16\nr0 = *(u16 *)(r1 - 2)', '0x807'],
    ['r0 = r2', '0x10'],
  ])('%s', (load, expected) => {
    expect(run(`${load}\nexit`, { memory: BYTES.slice() })).toBe(expected);
  });

  test.each([
    ['*(u8 *)(r1 + 0) = -2', 'fe82838485868788'],
    ['*(u16 *)(r1 + 0) = -2', 'feff838485868788'],
    ['*(u32 *)(r1 + 0) = -2', 'feffffff85868788'],
    ['*(u64 *)(r1 + 0) = -2', 'feffffffffffffff'],
    ['*(u8 *)(r1 + 7) = r3', '8182838485868718'],
    ['*(u16 *)(r1 + 1) = r3', '8118178485868788'],
    ['*(u32 *)(r1 + 0) = w3', '1817161585868788'],
    ['*(u64 *)(r1 + 0) = r3', '1817161514131211'],
    ['store_release((u8 *)(r1 + 0), r3)', '1882838485868788'],
    ['store_release((u16 *)(r1 + 0), r3)', '1817838485868788'],
    ['store_release((u32 *)(r1 + 0), r3)', '1817161585868788'],
    ['store_release((u64 *)(r1 + 0), r3)', '1817161514131211'],
  ])('%s', (store, expected) => {
    const memory = BYTES.slice(0, 8);
    run(`r3 = 0x1112131415161718 ll\n${store}\nr0 = 0\nexit`, { memory });
    expect(Buffer.from(memory).toString('hex')).toBe(expected);
  });

  /** Of 0xfffffffe below 0x77777777, with 0xaaaaaaaa00000003 in r2. */
  test.each([
    ['lock *(u32 *)(r1 + 0) += r2', '0x7777777700000001', '0xaaaaaaaa00000003'],
    ['lock *(u32 *)(r1 + 0) |= r2', '0x77777777ffffffff', '0xaaaaaaaa00000003'],
    ['lock *(u32 *)(r1 + 0) &= r2', '0x7777777700000002', '0xaaaaaaaa00000003'],
    ['lock *(u32 *)(r1 + 0) ^= r2', '0x77777777fffffffd', '0xaaaaaaaa00000003'],
    ['w2 = atomic_fetch_add((u32 *)(r1 + 0), w2)', '0x7777777700000001', '0xfffffffe'],
    ['w2 = atomic_fetch_or((u32 *)(r1 + 0), w2)', '0x77777777ffffffff', '0xfffffffe'],
    ['w2 = atomic_fetch_and((u32 *)(r1 + 0), w2)', '0x7777777700000002', '0xfffffffe'],
    ['w2 = atomic_fetch_xor((u32 *)(r1 + 0), w2)', '0x77777777fffffffd', '0xfffffffe'],
    ['w2 = xchg32_32(r1 + 0, w2)', '0x7777777700000003', '0xfffffffe'],
    ['lock *(u64 *)(r1 + 0) += r2', '0x2222222200000001', '0xaaaaaaaa00000003'],
    ['lock *(u64 *)(r1 + 0) |= r2', '0xffffffffffffffff', '0xaaaaaaaa00000003'],
    ['lock *(u64 *)(r1 + 0) &= r2', '0x2222222200000002', '0xaaaaaaaa00000003'],
    ['lock *(u64 *)(r1 + 0) ^= r2', '0xddddddddfffffffd', '0xaaaaaaaa00000003'],
    ['r2 = atomic_fetch_add((u64 *)(r1 + 0), r2)', '0x2222222200000001', '0x77777777fffffffe'],
    ['r2 = atomic_fetch_or((u64 *)(r1 + 0), r2)', '0xffffffffffffffff', '0x77777777fffffffe'],
    ['r2 = atomic_fetch_and((u64 *)(r1 + 0), r2)', '0x2222222200000002', '0x77777777fffffffe'],
    ['r2 = atomic_fetch_xor((u64 *)(r1 + 0), r2)', '0xddddddddfffffffd', '0x77777777fffffffe'],
    ['r2 = xchg_64(r1 + 0, r2)', '0xaaaaaaaa00000003', '0x77777777fffffffe'],
  ])('%s: memory and register', (atomic, memoryAfter, registerAfter) => {
    const setUp = 'r2 = 0xaaaaaaaa00000003 ll\nr3 = 0x77777777fffffffe ll\n*(u64 *)(r1 + 0) = r3\n';
    const options = () => ({ memory: BYTES.slice() });
    expect(run(`${setUp}${atomic}\nr0 = *(u64 *)(r1 + 0)\nexit`, options())).toBe(memoryAfter);
    expect(run(`${setUp}${atomic}\nr0 = r2\nexit`, options())).toBe(registerAfter);
  });

  test.each([
    ['equal, 64', 'r0 = cmpxchg_64(r1 + 0, r0, r2)', '0x84838281', '0x84838281', '0x9'],
    ['not equal, 64', 'r0 = cmpxchg_64(r1 + 0, r0, r2)', '0x184838281', '0x84838281', '0x84838281'],
    ['equal, 32 of 64', 'w0 = cmpxchg32_32(r1 + 0, w0, w2)', '0x184838281', '0x84838281', '0x9'],
    ['not equal, 32', 'w0 = cmpxchg32_32(r1 + 0, w0, w2)', '0x1', '0x84838281', '0x84838281'],
  ])('cmpxchg: %s', (_what, cmpxchg, expectedOld, r0, memoryAfter) => {
    const setUp = `r0 = ${expectedOld} ll\nr2 = 9\n*(u32 *)(r1 + 4) = 0\n${cmpxchg}\n`;
    expect(run(`${setUp}exit`, { memory: BYTES.slice() })).toBe(r0);
    expect(run(`${setUp}r0 = *(u64 *)(r1 + 0)\nexit`, { memory: BYTES.slice() })).toBe(memoryAfter);
  });
});

const setSaved = (value: number) => [6, 7, 8, 9].map((reg) => `r${reg} = ${value + reg}`).join('\n');

/** 0x1234 when the callee's registers and stack are its own. */
const CLOBBERING_CALL = `${setSaved(100)}
  *(u64 *)(r10 - 8) = 7
  call clobber
  if r6 != 106 goto bad
  if r7 != 107 goto bad
  if r8 != 108 goto bad
  if r9 != 109 goto bad
  r1 = *(u64 *)(r10 - 8)
  if r1 != 7 goto bad
  exit
  bad: r0 = 0
  exit
  clobber: ${setSaved(0)}
  *(u64 *)(r10 - 8) = 9
  r0 = 0x1234
  exit`;

describe('control', () => {
  test.each([
    ['goto', 'r0 = 1\ngoto out\nr0 = 2\nout: exit', '0x1'],
    ['gotol', 'r0 = 1\ngotol out\nr0 = 2\nout: exit', '0x1'],
    ['a loop', 'r0 = 0\ntop: r0 += 3\nif r0 < 30 goto top\nexit', '0x1e'],
    ['may_goto falls through first', 'r0 = 1\nmay_goto out\nr0 = 2\nout: exit', '0x2'],
    ['a subprogram keeps r6–r9 and r10 for its caller', CLOBBERING_CALL, '0x1234'],
    ['frames are 512 bytes apart', 'r6 = r10\ncall f\nr6 -= r0\nr0 = r6\nexit\nf: r0 = r10\nexit', '0x200'],
    [
      'recursion up to 8 frames',
      'r1 = 6\ncall f\nexit\nf: r0 = r1\nif r1 == 0 goto out\nr1 -= 1\ncall f\nr0 += 1\nout: exit',
      '0x6',
    ],
  ])('%s', (_what, source, expected) => {
    expect(run(source)).toBe(expected);
  });

  test('may_goto ends a loop when the budget is used up', () => {
    expect(run('r0 = 0\ntop: may_goto out\nr0 += 1\ngoto top\nout: exit', { budget: 1000 })).toBe('0x3e8');
  });

  test('packet loads: network order, 0 from outside', () => {
    const view = new DataView(Uint8Array.of(1, 2, 3, 4, 0xff).buffer);
    const packet = (offset: number, bytes: number) => {
      if (offset < 0 || offset + bytes > 5) return undefined;
      return bytes === 1
        ? view.getUint8(offset)
        : bytes === 2
          ? view.getUint16(offset)
          : view.getUint32(offset);
    };
    expect(run('r0 = *(u32 *)skb[1]\nexit', { packet })).toBe('0x20304ff');
    expect(run('r7 = 2\nr0 = *(u16 *)skb[r7 + 1]\nexit', { packet })).toBe('0x4ff');
    expect(run('r0 = *(u16 *)skb[4]\nr0 = 7\nexit', { packet })).toBe('0x0');
    expect(run('call f\nr0 += 7\nexit\nf: r0 = *(u8 *)skb[-1]\nexit', { packet })).toBe('0x7');
  });

  test('helpers by id and through a register', () => {
    const helpers = new Map([[7, (...args: bigint[]) => args.reduce((sum, arg) => sum + arg)]]);
    const args = 'r1 = 1\nr2 = 2\nr3 = 3\nr4 = 4\nr5 = -5\n';
    expect(run(`${args}call 7\nexit`, { helpers })).toBe('0x5');
    expect(run(`${args}r6 = 7\ncallx r6\nexit`, { helpers })).toBe('0x5');
  });
});

describe('faults are values', () => {
  test.each([
    [
      'below memory',
      'r0 = *(u8 *)(r1 - 1)\nexit',
      'instruction 0: access of 1 bytes at 0xfffffff is out of bounds',
    ],
    [
      'past memory',
      'r0 = *(u64 *)(r1 + 9)\nexit',
      'instruction 0: access of 8 bytes at 0x10000009 is out of bounds',
    ],
    [
      'NULL',
      'r1 = 0\n*(u32 *)(r1 + 4) = 1\nexit',
      'instruction 1: access of 4 bytes at 0x4 is out of bounds',
    ],
    [
      'above the stack',
      'r0 = *(u8 *)(r10 + 0)\nexit',
      'instruction 0: access of 1 bytes at 0x7fff00001000 is out of bounds',
    ],
    ['no instruction', '.insn 0xff 0 0 0 0', 'instruction 0: no instruction'],
    ['a reserved field', '.insn 0xb7 0 1 0 0', 'instruction 0: no instruction'],
    ['off the end', 'r0 = 0', 'instruction 1: no instruction'],
    ['before the start', 'goto -2', 'instruction -1: no instruction'],
    ['into a 64-bit load', 'goto +1\nr1 = 5 ll\nexit', 'instruction 2: no instruction'],
    ['half a 64-bit load', '.insn 0x18 0 0 0 0', 'instruction 0: 64-bit load without its second slot'],
    ['a map', 'r1 = map[m]\nexit', 'instruction 0: 64-bit load of kind 1 names something that is not there'],
    ['an unknown helper', 'call 6\nexit', 'instruction 0: call of unknown helper 6'],
    ['a kernel function', 'call kfunc f\nexit', 'instruction 0: call of kernel function 0 is not supported'],
    ['9 frames', 'f: call f\nexit', 'instruction 0: more than 8 call frames'],
    ['packet access', 'r0 = *(u8 *)skb[0]\nexit', 'instruction 0: there is no packet (BPF_ABS, BPF_IND)'],
    [
      'an arena cast',
      'r0 = addr_space_cast(r1, 0, 1)\nexit',
      'instruction 0: addr_space_cast needs an arena map, which is not supported',
    ],
    ['an endless loop', 'top: goto top', 'program exceeded its budget of loop iterations'],
  ])('%s', (_what, source, message) => {
    const memory = source.includes('r1 = 0') ? undefined : BYTES.slice();
    expect(run(source, { memory, budget: 1000 })).toBe(message);
  });

  test('any bytes end in a value or a fault', () => {
    const opcodes = [...new Set(INSN_TABLE.map((row) => row.opcode))];
    const insn = fc.record({
      opcode: fc.oneof(fc.constantFrom(...opcodes), fc.integer({ min: 0, max: 255 })),
      dst: fc.integer({ min: 0, max: 10 }),
      src: fc.integer({ min: 0, max: 10 }),
      off: fc.integer({ min: -4, max: 4 }),
      imm: fc.integer({ min: -300, max: 300 }),
    });
    fc.assert(
      fc.property(fc.array(insn, { maxLength: 30 }), (insns) => {
        const result = runRaw(insns, { memory: new Uint8Array(16), budget: 1000 });
        expect(result.ok || result.error.message.length > 0).toBe(true);
      }),
    );
  });

  test('registers beyond r10 are faults', () => {
    expect(run('.insn 0xbf 11 1 0 0\nexit')).toBe('instruction 0: no register r11');
    expect(run('.insn 0xbf 0 12 0 0\nexit')).toBe('instruction 0: no register r12');
  });
});

test('the observer sees slot, registers and depth before each instruction', () => {
  const seen: string[] = [];
  run('r1 = 1\ncall f\nexit\nf: r0 = r1\nexit', {
    observe: (slot, registers, depth) => seen.push(`${depth}:${slot} r0=${registers[0]} r1=${registers[1]}`),
  });
  expect(seen).toEqual(['0:0 r0=0 r1=0', '0:1 r0=0 r1=1', '1:3 r0=0 r1=1', '1:4 r0=1 r1=1', '0:2 r0=1 r1=1']);
});

test('r1 is the address of the memory', () => {
  expect(run('r0 = r1\nexit', { memory: BYTES.slice() })).toBe(`0x${RAW_MEMORY_BASE.toString(16)}`);
});

test('every instruction was run', () => {
  const missing = INSN_TABLE.filter((row) => !covered.has(rowKey(row))).map((row) => row.mnemonic);
  // References need a linker, and the faults above have one form each of what is refused.
  expect(missing.filter((mnemonic) => !/^(ldabs|ldind|lddw_|cast_)/.test(mnemonic))).toEqual([]);
});
