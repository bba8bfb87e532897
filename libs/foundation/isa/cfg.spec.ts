import fc from 'fast-check';
import { assemble } from './assembler';
import { buildCfg, insnSuccessors, subprogStarts } from './cfg';
import type { Insn } from './insn';
import { insnSlots } from './predicates';

function code(source: string): Insn[] {
  const result = assemble(source);
  if (!result.ok) throw new Error(`${result.error.where}: ${result.error.message}`);
  return result.value.insns;
}

const shape = (source: string, start?: number, end?: number) =>
  buildCfg(code(source), start, end).blocks.map((b) => [b.start, b.end, b.successors, b.predecessors]);

describe('buildCfg', () => {
  test('straight code is one block', () => {
    expect(shape('r0 = 1\ncall 5\nexit')).toEqual([[0, 3, [], []]]);
  });

  test('a diamond', () => {
    expect(shape('if r1 == 0 goto b\nr0 = 1\ngoto end\nb: r0 = 2\nend: exit')).toEqual([
      [0, 1, [1, 2], []],
      [1, 3, [3], [0]],
      [3, 4, [3], [0]],
      [4, 5, [], [1, 2]],
    ]);
  });

  test('a loop on itself, gotol and may_goto', () => {
    expect(shape('top: may_goto out\nr1 += 1\ngotol top\nout: exit')).toEqual([
      [0, 1, [1, 2], [1]],
      [1, 3, [0], [0]],
      [3, 4, [], [0]],
    ]);
  });

  test('a jump to the next instruction has one successor', () => {
    expect(shape('if r1 == 0 goto +0\nexit')).toEqual([
      [0, 1, [1], []],
      [1, 2, [], [0]],
    ]);
  });

  test('64-bit loads take two slots, also at the end of a block and with a number that looks like one', () => {
    expect(shape('r1 = 0x18 ll\nif r1 == 0 goto l\nl: r1 = 5 ll\ngoto l')).toEqual([
      [0, 3, [1], []],
      [3, 6, [1], [0, 1]],
    ]);
    const tricky = [...code('r1 = 1 ll'), ...code('exit')];
    tricky[1] = { ...tricky[1], opcode: 0x18 };
    expect(buildCfg(tricky).blocks).toHaveLength(1);
  });

  test('one subprogram of several', () => {
    const source = 'call f\nexit\nf: if r1 == 0 goto z\nr0 = 1\nz: exit';
    expect(subprogStarts(code(source))).toEqual([0, 2]);
    expect(shape(source, 2, 5)).toEqual([
      [2, 3, [1, 2], []],
      [3, 4, [2], [0]],
      [4, 5, [], [0, 1]],
    ]);
  });

  test('reverse postorder leaves out what is unreachable', () => {
    const cfg = buildCfg(code('goto b\na: exit\nb: if r1 == 0 goto c\nr1 = 0\nc: exit'));
    expect(cfg.reversePostorder.map((index) => cfg.blocks[index].start)).toEqual([0, 2, 3, 4]);
  });

  test('callback loads start subprograms', () => {
    expect(subprogStarts(code('r2 = f ll\nexit\nf: exit'))).toEqual([0, 3]);
  });
});

test('blocks partition the slots and edges agree with the instructions', () => {
  const slot = fc.constantFrom(
    'r0 += 1',
    'r1 = 7 ll',
    'if r0 > 1 goto T',
    'goto T',
    'may_goto T',
    'exit',
    'call 5',
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(slot, fc.nat()), { minLength: 1, maxLength: 40 }), (lines) => {
      const source = lines
        .map(([text, to], i) => `l${i}: ${text.replace('T', `l${to % lines.length}`)}`)
        .join('\n');
      const insns = [...code(source), ...code('exit')];
      const { blocks, blockOfSlot, reversePostorder } = buildCfg(insns);
      expect(blocks.flatMap((b) => Array.from({ length: b.end - b.start }, () => b.index))).toEqual(
        blockOfSlot,
      );
      expect(new Set(reversePostorder).size).toBe(reversePostorder.length);
      for (const block of blocks) {
        let at = block.start;
        while (at + insnSlots(insns[at]) < block.end) {
          expect(insnSuccessors(insns, at)).toEqual([at + insnSlots(insns[at])]);
          at += insnSlots(insns[at]);
        }
        expect(block.successors.map((index) => blocks[index].start)).toEqual(insnSuccessors(insns, at));
        for (const next of block.successors) expect(blocks[next].predecessors).toContain(block.index);
      }
    }),
  );
});
