import type { InsnFacts, VerifiedProgram } from '@probed/spec';
import { arrayLookup } from './array-lookup';
import { loopInPlace } from './bpf-loop';
import type { FunctionContext } from './context';
import { tailCall } from './tail-call';

/** A helper compiled in place where its arguments allow. */
export interface InlineHelper {
  applies(program: VerifiedProgram, facts: InsnFacts): boolean;
  /** Writes the code of the call at `slot`, which leaves the result in r0. */
  write(f: FunctionContext, slot: number): void;
}

/** By `enum bpf_func_id`. */
const INLINE: ReadonlyMap<number, InlineHelper> = new Map([
  [1, arrayLookup], // bpf_map_lookup_elem
  [12, tailCall], // bpf_tail_call
  [181, loopInPlace], // bpf_loop
]);

/** How the call of helper `id` at `slot` is compiled in place; undefined when it must be called. */
export function inlineHelper(program: VerifiedProgram, id: number, slot: number): InlineHelper | undefined {
  const inline = INLINE.get(id);
  return inline?.applies(program, program.facts[slot]) ? inline : undefined;
}
