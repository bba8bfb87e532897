import { err, ok, type Result } from '@probed/base';
import type { Btf } from '../btf';
import type { BtfArray } from '../types';
import { isAnyEnum } from './compat';
import { invalid, tooBig } from './fault';
import { coreCategory } from './kinds';
import { resolveSize } from './sized';
import type { CoreRelo } from './types';

/** BPF_CORE_SPEC_MAX_LEN: deepest access path. */
export const SPEC_LENGTH_MAX = 64;

/** One turning point of an access path: a named member, an array index, or an enumerator. */
export interface Accessor {
  /** Struct or union that has the member; for an index, the element type; for an enumerator, the enum. */
  readonly typeId: number;
  /** Position of the member or enumerator, or the array index. */
  readonly index: number;
  /** Member or enumerator; undefined for an array index. */
  readonly name?: string;
}

/** An access path resolved against one BTF (`struct bpf_core_spec`). */
export interface AccessSpec {
  readonly btf: Btf;
  readonly rootTypeId: number;
  readonly path: readonly Accessor[];
  /** Bits from the start of the root object. */
  readonly bitOffset: number;
}

/** Resolves the access string of a relocation in the object's BTF. relo_core.c: bpf_core_parse_spec. */
export function parseAccessSpec(local: Btf, relo: CoreRelo): Result<AccessSpec> {
  const category = coreCategory(relo.kind);
  const bad = (why: string) =>
    err(invalid(`type ${relo.typeId} with access string '${relo.accessStr}': ${why}`));
  if (category === 'type') {
    if (relo.accessStr !== '0') return bad('a type relocation takes no path');
    return ok({ btf: local, rootTypeId: relo.typeId, path: [], bitOffset: 0 });
  }
  const raw = relo.accessStr.split(':');
  if (raw.some((part) => !/^\d{1,9}$/.test(part))) return bad('not a list of indexes');
  if (raw.length > SPEC_LENGTH_MAX) return err(tooBig(`access string longer than ${SPEC_LENGTH_MAX}`));
  const indexes = raw.map(Number);
  const root = local.resolve(relo.typeId);
  if (category === 'enumval') {
    const index = indexes[0];
    if ((root.kind !== 'enum' && root.kind !== 'enum64') || !isAnyEnum(root) || indexes.length > 1)
      return bad('not an enumerator');
    if (index >= root.values.length) return bad(`enum has ${root.values.length} values`);
    const path = [{ typeId: root.id, index, name: root.values[index].name }];
    return ok({ btf: local, rootTypeId: relo.typeId, path, bitOffset: 0 });
  }
  return parseFieldPath(local, relo, indexes, bad);
}

function parseFieldPath(
  local: Btf,
  relo: CoreRelo,
  indexes: readonly number[],
  bad: (why: string) => Result<never>,
): Result<AccessSpec> {
  let typeId = local.skipModifiers(relo.typeId);
  const rootSize = resolveSize(local, typeId);
  if (rootSize === undefined) return bad('root type has no size');
  const path: Accessor[] = [{ typeId, index: indexes[0] }];
  let bitOffset = indexes[0] * rootSize * 8;
  for (const index of indexes.slice(1)) {
    const type = local.resolve(typeId);
    if (type.kind === 'struct' || type.kind === 'union') {
      const member = type.members[index];
      if (!member) return bad(`${type.kind} ${type.name} has ${type.members.length} members`);
      bitOffset += member.offsetBits;
      if (member.name !== '') path.push({ typeId: type.id, index, name: member.name });
      ({ typeId } = member);
    } else if (type.kind === 'array') {
      if (!indexFits(local, path[path.length - 1], type, index)) return bad(`index ${index} out of bounds`);
      typeId = local.skipModifiers(type.elemTypeId);
      path.push({ typeId, index });
      const size = resolveSize(local, typeId);
      if (size === undefined) return bad('element type has no size');
      bitOffset += index * size * 8;
    } else return bad(`cannot index into ${type.kind} ${type.name}`.trimEnd());
  }
  return ok({ btf: local, rootTypeId: relo.typeId, path, bitOffset });
}

/** Within bounds, or into a flexible array: one without elements that ends its struct (relo_core.c: is_flex_arr). */
export function indexFits(btf: Btf, holder: Accessor, array: BtfArray, index: number): boolean {
  if (array.count > 0 || holder.name === undefined) return index < array.count;
  const parent = btf.type(holder.typeId);
  return (parent.kind === 'struct' || parent.kind === 'union') && holder.index === parent.members.length - 1;
}
