import type { ParsedBtf } from '../parse';
import { visitNames } from '../type-fields';
import { NamePool } from './name-pool';
import type { DedupState } from './state';

/**
 * First pass: every name once. Rewrites the offsets in the types, then those that `outside` holds, so that equal names
 * have equal offsets. tools/lib/bpf/btf.c: btf_dedup_strings.
 *
 * @returns the new string section (of split BTF its own part)
 */
export function dedupNames(
  state: DedupState,
  { strings, baseStringBytes }: ParsedBtf,
  outside: (rewrite: (offset: number) => number) => void,
): Uint8Array {
  const pool = new NamePool(strings.bytes, baseStringBytes);
  for (let at = 1; at < baseStringBytes; at = strings.endOf(at) + 1) pool.know(at);
  const rewrite = (offset: number): number => (offset < baseStringBytes ? offset : pool.add(offset));
  const { words, starts, count, firstId } = state;
  for (let id = firstId; id < count; id++)
    visitNames(words, starts[id], (at) => {
      words[at] = rewrite(words[at]);
    });
  outside(rewrite);
  return pool.finish();
}
