import type { Insn } from './insn';
import { BPF_CLASS, BPF_JMP_OP, BPF_PSEUDO_LD, OP_EXIT, OP_JA, OP_JA32 } from './opcode';
import { insnClass, insnOp, insnSlots, isLdImm64, isSubprogCall } from './predicates';

/** A straight run of slots [start, end); only its last instruction can leave it. */
export interface BasicBlock {
  readonly index: number;
  readonly start: number;
  readonly end: number;
  /**
   * Indexes of the blocks that can follow, without duplicates. A conditional jump lists the fall-through first, then the
   * target; empty after exit.
   */
  readonly successors: readonly number[];
  readonly predecessors: readonly number[];
}

/** Control flow of one subprogram. */
export interface Cfg {
  /** In slot order; entry 0 is the entry block. */
  readonly blocks: readonly BasicBlock[];
  /** Block of each slot, by slot minus the subprogram's start. */
  readonly blockOfSlot: readonly number[];
  /** Block indexes reachable from the entry in reverse postorder. */
  readonly reversePostorder: readonly number[];
}

/** Target slot of a jump (conditional or not, gotol, may_goto); undefined for anything else, calls included. */
export function jumpTarget(insn: Insn, slot: number): number | undefined {
  const cls = insnClass(insn);
  if (cls !== BPF_CLASS.JMP && cls !== BPF_CLASS.JMP32) return undefined;
  const op = insnOp(insn);
  if (op === BPF_JMP_OP.CALL || op === BPF_JMP_OP.EXIT) return undefined;
  return slot + 1 + (insn.opcode === OP_JA32 ? insn.imm : insn.off);
}

/** True for instructions that never fall through to the next one: goto, gotol, exit. */
export function endsFlow(insn: Insn): boolean {
  return insn.opcode === OP_JA || insn.opcode === OP_JA32 || insn.opcode === OP_EXIT;
}

/** Slots that can run next within the subprogram: fall-through first, then the jump's target. Calls fall through. */
export function insnSuccessors(insns: readonly Insn[], slot: number): number[] {
  const insn = insns[slot];
  const next = endsFlow(insn) ? [] : [slot + insnSlots(insn)];
  const target = jumpTarget(insn, slot);
  return target === undefined || target === next[0] ? next : [...next, target];
}

/** Slot where the callee of a subprogram call or the function of a PSEUDO_FUNC load starts, else undefined. */
export function subprogTarget(insn: Insn, slot: number): number | undefined {
  if (isSubprogCall(insn)) return slot + 1 + insn.imm;
  if (isLdImm64(insn) && insn.src === BPF_PSEUDO_LD.FUNC) return slot + 1 + insn.imm;
  return undefined;
}

/** Start slots of all subprograms in ascending order, 0 first: targets of calls and of function loads. */
export function subprogStarts(insns: readonly Insn[]): number[] {
  const starts = new Set([0]);
  for (let slot = 0; slot < insns.length; slot += insnSlots(insns[slot])) {
    const target = subprogTarget(insns[slot], slot);
    if (target !== undefined && target >= 0 && target < insns.length) starts.add(target);
  }
  return [...starts].sort((a, b) => a - b);
}

/**
 * Basic blocks of the subprogram in slots [start, end). The caller has checked that jumps stay inside; a jump that
 * leaves simply has no successor here.
 */
export function buildCfg(insns: readonly Insn[], start = 0, end = insns.length): Cfg {
  const leaders = findLeaders(insns, start, end);
  const blockOfSlot: number[] = new Array(end - start);
  let block = -1;
  for (let slot = start; slot < end; slot++) {
    if (leaders[slot - start]) block++;
    blockOfSlot[slot - start] = block;
  }
  const blocks = linkBlocks(insns, start, end, blockOfSlot, block + 1);
  return { blocks, blockOfSlot, reversePostorder: reversePostorder(blocks) };
}

function findLeaders(insns: readonly Insn[], start: number, end: number): boolean[] {
  const leaders: boolean[] = new Array(end - start).fill(false);
  leaders[0] = true;
  for (let slot = start; slot < end; slot += insnSlots(insns[slot])) {
    const insn = insns[slot];
    const target = jumpTarget(insn, slot);
    if (target === undefined && !endsFlow(insn)) continue;
    if (slot + 1 < end) leaders[slot + 1 - start] = true;
    if (target !== undefined && target >= start && target < end) leaders[target - start] = true;
  }
  return leaders;
}

function linkBlocks(
  insns: readonly Insn[],
  start: number,
  end: number,
  blockOfSlot: readonly number[],
  count: number,
): BasicBlock[] {
  const starts: number[] = [];
  blockOfSlot.forEach((block, i) => {
    if (starts.length === block) starts.push(start + i);
  });
  const blocks = starts.map((from, index) => ({
    index,
    start: from,
    end: index + 1 < count ? starts[index + 1] : end,
    successors: [] as number[],
    predecessors: [] as number[],
  }));
  for (const block of blocks) {
    for (const slot of insnSuccessors(insns, lastInsn(insns, block.start, block.end))) {
      if (slot < start || slot >= end) continue;
      const successor = blockOfSlot[slot - start];
      block.successors.push(successor);
      blocks[successor].predecessors.push(block.index);
    }
  }
  return blocks;
}

/** Slot of the last instruction that starts in [start, end). */
function lastInsn(insns: readonly Insn[], start: number, end: number): number {
  return end - start >= 2 && isLdImm64(insns[end - 2]) && !isSecondSlot(insns, start, end - 2)
    ? end - 2
    : end - 1;
}

/** Is `slot` the second half of a 64-bit load, walking from a slot known to start an instruction? */
function isSecondSlot(insns: readonly Insn[], from: number, slot: number): boolean {
  let at = from;
  while (at < slot) at += insnSlots(insns[at]);
  return at !== slot;
}

function reversePostorder(blocks: readonly BasicBlock[]): number[] {
  const order: number[] = [];
  const seen = new Uint8Array(blocks.length);
  const stack: { block: number; next: number }[] = [{ block: 0, next: 0 }];
  seen[0] = 1;
  while (stack.length) {
    const top = stack[stack.length - 1];
    const { successors } = blocks[top.block];
    if (top.next < successors.length) {
      const successor = successors[top.next++];
      if (seen[successor]) continue;
      seen[successor] = 1;
      stack.push({ block: successor, next: 0 });
    } else {
      order.push(top.block);
      stack.pop();
    }
  }
  return order.reverse();
}
