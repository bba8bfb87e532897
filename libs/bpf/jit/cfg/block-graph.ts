import { endsFlow, type Insn, insnSlots, jumpTarget, OP_EXIT } from '@probed/isa';
import type { InsnFacts, Subprogram } from '@probed/spec';

/** No successor, no slot. */
export const NONE = -1;

/** How control leaves a block. */
export type Terminator =
  /** To `next` alone. */
  | 'goto'
  /** To `taken` when the condition at `conditionSlot` holds, else to `next`. */
  | 'branch'
  | 'exit'
  /** Runs into code that the verifier proved unreachable. */
  | 'trap'
  /** Sets the label of a dispatcher, then goes to `next`; made for irreducible regions only. */
  | 'set-label'
  /** Goes to the one of `targets` that the label tells; made for irreducible regions only. */
  | 'dispatch';

/** A straight run of instructions, slots [start, end), and what follows it. */
export class Block {
  /** Successors by block index, {@link NONE} for none; the only ones of a `goto`, the two of a `branch`. */
  next = NONE;
  taken = NONE;
  /** Entries of the region, by label, of a `dispatch`. */
  targets: readonly number[] | undefined;
  /** Label that a `set-label` sets. */
  label = 0;

  /** @param terminatorSlot the instruction that `terminator` stands for; {@link NONE} when control just runs on */
  constructor(
    readonly terminator: Terminator,
    readonly start = 0,
    readonly end = 0,
    readonly terminatorSlot = NONE,
  ) {}
}

/** The sides of a jump that can happen. */
interface LiveSides {
  readonly taken: boolean;
  readonly next: boolean;
}

const JUMPS: LiveSides = { taken: true, next: false };
const FALLS_THROUGH: LiveSides = { taken: false, next: true };
const EITHER: LiveSides = { taken: true, next: true };

/** The sides of a jump that can happen, as the verifier found. */
function liveSides(insn: Insn, facts: InsnFacts): LiveSides {
  if (endsFlow(insn) || facts.branch === 'always') return JUMPS;
  return facts.branch === 'never' ? FALLS_THROUGH : EITHER;
}

/** Slots where blocks begin: the entry, targets of live jumps, what follows a jump or exit, edges of dead code. */
function findLeaders(insns: readonly Insn[], facts: readonly InsnFacts[], sub: Subprogram): Uint8Array {
  const leaders = new Uint8Array(sub.end - sub.start + 2);
  leaders[0] = 1;
  for (let slot = sub.start; slot < sub.end; ) {
    const insn = insns[slot];
    const after = slot + insnSlots(insn);
    const target = jumpTarget(insn, slot);
    if (!facts[slot].reachable) leaders[slot - sub.start] = 1;
    else if (target !== undefined && liveSides(insn, facts[slot]).taken) leaders[target - sub.start] = 1;
    if (!facts[slot].reachable || target !== undefined || endsFlow(insn)) leaders[after - sub.start] = 1;
    slot = after;
  }
  return leaders;
}

/**
 * The control-flow graph of one subprogram: blocks the verifier reached, block 0 the entry, dead branch sides left out.
 * Successors are block indexes; a side that leads to code the verifier never reached is {@link NONE}.
 */
export function buildBlocks(insns: readonly Insn[], facts: readonly InsnFacts[], sub: Subprogram): Block[] {
  const leaders = findLeaders(insns, facts, sub);
  const blockAt = new Int32Array(sub.end - sub.start + 1).fill(NONE);
  const spans: Span[] = [];
  for (let slot = sub.start; slot < sub.end; ) {
    const start = slot;
    let last = slot;
    do {
      last = slot;
      slot += insnSlots(insns[slot]);
    } while (slot < sub.end && !leaders[slot - sub.start]);
    if (!facts[start].reachable) continue;
    blockAt[start - sub.start] = spans.length;
    spans.push({ start, end: slot, last });
  }
  const at = (slot: number) => (slot < sub.end ? blockAt[slot - sub.start] : NONE);
  return spans.map((span) => makeBlock(insns[span.last], facts[span.last], span, at));
}

/** Slots of a block, `last` that of its last instruction. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly last: number;
}

function makeBlock(
  insn: Insn,
  facts: InsnFacts,
  { start, end, last }: Span,
  at: (slot: number) => number,
): Block {
  if (insn.opcode === OP_EXIT) return new Block('exit', start, end, last);
  const target = jumpTarget(insn, last);
  const terminatorSlot = target === undefined ? NONE : last;
  const sides = target === undefined ? FALLS_THROUGH : liveSides(insn, facts);
  const taken = sides.taken ? at(target!) : NONE;
  const next = sides.next ? at(end) : NONE;
  if (taken === NONE && next === NONE) return new Block('trap', start, end, terminatorSlot);
  const one = taken === NONE || next === NONE || taken === next;
  const block = new Block(one ? 'goto' : 'branch', start, end, terminatorSlot);
  block.next = next === NONE ? taken : next;
  if (!one) block.taken = taken;
  return block;
}

const NO_SUCCESSORS: readonly number[] = [];

/** Successors in the order for a depth-first search: the fall-through last, so that it is laid out next. */
export function successors(block: Block): readonly number[] {
  if (block.targets) return block.targets;
  if (block.next === NONE) return NO_SUCCESSORS;
  return block.taken === NONE ? [block.next] : [block.taken, block.next];
}
