import type { Btf, BtfType } from '@probed/btf';

/** A member of a struct that is no struct itself. */
export interface LeafMember {
  /** Names from the struct inwards. */
  readonly path: readonly string[];
  readonly name: string;
  /** Names of the typedefs that it goes through, and of its type. */
  readonly typeNames: readonly string[];
  readonly type: BtfType;
  /** From the start of the value, bytes. */
  readonly offset: number;
  /** 0: a flexible array. */
  readonly bytes: number;
  /** Of a bit field; 0 for none. */
  readonly bits: number;
  /** Members beside it, its own name included. */
  readonly siblings: ReadonlySet<string>;
  /** Path of the struct that it is in. */
  readonly parent: readonly string[];
}

const NESTING_MAX = 4;
const LEAVES_MAX = 256;
/** Structs that are one value. */
const VALUES: ReadonlySet<string> = new Set(['in6_addr', 'in_addr']);

/** Members of a type, those of nested structs and unions included; the value itself when it is no struct. */
export function leafMembers(btf: Btf, typeId: number): LeafMember[] {
  const type = btf.resolve(typeId);
  const leaves: LeafMember[] = [];
  if (type.kind === 'struct' || type.kind === 'union')
    collect(btf, typeId, 0, [], siblingNames(btf, typeId), leaves);
  else leaves.push(leaf(btf, typeId, 0, 0, [], new Set()));
  return leaves;
}

function collect(
  btf: Btf,
  typeId: number,
  start: number,
  path: readonly string[],
  siblings: ReadonlySet<string>,
  into: LeafMember[],
  depth = 0,
): void {
  const type = btf.resolve(typeId);
  if ((type.kind !== 'struct' && type.kind !== 'union') || depth > NESTING_MAX) return;
  for (const member of type.members) {
    if (into.length >= LEAVES_MAX) return;
    const inner = btf.resolve(member.typeId);
    const offset = start + Math.floor(member.offsetBits / 8);
    const composite = inner.kind === 'struct' || inner.kind === 'union';
    if (composite && !VALUES.has(inner.name)) {
      const named = member.name !== '';
      const within = named ? siblingNames(btf, inner.id) : siblings;
      collect(btf, inner.id, offset, named ? [...path, member.name] : path, within, into, depth + 1);
    } else if (member.name !== '') {
      into.push(leaf(btf, member.typeId, offset, member.bits, [...path, member.name], siblings));
    }
  }
}

function leaf(
  btf: Btf,
  typeId: number,
  offset: number,
  bits: number,
  path: readonly string[],
  siblings: ReadonlySet<string>,
): LeafMember {
  const typeNames: string[] = [];
  let type = btf.type(typeId);
  while ('typeId' in type && type.kind !== 'ptr') {
    if (type.name) typeNames.push(type.name);
    type = btf.type(type.typeId);
  }
  if (type.name) typeNames.push(type.name);
  const bytes = btf.sizeOf(typeId);
  return {
    path,
    name: path.at(-1) ?? '',
    typeNames,
    type,
    offset,
    bytes,
    bits,
    siblings,
    parent: path.slice(0, -1),
  };
}

function siblingNames(btf: Btf, typeId: number): Set<string> {
  const names = new Set<string>();
  const add = (id: number, depth: number): void => {
    const type = btf.resolve(id);
    if ((type.kind !== 'struct' && type.kind !== 'union') || depth > NESTING_MAX) return;
    for (const member of type.members) {
      if (member.name) names.add(member.name);
      else add(member.typeId, depth + 1);
    }
  };
  add(typeId, 0);
  return names;
}
