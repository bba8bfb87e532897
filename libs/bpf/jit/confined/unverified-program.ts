import { diagnostic, err, ok, type Result } from '@probed/base';
import {
  BPF_PSEUDO_LD,
  endsFlow,
  type Insn,
  insnRow,
  insnSlots,
  isLdImm64,
  jumpTarget,
  MAX_BPF_REG,
  subprogStarts,
  subprogTarget,
} from '@probed/isa';
import type { InsnFacts, Subprogram, VerifiedProgram } from '@probed/spec';

const EINVAL = 22;
/** Instructions that need something which code run on its own has not. */
const OUT_OF_PLACE: Partial<Record<string, string>> = {
  addr_space_cast: 'addr_space_cast',
};

/**
 * Code that nobody has verified, in the form that the compiler takes: every slot reachable, every access direct, so
 * that only confined code may be made of it. What would make it no code at all is a diagnostic: unknown instructions
 * and registers, jumps and calls to where no instruction of the same function starts, a function that does not end.
 */
export function unverifiedProgram(insns: readonly Insn[]): Result<VerifiedProgram> {
  if (insns.length === 0) return fault(0, 'no instruction');
  const starts = subprogStarts(insns);
  const begins = new Uint8Array(insns.length);
  for (let slot = 0; slot < insns.length; slot += insnSlots(insns[slot])) begins[slot] = 1;
  for (let i = 0; i < starts.length; i++) {
    const end = starts[i + 1] ?? insns.length;
    const wrong = checkFunction(insns, begins, starts[i], end);
    if (wrong) return wrong;
  }
  const subprograms = starts.map((start, i): Subprogram => {
    const name = i === 0 ? 'main' : `sub${i}`;
    return { start, end: starts[i + 1] ?? insns.length, name, stackDepth: 512, isCallback: false };
  });
  const facts = insns.map((): InsnFacts => ({ reachable: true, access: 'direct' }));
  const spec = { refs: new Map() };
  return ok({
    spec,
    insns,
    facts,
    subprograms,
    maps: [],
    log: [],
    processed: 0,
  } as unknown as VerifiedProgram);
}

function checkFunction(
  insns: readonly Insn[],
  begins: Uint8Array,
  start: number,
  end: number,
): Result<never> | undefined {
  if (!begins[start]) return fault(start, 'a call leads into a 64-bit load');
  let last = start;
  for (let slot = start; slot < end; slot += insnSlots(insns[slot])) {
    const wrong = checkInsn(insns, slot);
    if (wrong) return fault(slot, wrong);
    const target = jumpTarget(insns[slot], slot);
    if (target !== undefined && !(target >= start && target < end && begins[target]))
      return fault(slot, `jump to ${target}, where the function has no instruction`);
    const callee = subprogTarget(insns[slot], slot);
    if (callee === 0) return fault(slot, 'call of the main function is not supported');
    if (callee !== undefined && !(callee >= 0 && callee < insns.length && begins[callee]))
      return fault(slot, `call of ${callee}, where no instruction is`);
    last = slot;
  }
  return endsFlow(insns[last]) ? undefined : fault(last, 'the last instruction is not an exit or jump');
}

/** What is wrong with an instruction by itself. */
function checkInsn(insns: readonly Insn[], slot: number): string | undefined {
  const insn = insns[slot];
  const semantics = insnRow(insn)?.semantics;
  if (!semantics) return 'no instruction';
  const highest = Math.max(insn.dst, insn.src);
  if (highest >= MAX_BPF_REG) return `no register r${highest}`;
  if (OUT_OF_PLACE[semantics.kind]) return `${OUT_OF_PLACE[semantics.kind]} is not supported`;
  if (semantics.kind === 'call' && semantics.callee === 'kfunc')
    return `call of kernel function ${insn.imm} is not supported`;
  if (!isLdImm64(insn)) return undefined;
  if (slot + 1 >= insns.length) return '64-bit load without its second slot';
  return insn.src === BPF_PSEUDO_LD.NONE
    ? undefined
    : `64-bit load of kind ${insn.src} names something that is not there`;
}

function fault(slot: number, what: string): Result<never> {
  return err(diagnostic('insn-fault', `instruction ${slot}: ${what}`, { errno: EINVAL }));
}
