import { type Block, NONE, successors } from './block-graph';
import type { Layout } from './layout';

/** A `block` (its label leads to position `end`) or a `loop` (its label leads to position `start`). */
export interface Scope {
  readonly kind: 'block' | 'loop';
  /** Position before whose code the scope opens. */
  readonly start: number;
  /** Position before whose code the scope closes. */
  readonly end: number;
}

/** The scopes of a function, properly nested. */
export interface Scopes {
  /** By position: scopes that open there, outermost first. */
  readonly opening: readonly (readonly Scope[])[];
  /** By block index: its position. */
  readonly positionOf: Int32Array;
}

/**
 * Places the scopes that the branches of a layout need: a loop around each loop, and for every target of a forward
 * jump a block that ends there and begins at its first source, moved up where it would cross another scope.
 */
export function placeScopes(layout: Layout): Scopes {
  const { blocks, order, loopEnd } = layout;
  const positionOf = new Int32Array(blocks.length).fill(NONE);
  order.forEach((block, at) => {
    positionOf[block] = at;
  });
  const starts = firstSources(layout, positionOf);
  hoistOutOfLoops(starts, loopEnd);
  uncross(starts);
  const opening: Scope[][] = order.map(() => []);
  for (const [start, end] of loopEnd) opening[start].push({ kind: 'loop', start, end });
  starts.forEach((start, end) => {
    if (start !== NONE) opening[start].push({ kind: 'block', start, end });
  });
  for (const scopes of opening) scopes.sort((a, b) => b.end - a.end || (a.kind === 'block' ? -1 : 1));
  return { opening, positionOf };
}

/** By position of a target: the first position that jumps forward to it, {@link NONE} where none does. */
function firstSources({ blocks, order }: Layout, positionOf: Int32Array): Int32Array {
  const starts = new Int32Array(order.length).fill(NONE);
  order.forEach((index, at) => {
    const block = blocks[index];
    for (const successor of successors(block)) {
      const to = positionOf[successor];
      if (to > at && starts[to] === NONE && !fallsInto(block, to, at)) starts[to] = at;
    }
  });
  return starts;
}

/** True when control reaches the next position without a jump. */
function fallsInto(block: Block, to: number, at: number): boolean {
  return to === at + 1 && block.terminator !== 'dispatch';
}

/** A block that ends after a loop must not begin inside it: it begins where the outermost such loop does. */
function hoistOutOfLoops(starts: Int32Array, loopEnd: ReadonlyMap<number, number>): void {
  /** By position: the loops around it, as a linked list from the innermost. */
  const around: (LoopChain | undefined)[] = [];
  let chain: LoopChain | undefined;
  for (let at = 0; at < starts.length; at++) {
    while (chain && chain.end <= at) chain = chain.outer;
    const end = loopEnd.get(at);
    if (end !== undefined) chain = { start: at, end, outer: chain };
    around[at] = chain;
  }
  for (let target = 0; target < starts.length; target++) {
    if (starts[target] === NONE) continue;
    for (let loop = around[starts[target]]; loop && loop.end <= target; loop = loop.outer) {
      starts[target] = loop.start;
    }
  }
}

interface LoopChain {
  readonly start: number;
  readonly end: number;
  readonly outer: LoopChain | undefined;
}

/** Of two blocks that overlap, the one that ends later must begin no later. */
function uncross(starts: Int32Array): void {
  const ended: number[] = [];
  for (let target = 0; target < starts.length; target++) {
    if (starts[target] === NONE) continue;
    while (ended.length > 0 && ended[ended.length - 1] > starts[target]) {
      starts[target] = Math.min(starts[target], starts[ended.pop()!]);
    }
    ended.push(target);
  }
}
