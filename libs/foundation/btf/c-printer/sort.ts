import type { Btf } from '../btf';
import type { BtfType } from '../types';

/** Rank of types that stand for themselves nowhere. */
const RANK_LAST = 10;

/** What a reference refers to; undefined for other types. Tags, which may refer to one another in a circle, print nothing. */
function referent(type: BtfType): number | undefined {
  if (type.kind === 'array') return type.elemTypeId;
  if (type.kind === 'func' || type.kind === 'var' || type.kind === 'decl_tag') return undefined;
  return 'typeId' in type ? type.typeId : undefined;
}

/** Order in which kinds are printed: enums, base types, structs, prototypes. bpftool/btf.c: btf_type_rank. */
function rankOf(btf: Btf, id: number, named: boolean): number {
  const type = btf.type(id);
  const hasName = named || type.name !== '';
  switch (type.kind) {
    case 'enum':
    case 'enum64':
      return hasName ? 1 : 0;
    case 'int':
    case 'float':
      return 2;
    case 'struct':
    case 'union':
      return hasName ? 3 : RANK_LAST;
    case 'func_proto':
      return hasName ? 4 : RANK_LAST;
    default: {
      const target = referent(type);
      return hasName && target !== undefined ? rankOf(btf, target, hasName) : RANK_LAST;
    }
  }
}

/** Name by which a type sorts: that of what it refers to. bpftool/btf.c: btf_type_sort_name. */
function sortName(btf: Btf, id: number, fromReference: boolean): string {
  const type = btf.type(id);
  if ('values' in type && type.name === '' && !fromReference) return type.values[0]?.name ?? '';
  const target = referent(type);
  return target === undefined ? type.name : sortName(btf, target, true);
}

const BITS = 64;
const hashStep = (hash: bigint, value: bigint): bigint => BigInt.asUintN(BITS, hash * 31n + value);

function hashText(hash: bigint, text: string): bigint {
  if (text === '') return hash;
  let h = 0n;
  for (const byte of new TextEncoder().encode(text)) h = hashStep(h, BigInt.asIntN(8, BigInt(byte)));
  return hashStep(hash, h);
}

/** Tells apart types of one name by what they contain. bpftool/btf.c: btf_type_disambig_hash. */
function contentHash(btf: Btf, id: number, withMembers: boolean): bigint {
  const type = btf.type(id);
  let hash = hashText(0n, type.name);
  if ('values' in type) for (const { name } of type.values) hash = hashText(hash, name);
  else if ('members' in type) {
    if (!withMembers) return hash;
    for (const { name, typeId } of type.members)
      hash = hashStep(hashText(hash, name), contentHash(btf, typeId, false));
  } else {
    if (type.kind === 'array') hash = hashStep(hash, BigInt(type.count));
    const target = referent(type);
    if (target !== undefined) hash = hashStep(hash, contentHash(btf, target, withMembers));
  }
  return hash;
}

interface SortKey {
  readonly id: number;
  readonly rank: number;
  readonly name: string;
  readonly ownName: string;
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * All ids in the order in which newer versions of bpftool print C, so that headers of like kernels differ little.
 * bpftool/btf.c: sort_btf_c.
 */
export function sortedIds(btf: Btf): number[] {
  const hashes = new Map<number, bigint>();
  const hashOf = (id: number): bigint => {
    let hash = hashes.get(id);
    if (hash === undefined) hashes.set(id, (hash = contentHash(btf, id, true)));
    return hash;
  };
  const compare = (a: SortKey, b: SortKey): number => {
    const byName = a.rank - b.rank || compareText(a.name, b.name) || compareText(a.ownName, b.ownName);
    if (byName !== 0) return byName;
    const [hashA, hashB] = [hashOf(a.id), hashOf(b.id)];
    return hashA === hashB ? a.id - b.id : hashA < hashB ? -1 : 1;
  };
  const keys: SortKey[] = [];
  for (let id = 0; id < btf.typeCount; id++)
    keys.push({
      id,
      rank: rankOf(btf, id, false),
      name: sortName(btf, id, false),
      ownName: btf.type(id).name,
    });
  return keys.sort(compare).map(({ id }) => id);
}
