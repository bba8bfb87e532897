import { assert } from '@probed/base';
import type { Btf } from './btf';
import type { BtfDataSection } from './types';

/** A DATASEC with the VARs and FUNCs it lists resolved to name, place and type. */
export function resolveDataSection(btf: Btf, typeId: number): BtfDataSection {
  const section = btf.type(typeId);
  assert(section.kind === 'datasec', `BTF type ${typeId} is no DATASEC`);
  const variables = section.vars.map(({ typeId: declId, offset, size }) => {
    const decl = btf.type(declId);
    assert(decl.kind === 'var' || decl.kind === 'func', `BTF type ${declId} is neither VAR nor FUNC`);
    const { name, linkage, kind } = decl;
    return { name, offset, size, typeId: decl.typeId, declId, kind, linkage };
  });
  return { name: section.name, typeId, size: section.size, variables };
}
