import { BPF_CLASS, type Insn, insnClass, isJmpClass, isLdImm64, OP_EXIT } from '@probed/isa';
import type { InsnFacts, Subprogram, VerifiedProgram } from '@probed/spec';
import type { InsnAux, VerifierEnv } from './env';
import { isConditional } from './structure/conditional';

/** What the compilers need of each instruction, from what the walk noted. */
function insnFacts(env: VerifierEnv): InsnFacts[] {
  return env.insns.map((insn, i) => {
    const aux = env.aux[i];
    const second = i > 0 && isLdImm64(env.insns[i - 1]) && env.aux[i - 1].seen;
    const facts: InsnFacts = { reachable: aux.seen || second };
    if (!aux.seen) return facts;
    const cls = insnClass(insn);
    if (cls === BPF_CLASS.LDX || cls === BPF_CLASS.ST || cls === BPF_CLASS.STX)
      facts.access = accessKind(aux);
    if (aux.keptBytes) facts.keptBytes = aux.keptBytes;
    if (aux.map) facts.map = env.usedMaps.indexOf(aux.map);
    if (facts.map === -1) delete facts.map;
    if (aux.callback !== undefined && aux.callback >= 0) facts.callback = env.subprogs[aux.callback].start;
    if (isJmpClass(insn) && isConditional(insn)) facts.branch = BRANCH[aux.branchSides];
    if (facts.branch === undefined) delete facts.branch;
    return facts;
  });
}

/** By {@link InsnAux.branchSides}. */
const BRANCH: readonly InsnFacts['branch'][] = [undefined, 'never', 'always', undefined];

function accessKind(aux: InsnAux): NonNullable<InsnFacts['access']> {
  if (aux.ctxPointer) return 'ctx-ptr';
  return aux.probed ? 'probe' : 'direct';
}

function subprograms(env: VerifierEnv): Subprogram[] {
  return env.subprogs.map((sub, n) => ({
    start: sub.start,
    end: env.subprogEnd(n),
    name: sub.name || (n === 0 ? env.spec.name : `func#${n}`),
    stackDepth: sub.frameBytes,
    isCallback: sub.isCb,
  }));
}

/** Linux does not look at the offset of an exit; compilers take instructions as the ISA has them. */
function withoutStrayOffset(insn: Insn): Insn {
  return insn.opcode === OP_EXIT && insn.off !== 0 ? { ...insn, off: 0 } : insn;
}

/** Mints the verified program; called once everything has passed. */
export function mint(env: VerifierEnv): VerifiedProgram {
  const program = {
    spec: env.spec,
    insns: env.insns.map(withoutStrayOffset),
    facts: insnFacts(env),
    subprograms: subprograms(env),
    maps: env.usedMaps,
    log: env.log.lines(),
    processed: env.insnProcessed,
    bufferBytes: env.bufferBytes,
    contextBytes: env.contextBytes,
  };
  return program as unknown as VerifiedProgram;
}
