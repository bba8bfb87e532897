import type { Btf } from '@probed/btf';

/**
 * `btf_struct_ids_match`: the struct at `off` of a type is the wanted one, itself or as the first part of another.
 * @param strict only the type itself, at offset 0
 */
export function structContains(
  btf: Btf,
  typeId: number,
  off: number,
  wanted: number,
  strict: boolean,
): boolean {
  if (off === 0 && sameType(btf, typeId, wanted)) return true;
  if (strict) return false;
  let id = typeId;
  let at = off;
  for (let depth = 0; depth < 32; depth++) {
    const type = btf.resolve(id);
    if (type.kind !== 'struct' && type.kind !== 'union') return false;
    const member = type.members.find((m) => {
      const start = m.offsetBits >> 3;
      return m.bits === 0 && start <= at && at < start + btf.sizeOf(m.typeId);
    });
    if (!member) return false;
    at -= member.offsetBits >> 3;
    let inner = btf.skipModifiers(member.typeId);
    for (let t = btf.type(inner); t.kind === 'array'; t = btf.type(inner)) {
      at %= btf.sizeOf(t.elemTypeId) || 1;
      inner = btf.skipModifiers(t.elemTypeId);
    }
    id = inner;
    if (at === 0 && sameType(btf, id, wanted)) return true;
  }
  return false;
}

function sameType(btf: Btf, a: number, b: number): boolean {
  return btf.skipModifiers(a) === btf.skipModifiers(b);
}
