import type { Btf } from '../btf';
import type { BtfType } from '../types';

/** What C writes before a tag. */
type TagKeyword = 'struct' | 'union' | 'enum';

function tagKeyword(type: BtfType): TagKeyword | undefined {
  switch (type.kind) {
    case 'struct':
    case 'union':
    case 'enum':
      return type.kind;
    case 'enum64':
      return 'enum';
    case 'fwd':
      return type.of;
    default:
      return undefined;
  }
}

/** One tag that the output uses. */
interface Tag {
  readonly keyword: TagKeyword;
  readonly cName: string;
  /** Some type of that name has taken it for its definition. */
  defined: boolean;
}

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
 */
export class Names {
  private readonly byId = new Map<number, string>();
  private readonly tags = new Map<string, Tag[]>();
  private readonly identifiers = new Map<string, number>();

  constructor(private readonly btf: Btf) {}

  /** Keyword and tag of a struct, union, enum or forward declaration, e.g. `struct file`. */
  tag(id: number): string {
    let name = this.byId.get(id);
    if (name === undefined) {
      const type = this.btf.type(id);
      const keyword = tagKeyword(type) ?? 'struct';
      name = `${keyword} ${this.takeTag(keyword, identifier(type.name), type.kind !== 'fwd')}`;
      this.byId.set(id, name);
    }
    return name;
  }

  /** Name of a typedef or of a base type that C does not have. */
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
    const cName = identifier(name);
    const uses = (this.identifiers.get(cName) ?? 0) + 1;
    this.identifiers.set(cName, uses);
    return uses === 1 ? cName : `${cName}___${uses}`;
  }

  /** A forward declaration shares its tag with the definition, if there is one of that keyword. */
  private takeTag(keyword: TagKeyword, name: string, defines: boolean): string {
    let tags = this.tags.get(name);
    if (!tags) this.tags.set(name, (tags = []));
    let tag = tags.find((known) => known.keyword === keyword && !(defines && known.defined));
    if (!tag) {
      tag = { keyword, cName: tags.length === 0 ? name : `${name}___${tags.length + 1}`, defined: false };
      tags.push(tag);
    }
    tag.defined ||= defines;
    return tag.cName;
  }
}
