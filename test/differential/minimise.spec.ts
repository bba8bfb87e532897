import { assemble, disassemble, type Insn } from '@probed/isa';
import { minimise, withoutSlots } from './minimise';

function program(source: string): Insn[] {
  const assembly = assemble(source);
  if (!assembly.ok) throw new Error(assembly.error.message);
  return assembly.value.insns;
}

const text = (insns: readonly Insn[]) =>
  disassemble(insns).map((line) => line.replace(/^ *\d+: \(..\) /, ''));

describe('withoutSlots', () => {
  const source = program(`
    r0 = 0
    if r1 == 0 goto out
    r2 = 1 ll
    r0 += 1
    out: r0 += 2
    exit`);

  test.each([
    [
      'between a jump and its target',
      4,
      5,
      ['r0 = 0', 'if r1 == 0x0 goto pc+2', 'r2 = 0x1', 'r0 += 2', 'exit'],
    ],
    ['before a jump', 0, 1, ['if r1 == 0x0 goto pc+3', 'r2 = 0x1', 'r0 += 1', 'r0 += 2', 'exit']],
    ['the target itself', 4, 6, ['r0 = 0', 'if r1 == 0x0 goto pc+2', 'r2 = 0x1', 'exit']],
  ])('%s', (_name, from, to, expected) => {
    expect(text(withoutSlots(source, from, to))).toEqual(expected);
  });

  test('backward jumps and calls', () => {
    const loop = program(`
      r0 = 3
      again: r1 = r0
      r0 -= 1
      if r0 != 0 goto again
      call sub
      exit
      sub: r0 = 1
      exit`);
    expect(text(withoutSlots(loop, 1, 2))[2]).toBe('if r0 != 0x0 goto pc-2');
    expect(withoutSlots(loop, 5, 6)[4].imm).toBe(0);
  });
});

describe('minimise', () => {
  test('keeps what the question needs and nothing else', async () => {
    const prng = Array.from({ length: 40 }, (_, i) => `r${i % 6} = ${i}`).join('\n');
    const insns = program(`${prng}\nr3 *= 7\n${prng}\nr4 /= 3\nexit`);
    const shows = async (p: readonly Insn[]) => {
      const lines = text(p);
      return lines.includes('r3 *= 7') && lines.includes('r4 /= 3');
    };
    expect(text(await minimise(insns, shows))).toEqual(['r3 *= 7', 'r4 /= 3']);
  });
});
