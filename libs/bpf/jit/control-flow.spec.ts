import { Prng } from '@probed/base';
import type { Insn } from '@probed/isa';
import { type Block, buildBlocks, successors } from './cfg/block-graph';
import { type Layout, layOut } from './cfg/layout';
import { compile } from './compile';
import { JitLimitError } from './limits';
import {
  type Graph,
  graphProgram,
  randomGraph,
  randomReducibleGraph,
  walkGraph,
} from './testing/random-graph';
import { assembleProgram, compileAsm, runForR0 } from './testing/run';
import { TestEnv } from './testing/test-env';
import { testProgram } from './testing/test-program';

function layoutOf(insns: readonly Insn[]): Layout {
  const program = testProgram(insns);
  return layOut(buildBlocks(program.insns, program.facts, program.subprograms[0]));
}

const dispatchers = (layout: Layout) =>
  layout.blocks.filter((block) => block.terminator === 'dispatch').length;

/** What structured control flow needs of a layout; see {@link layOut}. */
function expectStructured({ blocks, order, loopEnd }: Layout): void {
  const position = new Map(order.map((block, at) => [block, at]));
  expect(position.size).toBe(order.length);
  order.forEach((block, at) => {
    for (const to of successors(blocks[block])) {
      const target = position.get(to)!;
      if (target > at) {
        const entered = [...loopEnd].filter(
          ([header, end]) => target > header && target < end && !(at >= header && at < end),
        );
        expect(entered).toEqual([]);
      } else {
        expect(loopEnd.get(target) ?? 0).toBeGreaterThan(at);
      }
    }
  });
}

function expectWalks(graph: Graph, seeds: readonly bigint[]): void {
  const env = new TestEnv();
  const result = env.memory.alloc(8);
  // r1 comes from memory, r0 goes there.
  const body = graphProgram(graph, 60);
  const main: Insn[] = [
    { opcode: 0xbf, dst: 9, src: 1, off: 0, imm: 0 },
    { opcode: 0x79, dst: 1, src: 1, off: 0, imm: 0 },
    ...body.slice(0, -1),
    { opcode: 0x7b, dst: 9, src: 0, off: 0, imm: 0 },
    { opcode: 0x95, dst: 0, src: 0, off: 0, imm: 0 },
  ];
  const program = compile(testProgram(main), env);
  for (const seed of seeds) {
    env.memory.view.setBigUint64(result, seed, true);
    program.run(result, env.stackTop);
    expect(env.memory.view.getBigUint64(result, true)).toBe(walkGraph(graph, 60, seed));
  }
}

const SEEDS = [0n, 1n, 0xdead_beefn, 0x0123_4567_89ab_cdefn, 77_777n];

test('random graphs, irreducible ones among them, run as they should', () => {
  const prng = new Prng(20_260_101);
  let irreducible = 0;
  for (let round = 0; round < 300; round++) {
    const graph = randomGraph(prng, 3 + prng.below(25));
    const layout = layoutOf(graphProgram(graph, 1));
    expectStructured(layout);
    irreducible += dispatchers(layout) > 0 ? 1 : 0;
    expectWalks(graph, SEEDS);
  }
  expect(irreducible).toBeGreaterThan(100);
});

test('random reducible graphs need no dispatcher', () => {
  const prng = new Prng(7);
  let loops = 0;
  for (let round = 0; round < 200; round++) {
    const graph = randomReducibleGraph(prng, 4 + prng.below(40));
    const layout = layoutOf(graphProgram(graph, 1));
    expectStructured(layout);
    expect(dispatchers(layout)).toBe(0);
    loops += layout.loopEnd.size;
    expectWalks(graph, SEEDS);
  }
  expect(loops).toBeGreaterThan(200);
});

test('a dispatcher covers the irreducible region alone', () => {
  const program = assembleProgram({
    source: `r0 = 0
      before: r0 += 1
      if r0 < 5 goto before
      if r1 == 0 goto b
      a: r0 += 1
      if r0 > 50 goto after
      b: r0 += 2
      if r0 < 100 goto a
      after: r0 += 1
      if r0 < 200 goto after
      exit`,
  });
  const layout = layOut(buildBlocks(program.insns, program.facts, program.subprograms[0]));
  const at = layout.order.findIndex((block) => layout.blocks[block].terminator === 'dispatch');
  const region = layout.order.slice(at, layout.loopEnd.get(at)).map((block) => layout.blocks[block]);
  const slots = region.filter((block: Block) => block.end > 0).map((block) => block.start);
  expect(slots.sort()).toEqual([4, 6]);
  expect([layout.loopEnd.size, dispatchers(layout)]).toEqual([3, 1]);
});

test('branches that the verifier decided, and code it never reached, are left out', () => {
  const source = (first: string, second: string) => `r0 = 1
    if r1 ${first} r2 goto one
    r0 = 2
    one: if r1 ${second} r2 goto two
    r0 += 10
    two: exit`;
  const env = new TestEnv();
  const run = (facts: Parameters<typeof assembleProgram>[0]['facts']) =>
    compileAsm({ source: `${source('==', '!=').replace('if r1 ==', 'first: if r1 ==')}`, facts }, env);
  expect(run({ first: { branch: 'always' } }).run(8, env.stackTop)).toBe(1);
  expect(run({ first: { branch: 'never' }, one: { branch: 'never' } }).run(8, env.stackTop)).toBe(12);
  const dead = compileAsm(
    {
      source: 'r0 = 3\nif r0 == 3 goto out\ndead: r0 = *(u64 *)(r7 + 0)\nout: exit',
      facts: { dead: { reachable: false } },
    },
    env,
  );
  expect(dead.run(0, env.stackTop)).toBe(3);
});

test('a side of a branch that was never reached does not run on into other code', () => {
  const env = new TestEnv();
  const program = compileAsm(
    {
      source: 'r0 = *(u8 *)(r1 + 0)\nif r0 == 0 goto out\ndead: r0 = 7\nout: exit',
      facts: { dead: { reachable: false } },
    },
    env,
  );
  expect(program.run(env.memory.alloc(8), env.stackTop)).toBe(0);
});

const CONDITIONS: Record<string, (a: bigint, b: bigint) => boolean> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  's>': (a, b) => BigInt.asIntN(64, a) > BigInt.asIntN(64, b),
  's>=': (a, b) => BigInt.asIntN(64, a) >= BigInt.asIntN(64, b),
  's<': (a, b) => BigInt.asIntN(64, a) < BigInt.asIntN(64, b),
  's<=': (a, b) => BigInt.asIntN(64, a) <= BigInt.asIntN(64, b),
  '&': (a, b) => (a & b) !== 0n,
};
const VALUES = [0n, 1n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 1n << 32n, 1n << 63n, (1n << 64n) - 1n];

describe.each(Object.keys(CONDITIONS))('if %s', (condition) => {
  const holds = CONDITIONS[condition];
  /** Both as the branch that is negated and as the one that is not. */
  const both = (test: string) => `r0 = 0
    if ${test} goto +1
    r0 |= 1
    if ${test} goto yes
    goto no
    yes: r0 |= 2
    no: exit`;

  test('64-bit, register and immediate', () => {
    for (const a of VALUES) {
      for (const b of VALUES) {
        const code = `r1 = ${a} ll\nr2 = ${b} ll\n${both(`r1 ${condition} r2`)}`;
        expect([a, b, runForR0(code)]).toEqual([a, b, holds(a, b) ? 2n : 1n]);
      }
      for (const imm of [0, 1, -1, 0x7fff_ffff]) {
        const expected = holds(a, BigInt.asUintN(64, BigInt(imm))) ? 2n : 1n;
        expect([a, imm, runForR0(`r1 = ${a} ll\n${both(`r1 ${condition} ${imm}`)}`)]).toEqual([
          a,
          imm,
          expected,
        ]);
      }
    }
  });

  test('32-bit, register and immediate', () => {
    const sign = (value: bigint) => BigInt.asUintN(64, BigInt.asIntN(32, value));
    for (const a of VALUES) {
      for (const b of VALUES) {
        const code = `r1 = ${a} ll\nr2 = ${b} ll\n${both(`w1 ${condition} w2`)}`;
        expect([a, b, runForR0(code)]).toEqual([a, b, holds(sign(a), sign(b)) ? 2n : 1n]);
      }
      const expected = holds(sign(a), sign(-1n)) ? 2n : 1n;
      expect([a, runForR0(`r1 = ${a} ll\n${both(`w1 ${condition} -1`)}`)]).toEqual([a, expected]);
    }
  });
});

test('a subprogram that nothing reaches is no obstacle', () => {
  const program = assembleProgram({
    source: 'r0 = 4\nif r0 == 4 goto out\ndead: call unused\nout: exit\nunused: r0 = 5\nexit',
  });
  for (const slot of [2, 4, 5]) program.facts[slot].reachable = false;
  const env = new TestEnv();
  expect(compile(program, env).run(0, env.stackTop)).toBe(4);
});

describe('large programs', () => {
  const exit: Insn = { opcode: 0x95, dst: 0, src: 0, off: 0, imm: 0 };
  const alu = (opcode: number, dst: number, imm: number, off = 0): Insn => ({
    opcode,
    dst,
    src: 0,
    off,
    imm,
  });

  const run = (insns: readonly Insn[]) => {
    const env = new TestEnv();
    return compile(testProgram(insns), env).run(0, env.stackTop);
  };

  test('25,000 early exits to one place', () => {
    const insns: Insn[] = [alu(0xb7, 0, 0)];
    for (let i = 0; i < 25_000; i++) insns.push(alu(0x07, 0, 1), alu(0x15, 0, -1, 0));
    insns.push(exit);
    // off has 16 bits, so each jumps over 10 or fewer.
    insns.forEach((insn, slot) => {
      if (insn.opcode === 0x15) insn.off = Math.min(20, insns.length - slot - 2);
    });
    expect(run(insns)).toBe(25_000);
  });

  test('8,000 forward jumps that cross each other', () => {
    const count = 8_000;
    const insns: Insn[] = [alu(0xb7, 0, 0)];
    for (let i = 0; i < count; i++) insns.push(alu(0x15, 0, 9, count + i));
    for (let i = 0; i < count; i++) insns.push(alu(0x07, 0, 1), alu(0x05, 0, 0));
    insns.push(exit);
    expect(run(insns)).toBe(count);
  });

  test('a function that the engine would refuse for its size is told by name', () => {
    const insns: Insn[] = Array.from({ length: 900_000 }, () => alu(0x27, 1, 0x7fff_ffff));
    insns.push(alu(0xb7, 0, 0), exit);
    expect(() => compile(testProgram(insns), new TestEnv())).toThrow(JitLimitError);
  });

  test('1,000 loops inside each other', () => {
    const depth = 1_000;
    const insns: Insn[] = [alu(0xb7, 0, 0)];
    for (let i = 0; i < depth; i++) insns.push(alu(0x07, 0, 1));
    for (let i = 0; i < depth; i++) insns.push(alu(0x15, 0, -1, -(2 * i + 2)));
    insns.push(exit);
    expect(run(insns)).toBe(depth);
    expect(layoutOf(insns).loopEnd.size).toBe(depth);
  });
});
