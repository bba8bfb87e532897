import type { Btf } from '../btf';
import { KIND } from '../kinds';
import { ContentHashes } from './content-hash';
import { RawTypes } from './raw-types';

/** Rank of types that stand for themselves nowhere. */
const RANK_LAST = 10;

/** Order in which kinds are printed: enums, base types, structs, prototypes. bpftool/btf.c: btf_type_rank. */
function rankOf(types: RawTypes, id: number, named: boolean): number {
  const hasName = named || types.isNamed(id);
  switch (types.kind(id)) {
    case KIND.enum:
    case KIND.enum64:
      return hasName ? 1 : 0;
    case KIND.int:
    case KIND.float:
      return 2;
    case KIND.struct:
    case KIND.union:
      return hasName ? 3 : RANK_LAST;
    case KIND.func_proto:
      return hasName ? 4 : RANK_LAST;
    default: {
      const target = types.referent(id);
      return hasName && target !== undefined ? rankOf(types, target, hasName) : RANK_LAST;
    }
  }
}

/** Offset of the name by which a type sorts: that of what it refers to. bpftool/btf.c: btf_type_sort_name. */
function sortName(types: RawTypes, id: number, fromReference: boolean): number {
  const kind = types.kind(id);
  if ((kind === KIND.enum || kind === KIND.enum64) && !types.isNamed(id) && !fromReference)
    return types.firstEntryName(id);
  const target = types.referent(id);
  return target === undefined ? types.nameOffset(id) : sortName(types, target, true);
}

/**
 * All ids in the order in which newer versions of bpftool print C, so that headers of like kernels differ little.
 * bpftool/btf.c: sort_btf_c. Works on the bytes: a kernel has 130,000 types, whose names would be as many strings.
 */
export function sortedIds(btf: Btf): Uint32Array {
  const types = new RawTypes(btf);
  const count = btf.typeCount;
  const ids = new Uint32Array(count);
  const ranks = new Uint8Array(count);
  const names = new Uint32Array(count);
  for (let id = 0; id < count; id++) {
    ids[id] = id;
    ranks[id] = rankOf(types, id, false);
    names[id] = sortName(types, id, false);
  }
  const hashes = new ContentHashes(types);
  return ids.sort(
    (a, b) =>
      ranks[a] - ranks[b] ||
      types.compareText(names[a], names[b]) ||
      types.compareText(types.nameOffset(a), types.nameOffset(b)) ||
      hashes.compare(a, b) ||
      a - b,
  );
}
