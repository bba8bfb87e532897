import { assemble } from '@probed/isa';
import { helperByName, type InsnFacts, type InsnRef, type MapInfo } from '@probed/spec';
import { compile, type JitProgram } from '../compile';
import { TestEnv } from './test-env';
import { testProgram } from './test-program';

/** A program in assembly and what a test says of it. */
interface AsmProgram {
  readonly source: string;
  readonly maps?: readonly MapInfo[];
  /** Facts of the slots that carry a label of this name. */
  readonly facts?: Readonly<Record<string, Partial<InsnFacts>>>;
}

/** Assembles and compiles; symbols become references to the maps of those names. */
export function compileAsm(program: AsmProgram, env: TestEnv): JitProgram {
  return compile(assembleProgram(program), env);
}

/** A program as the verifier would hand it over, from assembly. */
export function assembleProgram({ source, maps, facts = {} }: AsmProgram) {
  const assembly = assemble(source, { helperId: (name) => helperByName(name.replace(/^bpf_/, ''))?.id });
  if (!assembly.ok) throw new Error(assembly.error.message);
  const { insns, labels, symbols } = assembly.value;
  const refs = new Map<number, InsnRef>();
  for (const [slot, name] of symbols) {
    const { src } = insns[slot];
    refs.set(slot, src === 1 ? { kind: 'map', map: name } : { kind: 'map-value', map: name });
  }
  const bySlot = new Map(Object.entries(facts).map(([label, more]) => [labels.get(label)!, more]));
  return testProgram(insns, { maps, refs, facts: bySlot });
}

/** Slot of a label. */
export function slotOf(source: string, label: string): number {
  const assembly = assemble(source);
  if (!assembly.ok) throw new Error(assembly.error.message);
  return assembly.value.labels.get(label)!;
}

/** All 64 bits of r0 of a program without context: the source's r0 is stored before its exit. */
export function runForR0(source: string, env = new TestEnv()): bigint {
  const result = env.memory.alloc(8);
  const main = `call body
    r1 = ${0xffff_8880_0000_0000n + BigInt(result)} ll
    *(u64 *)(r1 + 0) = r0
    exit
    body:
    ${source}`;
  compileAsm({ source: main }, env).run(0, env.stackTop);
  return env.memory.view.getBigUint64(result, true);
}
