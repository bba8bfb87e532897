import { isPacked } from '../alignment';
import type { Btf } from '../btf';
import type { BtfEnum, BtfEnum64, BtfFuncProto, BtfStruct, BtfType, BtfUnion } from '../types';
import { isCBaseType } from './base-types';
import { UnprintableError } from './fault';
import { identifier, type Names } from './names';
import { type Pad, padsBetween, StructLayout } from './padding';

/** Output beyond this is refused: anonymous types nested in one another print at each use. A vmlinux takes 3 MB. */
const OUTPUT_CHARS_MAX = 64 * 1024 * 1024;

/** Anonymous types within one another; printing recurses. */
const NESTING_MAX = 128;

const PACKED = ' __attribute__((packed))';

/** Writes types as C text; what they refer to must have been declared before. */
export class Renderer {
  private chars = 0;

  constructor(
    private readonly btf: Btf,
    private readonly names: Names,
  ) {}

  /**
   * Declaration of `declarator` (a name, or nothing for an abstract one) with a type, e.g. `int (*cb)(struct file *)`.
   * Works inside out, from the name to the base type.
   */
  declaration(typeId: number, declarator: string, indent: number): string {
    let inner = declarator;
    let qualifiers: string[] = [];
    let tags: string[] = [];
    for (;;) {
      const type = this.btf.type(typeId);
      switch (type.kind) {
        case 'const':
        case 'volatile':
        case 'restrict':
          // Compilers put `const` on an array and on its elements both.
          if (!qualifiers.includes(type.kind)) qualifiers.unshift(type.kind);
          typeId = type.typeId;
          break;
        case 'type_tag':
          tags.unshift(`__attribute__((${type.attribute ? type.name : `btf_type_tag("${type.name}")`}))`);
          typeId = type.typeId;
          break;
        case 'ptr': {
          const words = [...qualifiers, ...tags].join(' ');
          inner = words ? `* ${words}${inner && ` ${inner}`}` : `*${inner}`;
          [qualifiers, tags] = [[], []];
          typeId = type.typeId;
          break;
        }
        case 'array':
          inner = `${group(inner)}[${type.count}]`;
          typeId = type.elemTypeId;
          break;
        case 'func_proto':
          // A qualified function means nothing in C; old compilers marked noreturn with it.
          [qualifiers, tags] = [[], []];
          inner = `${group(inner)}(${this.parameters(type, indent)})`;
          typeId = type.returnTypeId;
          break;
        default:
          return this.finish(type, inner, qualifiers, tags, indent);
      }
    }
  }

  /** Body of a named or anonymous struct or union, from the keyword to the closing attributes. */
  composite(type: BtfStruct | BtfUnion, indent: number): string {
    if (indent > NESTING_MAX) throw new UnprintableError(`types nest deeper than ${NESTING_MAX}`);
    const tabs = '\t'.repeat(indent + 1);
    const lines = type.kind === 'struct' ? this.structLines(type, indent) : this.unionLines(type, indent);
    const head = type.name === '' ? type.kind : this.names.tag(type.id);
    const body: string[] = [];
    for (const line of lines) body.push(this.spend(`${tabs}${line};\n`));
    const attributes = isPacked(this.btf, type) ? PACKED : '';
    if (body.length === 0) return `${head} {}${attributes}`;
    return `${head} {\n${body.join('')}${'\t'.repeat(indent)}}${attributes}`;
  }

  /** An enum from the keyword to the closing attributes; enumerators taken before are numbered. */
  enumeration(type: BtfEnum | BtfEnum64, indent: number): string {
    const head = type.name === '' ? 'enum' : this.names.tag(type.id);
    if (type.values.length === 0) return head;
    const tabs = '\t'.repeat(indent + 1);
    const suffix = type.kind === 'enum' ? '' : type.signed ? 'LL' : 'ULL';
    const body = type.values.map(({ name, value }) =>
      this.spend(`${tabs}${this.names.takeIdentifier(name)} = ${value}${suffix},\n`),
    );
    return `${head} {\n${body.join('')}${'\t'.repeat(indent)}}${enumMode(type)}`;
  }

  private finish(
    type: BtfType,
    inner: string,
    qualifiers: readonly string[],
    tags: readonly string[],
    indent: number,
  ): string {
    // `restrict` goes with pointers alone.
    const words = qualifiers.filter((word) => word !== 'restrict' || type.kind === 'typedef');
    const text = [...words, this.base(type, indent), ...tags, inner].filter((word) => word !== '');
    return this.spend(text.join(' '));
  }

  private base(type: BtfType, indent: number): string {
    switch (type.kind) {
      case 'void':
        return 'void';
      case 'int':
      case 'float':
        return isCBaseType(type) ? type.name : this.names.typeName(type.id);
      case 'typedef':
        return this.names.typeName(type.id);
      case 'struct':
      case 'union':
        return type.name === '' ? this.composite(type, indent) : this.names.tag(type.id);
      case 'enum':
      case 'enum64':
        return type.name === '' ? this.enumeration(type, indent) : this.names.tag(type.id);
      case 'fwd':
        return this.names.tag(type.id);
      default:
        throw new UnprintableError(`type ${type.id} (${type.kind}) cannot be part of a declaration`);
    }
  }

  private parameters({ params }: BtfFuncProto, indent: number): string {
    // Clang describes `(void)` as one parameter of type void.
    if (params.length === 0 || (params.length === 1 && params[0].typeId === 0)) return 'void';
    const text = params.map(({ name, typeId }, i) =>
      typeId === 0 && i === params.length - 1
        ? '...'
        : this.declaration(typeId, name && identifier(name), indent),
    );
    return text.join(', ');
  }

  private *structLines(type: BtfStruct, indent: number): Generator<string> {
    const layout = new StructLayout(this.btf, type);
    for (const member of type.members) {
      yield* padLines(layout.before(member));
      yield this.member(member.typeId, member.name, member.bits, indent);
    }
    yield* padLines(layout.after());
  }

  private *unionLines(type: BtfUnion, indent: number): Generator<string> {
    let widest = 0;
    for (const { typeId, name, bits } of type.members) {
      widest = Math.max(widest, bits ? Math.ceil(bits / 8) : this.btf.sizeOf(typeId));
      yield this.member(typeId, name, bits, indent);
    }
    const align = this.btf.alignOf(type.id);
    if (Math.ceil(widest / align) * align >= type.size) return;
    // A union is padded by a member as large as itself.
    const tabs = '\t'.repeat(indent + 2);
    const pads = [...padLines(padsBetween(0, type.size * 8))].map((pad) => this.spend(`${tabs}${pad};\n`));
    yield `struct {\n${pads.join('')}${'\t'.repeat(indent + 1)}}`;
  }

  private member(typeId: number, name: string, bits: number, indent: number): string {
    const text = this.declaration(typeId, name && identifier(name), indent + 1);
    return bits ? `${text}: ${bits}` : text;
  }

  private spend(text: string): string {
    this.chars += text.length;
    if (this.chars > OUTPUT_CHARS_MAX) throw new UnprintableError('the types are too large to print');
    return text;
  }
}

/** Arrays and functions bind tighter than `*`. */
function group(inner: string): string {
  return inner.startsWith('*') ? `(${inner})` : inner;
}

function* padLines(pads: Iterable<Pad>): Generator<string> {
  for (const { type, bits } of pads) yield `${type}: ${bits}`;
}

/** An attribute where the enumerators alone would give the enum another size. */
function enumMode(type: BtfEnum | BtfEnum64): string {
  if (type.size === 1) return ' __attribute__((mode(byte)))';
  if (type.size === 2) return ' __attribute__((mode(HI)))';
  if (type.size !== 8) return '';
  const values = type.values.map(({ value }) => BigInt(value));
  const fitsS32 = values.every((value) => value >= -0x8000_0000n && value <= 0x7fff_ffffn);
  const fitsU32 = values.every((value) => value >= 0n && value <= 0xffff_ffffn);
  return fitsS32 || fitsU32 ? ' __attribute__((mode(word)))' : '';
}
