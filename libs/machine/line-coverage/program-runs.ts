import { endsFlow, insnSlots, jumpTarget, OP_MAY_GOTO } from '@probed/isa';
import type { ExecutionCounters, LineInfo, VerifiedProgram } from '@probed/spec';

/** A conditional jump and what became of it. */
export interface JumpRuns {
  readonly slot: number;
  readonly target: number;
  readonly reached: number;
  readonly taken: number;
}

/** What ran of one loaded program, by slot. */
export class ProgramRuns {
  /** Times each instruction ran; 0 for what the verifier found dead. */
  readonly executed: Float64Array;
  /** By slot; only those with two sides in the code. */
  readonly jumps = new Map<number, JumpRuns>();
  private readonly lineAt: (LineInfo | undefined)[];

  constructor(
    readonly program: VerifiedProgram,
    private readonly counters: ExecutionCounters,
  ) {
    const { insns, facts, spec, subprograms } = program;
    this.executed = new Float64Array(insns.length);
    let last = 0;
    for (let slot = 0; slot < insns.length; slot += insnSlots(insns[slot])) {
      if (counters.counted[slot]) last = counters.executed[slot];
      this.executed[slot] = facts[slot].reachable ? last : 0;
      if (!facts[slot].reachable) last = 0;
    }
    for (let slot = 0; slot < insns.length; slot += insnSlots(insns[slot])) this.addJump(slot);
    this.lineAt = linesBySlot(spec.lineInfo, subprograms, insns.length);
  }

  /** Source position of an instruction; undefined where the compiler gave none. */
  line(slot: number): LineInfo | undefined {
    return this.lineAt[slot];
  }

  private addJump(slot: number): void {
    const insn = this.program.insns[slot];
    const target = jumpTarget(insn, slot);
    if (target === undefined || endsFlow(insn) || insn.opcode === OP_MAY_GOTO || target === slot + 1) return;
    const reached = this.executed[slot];
    const { branch } = this.program.facts[slot];
    const taken = branch === 'always' ? reached : branch === 'never' ? 0 : this.counters.taken[slot];
    this.jumps.set(slot, { slot, target, reached, taken });
  }
}

/** An instruction belongs to the last position given before it, which never reaches into the next function. */
function linesBySlot(
  lines: readonly LineInfo[],
  functions: readonly { readonly start: number }[],
  slots: number,
): (LineInfo | undefined)[] {
  const at = new Map(lines.map((line) => [line.insn, line]));
  const starts = new Set(functions.map(({ start }) => start));
  const bySlot: (LineInfo | undefined)[] = [];
  let current: LineInfo | undefined;
  for (let slot = 0; slot < slots; slot++) {
    if (starts.has(slot)) current = undefined;
    const here = at.get(slot);
    // Line 0: code of the compiler's own.
    if (here) current = here.line > 0 ? here : undefined;
    bySlot.push(current);
  }
  return bySlot;
}
