import { type Diagnostic, err, ok, type Result } from '@probed/base';
import { KIND, KIND_NAMES, KIND_SHAPES, POINTER_BYTES } from './kinds';
import { HEADER_WORDS, kindOf, malformed, type TypeSection, vlenOf } from './scan';
import type { BtfKind } from './types';

/**
 * Longest chain of types that contain or declare one another without a struct's pointer in between. The kernel stops
 * at 32 (MAX_RESOLVE_DEPTH); recursion anywhere in this lib relies on the bound.
 */
const CHAIN_MAX = 128;
/** Largest type, as in the kernel: sizes are u32. */
const SIZE_MAX = 0xffff_ffff;

const kinds = (...names: BtfKind[]): number => names.reduce((mask, name) => mask | (1 << KIND[name]), 0);

const CHAINED = kinds('typedef', 'volatile', 'const', 'restrict', 'type_tag', 'array');
/** Types whose size depends on the types they name. */
const BY_VALUE = CHAINED | kinds('struct', 'union', 'var');
/** Types that a C declarator is built from, down to a named or composite type. */
const DECLARATOR = CHAINED | kinds('ptr', 'func_proto');
/** `size_type` is a size. */
const SIZED = kinds('int', 'struct', 'union', 'enum', 'enum64', 'float', 'datasec');

/**
 * Proves the type graph well-founded and sizes every type: no type contains itself, no declarator refers to itself,
 * chains are at most 128 long. Linear in the size of the section.
 *
 * @returns size in bytes by type id; 0 for types without a size (void, forward, function, and arrays
 * beyond 4 GiB, which exist only as numbers behind a pointer: `__uint(max_entries, 1U << 31)`).
 */
export function checkGraph(section: TypeSection): Result<Float64Array> {
  const sizes = new Float64Array(section.count);
  const fault =
    walk(section, DECLARATOR, 'a declarator that refers to itself', () => {}) ??
    walk(section, BY_VALUE, 'a type that contains itself', (id) => sizeType(section, id, sizes));
  return fault ? err(fault) : ok(sizes);
}

function sizeType({ words, starts }: TypeSection, id: number, sizes: Float64Array): void {
  const start = starts[id];
  const kind = kindOf(words[start + 1]);
  if (SIZED & (1 << kind)) sizes[id] = words[start + 2];
  else if (kind === KIND.ptr) sizes[id] = POINTER_BYTES;
  else if (kind === KIND.array) {
    sizes[id] = sizes[words[start + HEADER_WORDS]] * words[start + HEADER_WORDS + 2];
    if (sizes[id] > SIZE_MAX) sizes[id] = 0;
  } else if (BY_VALUE & (1 << kind)) sizes[id] = sizes[words[start + 2]];
}

/** Id of the `i`-th type that `id` names, -1 past the last. */
function edge({ words, starts }: TypeSection, id: number, i: number): number {
  const start = starts[id];
  const info = words[start + 1];
  const kind = kindOf(info);
  const shape = KIND_SHAPES[kind];
  if (kind === KIND.array) return i === 0 ? words[start + HEADER_WORDS] : -1;
  if (shape.refersToType && i-- === 0) return words[start + 2];
  if (shape.entryType < 0 || i >= vlenOf(info)) return -1;
  return words[start + HEADER_WORDS + shape.fixedWords + i * shape.entryWords + shape.entryType];
}

/**
 * Depth-first over the types of the kinds in `mask`, calling `leave` once for every type of the section, targets
 * first; the first fault. Iterative, because the input chooses the depth.
 */
function walk(
  section: TypeSection,
  mask: number,
  cycleIs: string,
  leave: (id: number) => void,
): Diagnostic | undefined {
  const { words, starts, count } = section;
  /** Chain length below a finished type plus 1; 0 unseen, OPEN on the stack. */
  const chain = new Uint16Array(count);
  const stack: number[] = [];
  const nextEdge: number[] = [];
  const enter = (id: number): void => {
    chain[id] = OPEN;
    stack.push(id);
    nextEdge.push(0);
  };
  for (let root = 1; root < count; root++) {
    if (chain[root] === 0) enter(root);
    while (stack.length > 0) {
      const id = stack[stack.length - 1];
      const expands = mask & (1 << kindOf(words[starts[id] + 1]));
      const target = expands ? edge(section, id, nextEdge[nextEdge.length - 1]++) : -1;
      if (target > 0) {
        if (chain[target] === OPEN) return malformed(cycleIs, place(section, target));
        if (chain[target] === 0) enter(target);
        continue;
      }
      if (target === 0) continue;
      stack.pop();
      nextEdge.pop();
      chain[id] = expands ? longestBelow(section, id, chain) + 1 : 1;
      if (chain[id] > CHAIN_MAX) return malformed(`types nest deeper than ${CHAIN_MAX}`, place(section, id));
      leave(id);
    }
  }
  return undefined;
}

const OPEN = 0xffff;

function longestBelow(section: TypeSection, id: number, chain: Uint16Array): number {
  let longest = 0;
  for (let i = 0; ; i++) {
    const target = edge(section, id, i);
    if (target < 0) return longest;
    longest = Math.max(longest, chain[target]);
  }
}

function place({ words, starts }: TypeSection, id: number): string {
  return `BTF type ${id} (${KIND_NAMES[kindOf(words[starts[id] + 1])]})`;
}
