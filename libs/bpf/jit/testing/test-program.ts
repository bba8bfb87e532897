import { type Insn, insnSlots, insnSuccessors, isLdImm64, subprogStarts, subprogTarget } from '@probed/isa';
import type { InsnFacts, InsnRef, MapInfo, Subprogram, VerifiedProgram } from '@probed/spec';

/** What a test says of a program beyond its code. */
interface TestProgramOptions {
  readonly maps?: readonly MapInfo[];
  readonly refs?: ReadonlyMap<number, InsnRef>;
  /** By slot, on top of the facts found here. */
  readonly facts?: ReadonlyMap<number, Partial<InsnFacts>>;
}

/**
 * A program as the verifier would hand it over, without asking it: reachability by following the code, every access
 * taken as proved. For tests of execution alone.
 */
export function testProgram(insns: readonly Insn[], options: TestProgramOptions = {}): VerifiedProgram {
  const starts = subprogStarts(insns);
  const facts = insns.map((): InsnFacts => ({ reachable: false, access: 'direct' }));
  const pending = [...starts];
  for (let slot = pending.pop(); slot !== undefined; slot = pending.pop()) {
    if (slot >= insns.length || facts[slot].reachable) continue;
    for (let part = 0; part < insnSlots(insns[slot]); part++) facts[slot + part].reachable = true;
    pending.push(...insnSuccessors(insns, slot));
  }
  for (const [slot, more] of options.facts ?? []) Object.assign(facts[slot], more);
  const subprograms = starts.map((start, i): Subprogram => {
    const isCallback = insns.some((insn, slot) => isLdImm64(insn) && subprogTarget(insn, slot) === start);
    const end = starts[i + 1] ?? insns.length;
    return { start, end, name: i === 0 ? 'main' : `sub${i}`, stackDepth: 512, isCallback };
  });
  const program = {
    spec: {
      name: 'test',
      section: 'test',
      type: 1,
      expectedAttachType: 0,
      attachTo: '',
      optional: false,
      flags: 0,
      insns,
      refs: options.refs ?? new Map(),
      funcInfo: [],
      lineInfo: [],
    },
    insns,
    facts,
    subprograms,
    maps: options.maps ?? [],
    log: [],
    processed: 0,
  };
  return program as unknown as VerifiedProgram;
}
