import { KIND } from '../kinds';
import { kindFlagOf, vlenOf } from '../scan';
import { Equivalence } from './equivalence';
import { equalShape } from './signature';
import type { DedupState } from './state';

const isComposite = (kind: number): boolean => kind === KIND.struct || kind === KIND.union;

/** Third pass: structs and unions, as graphs. tools/lib/bpf/btf.c: btf_dedup_struct_type. */
export function dedupComposites(state: DedupState): void {
  const equivalence = new Equivalence(state);
  for (let id = state.firstId; id < state.count; id++)
    if (isComposite(state.kind(id)) && !state.isMapped(id)) state.settle(id, sameAs(state, equivalence, id));
}

function sameAs(state: DedupState, equivalence: Equivalence, id: number): number {
  const { words, starts } = state;
  for (let other = state.candidate(id); other !== 0; other = state.candidateAfter(other)) {
    state.spend(1 + vlenOf(words[starts[id] + 1]));
    if (!equalShape(words, starts[id], starts[other])) continue;
    if (equivalence.test(id, other) && equivalence.record()) return other;
  }
  return id;
}

/** Marks a name that several types have. */
const AMBIGUOUS = 0;

/**
 * Fourth pass: a declaration that no graph settled becomes the struct or union of its name, when there is just one.
 * tools/lib/bpf/btf.c: btf_dedup_resolve_fwds.
 */
export function resolveForwards(state: DedupState): void {
  const { words, starts, map } = state;
  const byName = new Map<number, number>();
  for (let id = 1; id < state.count; id++) {
    if (!isComposite(state.kind(id)) || map[id] !== id) continue;
    const name = words[starts[id]];
    byName.set(name, byName.has(name) ? AMBIGUOUS : id);
  }
  for (let id = state.firstId; id < state.count; id++) {
    if (state.kind(id) !== KIND.fwd || map[id] !== id) continue;
    const target = byName.get(words[starts[id]]) ?? AMBIGUOUS;
    const declared = kindFlagOf(words[starts[id] + 1]) ? KIND.union : KIND.struct;
    if (target !== AMBIGUOUS && state.kind(target) === declared) map[id] = target;
  }
}
