import type { Btf } from '../btf';
import type {
  BtfEnum,
  BtfEnum64,
  BtfFloat,
  BtfFwd,
  BtfInt,
  BtfMember,
  BtfStruct,
  BtfTypedef,
  BtfUnion,
} from '../types';
import { isCBaseType } from './base-types';
import { declaration } from './declaration';
import { UnprintableError } from './fault';
import type { PrintedLayout } from './layout';
import { identifier, type Names } from './names';
import { tabs } from './output';
import { type Pad, padsBetween } from './padding';

/** Anonymous types within one another; printing recurses. */
const NESTING_MAX = 128;
/** Text of one definition, of which anonymous types may be a part many times over. */
const DEFINITION_CHARS_MAX = 16 * 1024 * 1024;

/** Writes types as C text; what they refer to must have been declared before. */
export class Renderer {
  private chars = 0;

  constructor(
    private readonly btf: Btf,
    private readonly names: Names,
    private readonly layout: PrintedLayout,
  ) {}

  /** Declaration of a name, or of nothing, with a type: `int (*cb)(struct file *)`. */
  declaration(typeId: number, name: string, level: number): string {
    return declaration(this.btf, typeId, name, {
      base: (type) => this.base(type.id, level),
      param: (id, param) => this.declaration(id, param && identifier(param), level),
    });
  }

  /** `struct a`. */
  forward(type: BtfStruct | BtfUnion | BtfFwd): string {
    return keyword(type.kind === 'fwd' ? type.of : type.kind, this.names.tag(type.id));
  }

  /** A typedef without its semicolon. Old DWARF lacks what `__gnuc_va_list` stands for. */
  typedef(type: BtfTypedef): string {
    const name = this.names.typeName(type.id);
    if (type.typeId === 0 && type.name === '__gnuc_va_list') return `typedef __builtin_va_list ${name}`;
    return `typedef ${this.declaration(type.typeId, name, 0)}`;
  }

  /** A struct or union from the keyword to the closing attributes. */
  composite(type: BtfStruct | BtfUnion, level: number, tag = this.names.tag(type.id)): string {
    if (level > NESTING_MAX) throw new UnprintableError(`types nest deeper than ${NESTING_MAX}`);
    if (level === 0) this.chars = 0;
    const packed = this.layout.isPacked(type);
    const head = keyword(type.kind, tag);
    const indent = tabs(level + 1);
    const lines: string[] = [];
    for (const line of this.memberLines(type, packed, level)) lines.push(`\n${indent}${this.spend(line)};`);
    const end = lines.length > 0 || type.size > 0 ? `\n${tabs(level)}}` : '}';
    return `${head} {${lines.join('')}${end}${packed ? ' __attribute__((packed))' : ''}`;
  }

  /** An enum from the keyword to the closing attributes; enumerators taken before are numbered. */
  enumeration(type: BtfEnum | BtfEnum64, level: number): string {
    const head = keyword('enum', this.names.tag(type.id));
    if (type.values.length === 0) return head;
    const indent = tabs(level + 1);
    const suffix = type.kind === 'enum' ? '' : type.signed ? 'LL' : 'ULL';
    const body = type.values.map(({ name, value }) =>
      this.spend(`\n${indent}${this.names.takeIdentifier(name)} = ${value}${suffix},`),
    );
    return `${head} {${body.join('')}\n${tabs(level)}}${enumMode(type)}`;
  }

  /** Name of a base type. */
  baseName(type: BtfInt | BtfFloat): string {
    return isCBaseType(type) ? type.name : this.names.typeName(type.id);
  }

  private base(id: number, level: number): string {
    const type = this.btf.type(id);
    switch (type.kind) {
      case 'void':
        return 'void';
      case 'int':
      case 'float':
        return this.baseName(type);
      case 'typedef':
        return this.names.typeName(id);
      case 'struct':
      case 'union':
        return type.name === '' ? this.composite(type, level) : this.forward(type);
      case 'fwd':
        return this.forward(type);
      case 'enum':
      case 'enum64':
        return type.name === '' ? this.enumeration(type, level) : keyword('enum', this.names.tag(id));
      default:
        throw new UnprintableError(`type ${id} (${type.kind}) cannot be part of a declaration`);
    }
  }

  private memberLines(type: BtfStruct | BtfUnion, packed: boolean, level: number): Iterable<string> {
    return type.kind === 'struct'
      ? this.structLines(type, packed, level)
      : this.unionLines(type, packed, level);
  }

  private *structLines(type: BtfStruct, packed: boolean, level: number): Generator<string> {
    let end = 0;
    let afterBitField = false;
    for (const member of type.members) {
      const { typeId, offsetBits, bits } = member;
      const align = packed ? 1 : this.layout.alignOf(typeId);
      yield* padLines(padsBetween(end, offsetBits, align, afterBitField && bits > 0));
      yield this.member(member, level);
      afterBitField = bits > 0;
      end = offsetBits + (bits || this.btf.sizeOf(typeId) * 8);
    }
    yield* padLines(padsBetween(end, type.size * 8, this.layout.alignOf(type.id), false));
  }

  /** A union larger than its members (`aligned`) is padded by a member as large as itself, which bpftool omits. */
  private *unionLines(type: BtfUnion, packed: boolean, level: number): Generator<string> {
    let widest = 0;
    for (const member of type.members) {
      const { typeId, bits } = member;
      widest = Math.max(widest, bits ? Math.ceil(bits / 8) : this.btf.sizeOf(typeId));
      yield this.member(member, level);
    }
    const align = packed ? 1 : Math.max(this.layout.alignOf(type.id), 1);
    if (Math.ceil(widest / align) * align >= type.size) return;
    const indent = tabs(level + 2);
    const pads = [...padLines(padsBetween(0, type.size * 8, 1, false))].map((pad) => `\n${indent}${pad};`);
    yield `struct {${pads.join('')}\n${tabs(level + 1)}}`;
  }

  /**
   * A member without a name whose type has one is an extension of Microsoft's and Plan 9's compilers, which Linux uses
   * since 6.19; to others it declares nothing. Hence its members are written out, which bpftool does not do.
   */
  private member({ typeId, name, bits }: BtfMember, level: number): string {
    const type = name === '' && bits === 0 ? this.btf.resolve(typeId) : undefined;
    const named = type?.name !== '' || this.btf.type(typeId).kind === 'typedef';
    if (named && type && 'members' in type) return this.composite(type, level + 1, '');
    const text = this.declaration(typeId, name && identifier(name), level + 1);
    return bits ? `${text}: ${bits}` : text;
  }

  private spend(text: string): string {
    this.chars += text.length;
    if (this.chars > DEFINITION_CHARS_MAX) throw new UnprintableError('the types are too large to print');
    return text;
  }
}

function keyword(word: string, tag: string): string {
  return tag === '' ? word : `${word} ${tag}`;
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
