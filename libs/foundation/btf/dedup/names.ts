import type { ParsedBtf } from '../parse';
import { StringPool } from '../string-pool';
import { visitNames } from '../type-fields';
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
  const pool = new StringPool(baseStringBytes);
  for (let at = 0; at < baseStringBytes; at = strings.endOf(at) + 1) pool.know(strings.at(at), at);
  const known = new Map<number, number>();
  const rewrite = (offset: number): number => {
    if (offset < baseStringBytes) return offset;
    let now = known.get(offset);
    if (now === undefined) known.set(offset, (now = pool.add(strings.at(offset))));
    return now;
  };
  const { words, starts, count, firstId } = state;
  for (let id = firstId; id < count; id++)
    visitNames(words, starts[id], (at) => {
      words[at] = rewrite(words[at]);
    });
  outside(rewrite);
  return pool.finish();
}
