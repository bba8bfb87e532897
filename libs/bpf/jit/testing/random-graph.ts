import type { Prng } from '@probed/base';
import type { Insn } from '@probed/isa';

/** Successors of each node of a graph: one, or two of which the first is the fall-through; the last node exits. */
export type Graph = readonly (readonly number[])[];

/** Edges lead anywhere, so most graphs with loops are irreducible. */
export function randomGraph(prng: Prng, nodes: number): Graph {
  const target = () => 1 + prng.below(nodes - 1);
  return Array.from({ length: nodes - 1 }, (_, i) => {
    const kind = prng.below(4);
    if (kind === 0) return [target()];
    return kind === 1 ? [target(), target()] : [i + 1, target()];
  }).concat([[]]);
}

/** Forward edges lead anywhere further on, back edges to the start of a loop around: reducible by construction. */
export function randomReducibleGraph(prng: Prng, nodes: number): Graph {
  const edges: number[][] = Array.from({ length: nodes }, (_, i) => (i === nodes - 1 ? [] : [i + 1]));
  nest(prng, edges, 0, nodes - 1);
  return edges;
}

/** Adds jumps among nodes [from, to), some of them made loops, none entering a loop but through its first node. */
function nest(prng: Prng, edges: number[][], from: number, to: number): void {
  for (let at = from + 1; at < to; ) {
    const length = 1 + prng.below(Math.max(1, to - at));
    const end = Math.min(to, at + length);
    if (end - at > 1 && prng.below(3) === 0) {
      edges[end - 1] = [end, at];
      nest(prng, edges, at, end - 1);
      at = end;
    } else {
      if (edges[at].length === 1 && prng.below(2) === 0) edges[at] = [at + 1, to];
      at++;
    }
  }
}

const MULTIPLIER = 1_103_515_245;
const INCREMENT = 12_345;
/** Slots of each node's code. */
const NODE_SLOTS = 11;

/**
 * A program that walks the graph for at most `steps` nodes: which way it goes depends on r1, and r0 is a hash of all
 * nodes it came through.
 */
export function graphProgram(graph: Graph, steps: number): Insn[] {
  const exitSlot = 2 + graph.length * NODE_SLOTS;
  const start = (node: number) => 2 + node * NODE_SLOTS;
  const insns: Insn[] = [alu(0xb7, 0, 0), alu(0xb7, 2, steps)];
  graph.forEach((successors, node) => {
    const at = start(node);
    const jump = (slot: number, target: number) => start(target) - slot - 1;
    insns.push(
      alu(0x27, 0, 31),
      alu(0x07, 0, node),
      alu(0x17, 2, 1),
      { ...alu(0x15, 2, 0), off: exitSlot - (at + 3) - 1 },
      alu(0x27, 1, MULTIPLIER),
      alu(0x07, 1, INCREMENT),
      { ...alu(0xbf, 3, 0), src: 1 },
      alu(0x77, 3, 16),
      { ...alu(0x45, 3, 1), off: successors.length === 2 ? jump(at + 8, successors[1]) : 0 },
      {
        ...alu(0x05, 0, 0),
        off: successors.length > 0 ? jump(at + 9, successors[0]) : exitSlot - (at + 9) - 1,
      },
      alu(0xb7, 4, 0),
    );
  });
  insns.push(alu(0x95, 0, 0));
  return insns;
}

function alu(opcode: number, dst: number, imm: number): Insn {
  return { opcode, dst, src: 0, off: 0, imm };
}

/** What r0 of {@link graphProgram} must be, by walking the graph. */
export function walkGraph(graph: Graph, steps: number, r1: bigint): bigint {
  let hash = 0n;
  let state = r1;
  for (let node = 0, left = steps; ; ) {
    hash = BigInt.asUintN(64, hash * 31n + BigInt(node));
    if (--left === 0) return hash;
    state = BigInt.asUintN(64, state * BigInt(MULTIPLIER) + BigInt(INCREMENT));
    const successors = graph[node];
    if (successors.length === 0) return hash;
    node = successors.length === 2 && (state >> 16n) & 1n ? successors[1] : successors[0];
  }
}
