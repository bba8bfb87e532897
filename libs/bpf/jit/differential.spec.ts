import { Prng } from '@probed/base';
import { createInterpreter } from '@probed/interp';
import { disassemble, type Insn } from '@probed/isa';
import type { ExecutableProgram, ExecutionEnv, VerifiedProgram } from '@probed/spec';
import { compile } from './compile';
import { type Graph, randomGraph, randomReducibleGraph } from './testing/random-graph';
import { CONTEXT_BYTES, RandomProgram } from './testing/random-program';
import { TestEnv } from './testing/test-env';
import { testProgram } from './testing/test-program';

type Executor = (program: VerifiedProgram, env: ExecutionEnv) => ExecutableProgram;

const STACK_BYTES = 1024;
const jitEnv = new TestEnv();
const interpEnv = new TestEnv();
const contexts = [jitEnv, interpEnv].map((env) => env.memory.alloc(CONTEXT_BYTES));

/** What a run leaves behind: its result, the context with all registers in it, two frames of stack. */
function outcome(
  executor: Executor,
  env: TestEnv,
  ctx: number,
  insns: readonly Insn[],
  input: Uint8Array,
): string {
  env.memory.u8.fill(0, env.stackTop - 4096, env.stackTop);
  env.memory.u8.set(input, ctx);
  const r0 = executor(testProgram(insns), env).run(ctx, env.stackTop);
  const context = Buffer.from(env.memory.copyOut(ctx, CONTEXT_BYTES)).toString('hex');
  const stack = Buffer.from(env.memory.copyOut(env.stackTop - STACK_BYTES, STACK_BYTES)).toString('hex');
  return `${r0}\n${context}\n${stack}`;
}

function expectSame(seed: number, graph: (prng: Prng) => Graph): void {
  const prng = new Prng(seed);
  const insns = new RandomProgram(prng).build(graph(prng), 40);
  const input = Uint8Array.from({ length: CONTEXT_BYTES }, () => prng.below(4) && prng.below(256));
  const ours = outcome(compile, jitEnv, contexts[0], insns, input);
  const reference = outcome(
    (program, env) => createInterpreter(program, env),
    interpEnv,
    contexts[1],
    insns,
    input,
  );
  if (ours !== reference) {
    throw new Error(`seed ${seed}:\n${disassemble(insns).join('\n')}\n${ours}\nshould be\n${reference}`);
  }
}

test('the environments are laid out alike', () => {
  expect(contexts[0]).toBe(contexts[1]);
  expect(jitEnv.stackTop).toBe(interpEnv.stackTop);
});

const SHAPES: Record<string, (prng: Prng) => Graph> = {
  'straight line': () => [[1], [2], [3], [4], []],
  branches: (prng) => randomReducibleGraph(prng, 3 + prng.below(6)),
  'nested loops': (prng) => randomReducibleGraph(prng, 10 + prng.below(15)),
  'any graph': (prng) => randomGraph(prng, 3 + prng.below(15)),
};

test.each(Object.keys(SHAPES))('random programs run as interpreted: %s', (shape) => {
  for (let seed = 1; seed <= 250; seed++) expectSame(seed, SHAPES[shape]);
});
