/** Cuts a program that shows a disagreement down to what is needed to show it. */
import {
  BPF_CLASS,
  BPF_PSEUDO_LD,
  type Insn,
  insnClass,
  insnSlots,
  isSubprogCall,
  OP_CALL,
  OP_EXIT,
  OP_JA32,
  OP_LD_IMM64,
} from '@probed/isa';

/** Whether a program still shows what is looked for. */
export type Shows = (insns: readonly Insn[]) => Promise<boolean>;

/** Distance of a jump or call in slots; undefined for instructions that have none. */
function distance(insn: Insn): { readonly field: 'off' | 'imm'; readonly slots: number } | undefined {
  const cls = insnClass(insn);
  const isRelativeLoad = insn.opcode === OP_LD_IMM64 && insn.src === BPF_PSEUDO_LD.FUNC;
  if (isSubprogCall(insn) || isRelativeLoad || insn.opcode === OP_JA32)
    return { field: 'imm', slots: insn.imm };
  if (cls !== BPF_CLASS.JMP && cls !== BPF_CLASS.JMP32) return undefined;
  if (insn.opcode === OP_CALL || insn.opcode === OP_EXIT) return undefined;
  return { field: 'off', slots: insn.off };
}

/** The program without slots [from, to); jumps over them get shorter, jumps into them go to what follows. */
export function withoutSlots(insns: readonly Insn[], from: number, to: number): Insn[] {
  const moved = (slot: number) => (slot <= from ? slot : slot >= to ? slot - (to - from) : from);
  const out: Insn[] = [];
  insns.forEach((insn, slot) => {
    if (slot >= from && slot < to) return;
    const jump = isSecondSlot(insns, slot) ? undefined : distance(insn);
    if (jump === undefined) out.push(insn);
    else out.push({ ...insn, [jump.field]: moved(slot + 1 + jump.slots) - moved(slot) - 1 });
  });
  return out;
}

function isSecondSlot(insns: readonly Insn[], slot: number): boolean {
  return slot > 0 && insns[slot - 1].opcode === OP_LD_IMM64 && insns[slot].opcode === 0;
}

/** Start slots of the instructions, and one past the end. */
function boundaries(insns: readonly Insn[]): number[] {
  const starts: number[] = [];
  for (let slot = 0; slot < insns.length; slot += insnSlots(insns[slot])) starts.push(slot);
  starts.push(insns.length);
  return starts;
}

async function shrinkBy(insns: Insn[], count: number, shows: Shows): Promise<Insn[]> {
  let current = insns;
  for (let at = 0; at + count < boundaries(current).length; ) {
    const starts = boundaries(current);
    const shorter = withoutSlots(current, starts[at], starts[at + count]);
    if (shorter.length > 0 && (await shows(shorter))) current = shorter;
    else at++;
  }
  return current;
}

/** Sizes of runs to try, from half the program down to one instruction. */
function* runLengths(instructions: number): Generator<number> {
  let length = Math.ceil(instructions / 2);
  while (length > 1) {
    yield length;
    length = Math.ceil(length / 2);
  }
  yield 1;
}

/** Removes ever smaller runs of instructions as long as the rest still shows it. */
export async function minimise(insns: readonly Insn[], shows: Shows): Promise<Insn[]> {
  let current = [...insns];
  for (;;) {
    const before = current.length;
    for (const length of runLengths(before)) current = await shrinkBy(current, length, shows);
    if (current.length === before) return current;
  }
}
