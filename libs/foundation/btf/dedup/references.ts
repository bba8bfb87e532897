import { vlenOf } from '../scan';
import { visitTypeIds } from '../type-fields';
import { DedupFault } from './fault';
import { equalWhole } from './signature';
import type { DedupState } from './state';

/** Declarators are at most 128 long; only tags upon tags come near. */
const DEPTH_MAX = 1000;

/**
 * Fifth pass: pointers, qualifiers, typedefs, arrays, functions, prototypes, tags. What they refer to is settled first
 * and written into them; then those that are alike in every word are the same.
 * tools/lib/bpf/btf.c: btf_dedup_ref_type.
 */
export function dedupReferences(state: DedupState): void {
  const open = new Set<number>();
  const settle = (id: number): number => {
    if (state.isMapped(id)) return state.resolve(id);
    if (open.has(id) || open.size >= DEPTH_MAX)
      throw new DedupFault(`type ${id} refers to itself, or through more than ${DEPTH_MAX} types`);
    open.add(id);
    const { words, starts } = state;
    visitTypeIds(words, starts[id], (at) => {
      words[at] = settle(words[at]);
    });
    open.delete(id);
    state.settle(id, sameAs(state, id));
    return state.map[id];
  };
  for (let id = state.firstId; id < state.count; id++) settle(id);
}

function sameAs(state: DedupState, id: number): number {
  const { words, starts } = state;
  for (let other = state.candidate(id); other !== 0; other = state.candidateAfter(other)) {
    state.spend(1 + vlenOf(words[starts[id] + 1]));
    if (equalWhole(words, starts[id], starts[other])) return other;
  }
  return id;
}
