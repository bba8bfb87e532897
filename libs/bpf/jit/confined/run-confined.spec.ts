import { runRaw } from '@probed/interp';
import { assemble, INSN_TABLE, type Insn } from '@probed/isa';
import type { RawOptions } from '@probed/spec';
import fc from 'fast-check';
import { runConfined } from './run-confined';

function code(source: string): Insn[] {
  const result = assemble(source);
  if (!result.ok) throw new Error(`${result.error.where}: ${result.error.message}`);
  return result.value.insns;
}

/** r0 in hex, or the fault's message. */
function show(result: ReturnType<typeof runConfined>): string {
  return result.ok ? `0x${result.value.toString(16)}` : result.error.message;
}

function run(source: string, options?: RawOptions): string {
  return show(runConfined(code(source), options));
}

const BYTES = Uint8Array.from({ length: 16 }, (_, i) => i + 1);

describe('what runs', () => {
  test.each([
    ['all 64 bits of r0', 'r0 = -2\nexit', '0xfffffffffffffffe'],
    ['a load from the memory', 'r0 = *(u32 *)(r1 + 12)\nexit', '0x100f0e0d'],
    ['the length of the memory', 'r0 = r2\nexit', '0x10'],
    ['the stack', '*(u64 *)(r10 - 8) = 7\nr0 = *(u8 *)(r10 - 8)\nexit', '0x7'],
    ['a shift that a verifier refuses', 'r0 = 1\nr1 = 65\nr0 <<= r1\nexit', '0x2'],
    ['a loop', 'r0 = 0\ntop: r0 += 2\nif r0 < 100 goto top\nexit', '0x64'],
    ['an atomic', '*(u32 *)(r10 - 4) = 5\nr0 = 3\nr0 = atomic_fetch_add((u32 *)(r10 - 4), r0)\nexit', '0x5'],
    [
      '8 frames',
      'r1 = 6\ncall f\nexit\nf: r0 = r1\nif r1 == 0 goto out\nr1 -= 1\ncall f\nr0 += 1\nout: exit',
      '0x6',
    ],
  ])('%s', (_what, source, expected) => {
    expect(run(source, { memory: BYTES.slice() })).toBe(expected);
  });

  test('memory is changed in place, within its bounds alone', () => {
    const around = new Uint8Array(32);
    const memory = around.subarray(8, 24);
    expect(run('*(u64 *)(r1 + 8) = -1\nr0 = 0\nexit', { memory })).toBe('0x0');
    expect([...around]).toEqual([
      ...new Array(16).fill(0),
      ...new Array(8).fill(0xff),
      ...new Array(8).fill(0),
    ]);
  });

  test('packet loads: network order, 0 from outside', () => {
    const packet = (offset: number, bytes: number) =>
      offset >= 0 && offset + bytes <= 5 ? [0, 0x01, 0x0102, 0, 0xffff_fffe][bytes] : undefined;
    expect(run('r0 = *(u32 *)skb[1]\nexit', { packet })).toBe('0xfffffffe');
    expect(run('r7 = 2\nr0 = *(u16 *)skb[r7 + 1]\nexit', { packet })).toBe('0x102');
    expect(run('r0 = *(u16 *)skb[4]\nr0 = 7\nexit', { packet })).toBe('0x0');
    expect(run('call f\nr0 += 7\nexit\nf: r0 = *(u8 *)skb[-1]\nexit', { packet })).toBe('0x7');
  });

  test('helpers by id and through a register', () => {
    const helpers = new Map([[7, (...args: bigint[]) => args.reduce((sum, arg) => sum + arg)]]);
    const args = 'r1 = 1\nr2 = 2\nr3 = 3\nr4 = 4\nr5 = -5\n';
    expect(run(`${args}call 7\nr0 += r2\nexit`, { helpers })).toBe('0x7');
    expect(run(`${args}r6 = 7\ncallx r6\nexit`, { helpers })).toBe('0x5');
  });

  test('may_goto ends a loop when the budget is used up', () => {
    const source = 'r0 = 0\ntop: may_goto out\nr0 += 1\nif r0 < 5000 goto top\nout: exit';
    expect(run(source, { budget: 5001 })).toBe('0x1388');
  });
});

describe('what is a fault', () => {
  test.each([
    ['below memory', 'r0 = *(u8 *)(r1 - 1)\nexit', /^access of 1 bytes at 0x[0-9a-f]+ is out of bounds/],
    ['past memory', 'r0 = *(u64 *)(r1 + 9)\nexit', /^access of 8 bytes/],
    ['NULL', 'r1 = 0\n*(u32 *)(r1 + 4) = 1\nexit', /^access of 4 bytes at 0x4 is/],
    ['another high half', 'r2 = 1 ll\nr2 <<= 32\nr1 += r2\nr0 = *(u8 *)(r1 + 0)\nexit', /^access of 1 bytes/],
    ['an atomic past memory', 'r0 = 1\nlock *(u32 *)(r1 + 13) += r0\nexit', /^access of 4 bytes/],
    ['above the stack', 'r0 = *(u8 *)(r10 + 0)\nexit', /^access of 1 bytes/],
    ['9 frames', 'call f\nexit\nf: call f\nexit', /^more than 8 call frames/],
    ['a call of itself', 'call -1\nexit', /^instruction 0: call of the main function is not supported/],
    ['an unknown helper', 'call 6\nexit', /^call of unknown helper 6/],
    ['an endless loop', 'top: goto top', /budget/],
    ['off the end', 'r0 = 0', /^instruction 0: the last instruction is not an exit or jump/],
    ['a jump out', 'goto +5\nexit', /^instruction 0: jump to 6, where/],
    ['a jump into a 64-bit load', 'goto +1\nr1 = 5 ll\nexit', /^instruction 0: jump to 2/],
    ['a map', 'r1 = map[m]\nexit', /^instruction 0: 64-bit load of kind 1/],
    ['packet access', 'r0 = *(u8 *)skb[0]\nexit', /^there is no packet/],
    ['no code', '', /no instruction/],
  ])('%s', (_what, source, message) => {
    expect(run(source, { memory: BYTES.slice(), budget: 1000 })).toMatch(message);
  });
});

test('random code does what the interpreter does', () => {
  const opcodes = [...new Set(INSN_TABLE.map((row) => row.opcode))];
  const insn = fc.record({
    opcode: fc.constantFrom(...opcodes),
    dst: fc.integer({ min: 0, max: 9 }),
    src: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 9 })),
    off: fc.oneof(fc.constant(0), fc.integer({ min: -3, max: 4 })),
    imm: fc.oneof(fc.constant(0), fc.integer({ min: -300, max: 300 })),
  });
  const wide = fc.record({
    opcode: fc.constant(0xb7),
    dst: fc.integer({ min: 0, max: 9 }),
    src: fc.constant(0),
    off: fc.constant(0),
    imm: fc.integer(),
  });
  const exit = { opcode: 0x95, dst: 0, src: 0, off: 0, imm: 0 };
  let compared = 0;
  fc.assert(
    fc.property(fc.array(fc.oneof(insn, wide), { maxLength: 12 }), (insns) => {
      const program = [...insns, exit];
      const ours = runConfined(program, { budget: 1000 });
      // A callee finds nothing in r6–r9, where the interpreter has its caller's.
      if (!ours.ok || program.some(({ opcode, src }) => opcode === 0x85 && src === 1)) return;
      compared++;
      expect(show(ours)).toBe(show(runRaw(program, { budget: 1000 })));
    }),
    { numRuns: 3000, seed: 1 },
  );
  expect(compared).toBeGreaterThan(300);
});
