import type { Btf } from './btf';
import type { BtfMemberPlace } from './types';

type Step = { readonly name: string } | { readonly index: number };

const STEP = /\.?([A-Za-z_$][\w$]*)|\[(\d+)\]/y;

/** Splits `a.b[2].c` into steps; undefined when it is no path. */
function parsePath(path: string): Step[] | undefined {
  const steps: Step[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < path.length) {
    const first = STEP.lastIndex === 0;
    const match = STEP.exec(path);
    if (!match) return undefined;
    const dotted = match[0][0] === '.';
    if (match[1] !== undefined && dotted === first) return undefined;
    steps.push(match[1] !== undefined ? { name: match[1] } : { index: Number(match[2]) });
  }
  return steps.length > 0 ? steps : undefined;
}

/** Follows a path from a struct or union; see `Btf.member`. */
export function findMember(btf: Btf, structId: number, path: string): BtfMemberPlace | undefined {
  const steps = parsePath(path);
  if (!steps) return undefined;
  let place: BtfMemberPlace = { offsetBits: 0, bits: 0, typeId: structId };
  for (const step of steps) {
    const next =
      'name' in step ? findNamedMember(btf, place.typeId, step.name) : indexed(btf, place.typeId, step.index);
    if (!next) return undefined;
    place = { ...next, offsetBits: place.offsetBits + next.offsetBits };
  }
  return place;
}

/**
 * A member by name, in the type or in its anonymous members. `missed` holds the types already searched in vain, so
 * that a type nested many times over is searched once.
 */
export function findNamedMember(
  btf: Btf,
  typeId: number,
  name: string,
  missed?: Set<number>,
): BtfMemberPlace | undefined {
  const type = btf.resolve(typeId);
  if ((type.kind !== 'struct' && type.kind !== 'union') || missed?.has(type.id)) return undefined;
  for (const { name: own, typeId: memberType, offsetBits, bits } of type.members) {
    if (own === name) return { offsetBits, bits, typeId: memberType };
    if (own !== '') continue;
    missed ??= new Set();
    const inner = findNamedMember(btf, memberType, name, missed);
    if (inner) return { ...inner, offsetBits: inner.offsetBits + offsetBits };
  }
  missed?.add(type.id);
  return undefined;
}

function indexed(btf: Btf, typeId: number, index: number): BtfMemberPlace | undefined {
  const type = btf.resolve(typeId);
  if (type.kind !== 'array' || (type.count > 0 && index >= type.count)) return undefined;
  return { offsetBits: index * btf.sizeOf(type.elemTypeId) * 8, bits: 0, typeId: type.elemTypeId };
}
