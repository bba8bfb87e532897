import { KIND } from '../kinds';
import { vlenOf } from '../scan';
import { compatibleEnums, equalWhole, isEnumForward } from './signature';
import type { DedupState } from './state';

const bit = (kind: number): number => 1 << kind;
const PRIMITIVES = bit(KIND.int) | bit(KIND.float) | bit(KIND.fwd) | bit(KIND.enum) | bit(KIND.enum64);
const ENUMS = bit(KIND.enum) | bit(KIND.enum64);

/**
 * Second pass: types that refer to no other. An enum that is only declared becomes the one of its name that has
 * enumerators. tools/lib/bpf/btf.c: btf_dedup_prim_type.
 */
export function dedupPrimitives(state: DedupState): void {
  for (let id = state.firstId; id < state.count; id++)
    if (PRIMITIVES & bit(state.kind(id))) state.settle(id, sameAs(state, id));
}

function sameAs(state: DedupState, id: number): number {
  const { words, starts, map } = state;
  const start = starts[id];
  const isEnum = ENUMS & bit(state.kind(id));
  for (let other = state.candidate(id); other !== 0; other = state.candidateAfter(other)) {
    state.spend(1 + vlenOf(words[starts[id] + 1]));
    if (equalWhole(words, start, starts[other])) return other;
    if (!isEnum || state.kind(other) !== state.kind(id)) continue;
    if (!compatibleEnums(words, start, starts[other])) continue;
    if (isEnumForward(words, start)) return other;
    map[other] = id;
  }
  return id;
}
