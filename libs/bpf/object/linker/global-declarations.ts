import type { Btf } from '@probed/btf';

/** What BTF says of a global or extern symbol. */
export interface GlobalDeclaration {
  /** A FUNC or VAR that is not static. */
  readonly typeId: number;
  /** Name of the DATASEC that lists it; undefined for none, and for the one of plain externs. */
  readonly section: string | undefined;
}

const EXTERN_DATASEC = '.extern';

/** Global and extern FUNCs and VARs of one object by name. tools/lib/bpf/linker.c: find_glob_sym_btf. */
export class GlobalDeclarations {
  private readonly byName = new Map<string, GlobalDeclaration | 'ambiguous'>();

  constructor(btf: Btf) {
    for (const kind of ['func', 'var'] as const)
      for (const id of btf.idsOfKind(kind)) {
        const { name } = btf.type(id);
        if (!isStatic(btf, id)) this.byName.set(name, { typeId: id, section: undefined });
      }
    for (const { name: section, variables } of btf.dataSections())
      for (const { name, declId } of variables) {
        if (isStatic(btf, declId)) continue;
        const known = this.byName.get(name);
        const twice = known !== undefined && known !== 'ambiguous' && known.typeId !== declId;
        const named = section === EXTERN_DATASEC ? undefined : section;
        this.byName.set(name, twice ? 'ambiguous' : { typeId: declId, section: named });
      }
  }

  find(name: string): GlobalDeclaration | 'ambiguous' | undefined {
    return this.byName.get(name);
  }
}

function isStatic(btf: Btf, id: number): boolean {
  const type = btf.type(id);
  return 'linkage' in type && type.linkage === 'static';
}
