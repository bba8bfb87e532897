import { visitTypeIds } from '../type-fields';
import { TypeWords, wordsOf } from '../type-words';
import type { DedupState } from './state';

/** What is left of the type section, and how to find a type in it. */
export interface CompactTypes {
  readonly bytes: Uint8Array;
  /** Id of the type that one of the old ids has become. */
  newId(id: number): number;
}

/** Last passes: drops the types that another stands for and renumbers the rest. tools/lib/bpf/btf.c: btf_dedup_compact_types. */
export function compactTypes(state: DedupState): CompactTypes {
  const { count, firstId, map } = state;
  const kept = new TypeWords(firstId);
  const ids = new Uint32Array(count);
  for (let id = 0; id < firstId; id++) ids[id] = id;
  for (let id = firstId; id < count; id++) if (map[id] === id) ids[id] = kept.copy(wordsOf(state, id)).id;
  const newId = (id: number): number => ids[state.resolve(id)];
  const { words } = kept;
  for (let id = firstId; id < kept.count; id++)
    visitTypeIds(words, kept.startOf(id), (at) => {
      words[at] = newId(words[at]);
    });
  return { bytes: kept.bytes, newId };
}
