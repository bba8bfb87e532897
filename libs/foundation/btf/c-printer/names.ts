import type { Btf } from '../btf';

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const KEYWORDS = new Set(
  (
    'auto break case char const continue default do double else enum extern float for goto if inline int long ' +
    'register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while ' +
    '_Alignas _Alignof _Atomic _Bool _Complex _Generic _Imaginary _Noreturn _Static_assert _Thread_local asm typeof'
  ).split(' '),
);

/** A name as C can write it; other languages' names get `_` for what C has not. */
export function identifier(name: string): string {
  if (IDENTIFIER.test(name)) return KEYWORDS.has(name) ? `${name}_` : name;
  return name.replace(/[^\w$]/g, '_').replace(/^(?=\d)/, '_');
}

/**
 * Gives each type a name that is its own. A second type of the same name becomes `name___2`, which CO-RE reads as a
 * flavour of the first. Tags (struct, union, enum) and ordinary identifiers (typedefs, enumerators) do not clash in C.
 * tools/lib/bpf/btf_dump.c: btf_dump_resolve_name.
 */
export class Names {
  private readonly byId = new Map<number, string>();
  private readonly tags = new Map<string, number>();
  private readonly identifiers = new Map<string, number>();

  constructor(private readonly btf: Btf) {}

  /** Tag of a struct, union, enum or forward declaration; empty for an anonymous one. */
  tag(id: number): string {
    let name = this.byId.get(id);
    if (name === undefined) {
      const type = this.btf.type(id);
      const cName = type.name && identifier(type.name);
      // What is only declared goes by the name of its definition.
      const declared = type.kind === 'fwd' || (type.kind === 'enum' && type.values.length === 0);
      name = declared || cName === '' ? cName : take(this.tags, cName);
      this.byId.set(id, name);
    }
    return name;
  }

  /** Name of a typedef, or of a base type that C does not have. */
  typeName(id: number): string {
    let name = this.byId.get(id);
    if (name === undefined) {
      name = this.takeIdentifier(this.btf.type(id).name);
      this.byId.set(id, name);
    }
    return name;
  }

  /** An ordinary identifier, numbered when it was taken before. */
  takeIdentifier(name: string): string {
    return take(this.identifiers, identifier(name));
  }
}

function take(taken: Map<string, number>, name: string): string {
  const uses = (taken.get(name) ?? 0) + 1;
  taken.set(name, uses);
  return uses === 1 ? name : `${name}___${uses}`;
}
