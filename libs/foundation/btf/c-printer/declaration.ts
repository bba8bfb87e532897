import type { Btf } from '../btf';
import type { BtfFuncProto, BtfType } from '../types';

/** How the parts of a declaration that are no declarator are written. */
interface DeclarationParts {
  /** The type that the chain of declarators ends in. */
  base(type: BtfType): string;
  /** A parameter of a prototype. */
  param(typeId: number, name: string): string;
}

const QUALIFIERS: ReadonlySet<string> = new Set(['const', 'volatile', 'restrict']);
const isQualifier = (type: BtfType | undefined): boolean => type !== undefined && QUALIFIERS.has(type.kind);

/**
 * A declaration in C, whose order is inside out: pointers to the left of the name, arrays and parameters to its right.
 * Qualifiers stand behind a pointer and before all else. Spacing is bpftool's.
 * tools/lib/bpf/btf_dump.c: btf_dump_emit_type_chain.
 */
export function declaration(btf: Btf, typeId: number, name: string, parts: DeclarationParts): string {
  const chain: BtfType[] = [];
  for (let id = typeId; ; ) {
    const type = btf.type(id);
    chain.push(type);
    if (type.kind === 'array') id = type.elemTypeId;
    else if (type.kind === 'func_proto') id = type.returnTypeId;
    else if (type.kind === 'ptr' || type.kind === 'type_tag' || isQualifier(type))
      id = (type as { typeId: number }).typeId;
    else break;
  }
  return new Chain(chain, name, parts).write();
}

/** A chain of types from the outermost declarator to the base type, taken from its end. */
class Chain {
  constructor(
    private readonly types: BtfType[],
    private readonly name: string,
    private readonly parts: DeclarationParts,
  ) {}

  write(): string {
    let text = '';
    let afterPtr = true;
    for (let type = this.types.pop(); type; type = this.types.pop()) {
      switch (type.kind) {
        case 'ptr':
          text += afterPtr ? '*' : ' *';
          break;
        case 'const':
        case 'volatile':
        case 'restrict':
          text += ` ${type.kind}`;
          break;
        case 'type_tag': {
          const qualifiers = this.qualifiers();
          const argument = type.attribute ? type.name : `btf_type_tag("${type.name}")`;
          text += `${qualifiers} __attribute__((${argument}))`;
          break;
        }
        case 'array':
          return this.array(text, type.count, afterPtr);
        case 'func_proto':
          return this.prototype(text, type, afterPtr);
        default:
          text += this.qualifiers() + this.parts.base(type);
      }
      afterPtr = type.kind === 'ptr';
    }
    return text + this.nameAfter(afterPtr);
  }

  /** Takes the qualifiers at the end of the chain. */
  private qualifiers(): string {
    let text = '';
    while (isQualifier(this.types.at(-1))) text += `${this.types.pop()?.kind} `;
    return text;
  }

  /** Compilers put an element's qualifiers on the array too, and `volatile` on functions that do not return. */
  private dropQualifiers(): void {
    while (isQualifier(this.types.at(-1))) this.types.pop();
  }

  private nameAfter(ptr: boolean): string {
    return this.name !== '' && !ptr ? ` ${this.name}` : this.name;
  }

  private array(text: string, count: number, afterPtr: boolean): string {
    this.dropQualifiers();
    if (this.types.length === 0) return `${text}${this.nameAfter(afterPtr)}[${count}]`;
    const space = this.name !== '' && !afterPtr ? ' ' : '';
    const dimensions = this.types.at(-1)?.kind === 'array';
    const inner = this.write();
    return `${text}${space}${dimensions ? inner : `(${inner})`}[${count}]`;
  }

  private prototype(text: string, type: BtfFuncProto, afterPtr: boolean): string {
    this.dropQualifiers();
    const inner = this.types.length > 0 ? ` (${this.write()})` : this.nameAfter(afterPtr);
    return `${text}${inner}(${this.parameters(type)})`;
  }

  private parameters({ params }: BtfFuncProto): string {
    // Clang describes `(void)` as one parameter of type void.
    if (params.length === 0 || (params.length === 1 && params[0].typeId === 0)) return 'void';
    const last = params.length - 1;
    return params
      .map(({ name, typeId }, i) => (typeId === 0 && i === last ? '...' : this.parts.param(typeId, name)))
      .join(', ');
  }
}
