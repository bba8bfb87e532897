import { assert } from '@probed/base';
import type { Btf } from './btf';
import { encodeSections } from './encode';
import { KIND } from './kinds';
import { StringPool } from './string-pool';
import { visitNames, visitTypeIds } from './type-fields';
import { TypeWords, wordsOf } from './type-words';
import type { BtfKind, BtfLinkage, BtfMember, BtfParam, BtfVarSecInfo } from './types';

const LINKAGE: Record<BtfLinkage, number> = { static: 0, global: 1, extern: 2 };

/** A member to encode; `bits` may be left out. */
export type NewMember = Omit<BtfMember, 'bits'> & { readonly bits?: number };

/**
 * Writes BTF: each method appends one type and returns its id, {@link BtfBuilder.finish} the bytes.
 * Ids are given in order from 1, or on from the base's when it writes split BTF, so a type may refer to one added later
 * (see {@link BtfBuilder.nextId}).
 */
export class BtfBuilder {
  private readonly types: TypeWords;
  private readonly strings: StringPool;

  /** @param base what the new types may refer to: the result is split BTF, to be parsed with the same base */
  constructor(base?: Btf) {
    this.types = new TypeWords(base?.typeCount);
    this.strings = new StringPool(base?.raw().strings.bytes.length);
  }

  /** Id of the type that the next call appends. */
  get nextId(): number {
    return this.types.count;
  }

  /** Offset of a string in the string section, added when new; for `.BTF.ext`. */
  string(text: string): number {
    return this.strings.add(text);
  }

  /**
   * Appends a copy of another BTF's type. Its names are taken over; the type ids in it stay as they are until
   * {@link remap} says what they have become.
   */
  append(from: Btf, id: number): number {
    assert(from.has(id) && id > 0, `BTF type ${id} does not exist`);
    const { section, strings } = from.raw();
    const copy = this.types.copy(wordsOf(section, id));
    const { words } = this.types;
    visitNames(words, copy.start, (at) => {
      words[at] = this.strings.add(strings.at(words[at]));
    });
    return copy.id;
  }

  /**
   * Rewrites the type ids in the types from `firstId` on.
   *
   * @param newId id in this BTF by id in the one that they were copied from
   */
  remap(firstId: number, newId: (id: number) => number): void {
    const { words } = this.types;
    for (let id = firstId; id < this.types.count; id++) {
      visitTypeIds(words, this.types.startOf(id), (at) => {
        words[at] = newId(words[at]);
      });
    }
  }

  /** Points a reference (a modifier, pointer, FUNC, VAR, tag) to another type. */
  retarget(id: number, typeId: number): void {
    this.types.words[this.types.startOf(id) + 2] = typeId;
  }

  /** Sets the linkage of a FUNC or VAR. */
  setLinkage(id: number, linkage: BtfLinkage): void {
    const { words } = this.types;
    const info = this.types.startOf(id) + 1;
    if (words[info] >>> 24 === KIND.var) words[this.types.bodyOf(id)] = LINKAGE[linkage];
    else words[info] = ((KIND.func << 24) | LINKAGE[linkage]) >>> 0;
  }

  /** Names a parameter of a FUNC_PROTO. */
  nameParam(protoId: number, index: number, name: string): void {
    this.types.words[this.types.bodyOf(protoId) + 2 * index] = this.strings.add(name);
  }

  /** `bits` and `bitOffset` are for old-style bit fields. */
  int(
    name: string,
    size: number,
    options: { signed?: boolean; char?: boolean; bool?: boolean; bits?: number; bitOffset?: number } = {},
  ): number {
    const encoding = (options.signed ? 1 : 0) | (options.char ? 2 : 0) | (options.bool ? 4 : 0);
    const id = this.head('int', name, size);
    this.push((encoding << 24) | ((options.bitOffset ?? 0) << 16) | (options.bits ?? size * 8));
    return id;
  }

  float(name: string, size: number): number {
    return this.head('float', name, size);
  }

  ptr(typeId: number): number {
    return this.head('ptr', '', typeId);
  }

  typedef(name: string, typeId: number): number {
    return this.head('typedef', name, typeId);
  }

  const(typeId: number): number {
    return this.head('const', '', typeId);
  }

  volatile(typeId: number): number {
    return this.head('volatile', '', typeId);
  }

  restrict(typeId: number): number {
    return this.head('restrict', '', typeId);
  }

  typeTag(tag: string, typeId: number, attribute = false): number {
    return this.head('type_tag', tag, typeId, { flag: attribute });
  }

  array(elemTypeId: number, count: number, indexTypeId: number): number {
    const id = this.head('array', '', 0);
    this.push(elemTypeId, indexTypeId, count);
    return id;
  }

  struct(name: string, size: number, members: readonly NewMember[]): number {
    return this.composite('struct', name, size, members);
  }

  union(name: string, size: number, members: readonly NewMember[]): number {
    return this.composite('union', name, size, members);
  }

  fwd(name: string, of: 'struct' | 'union'): number {
    return this.head('fwd', name, 0, { flag: of === 'union' });
  }

  enum(
    name: string,
    size: number,
    values: readonly { readonly name: string; readonly value: number }[],
    signed = values.some(({ value }) => value < 0),
  ): number {
    const id = this.head('enum', name, size, { vlen: values.length, flag: signed });
    for (const value of values) this.push(this.string(value.name), value.value);
    return id;
  }

  enum64(
    name: string,
    size: number,
    values: readonly { readonly name: string; readonly value: bigint }[],
    signed = values.some(({ value }) => value < 0n),
  ): number {
    const id = this.head('enum64', name, size, { vlen: values.length, flag: signed });
    for (const { name: text, value } of values)
      this.push(this.string(text), Number(value & 0xffff_ffffn), Number((value >> 32n) & 0xffff_ffffn));
    return id;
  }

  /** A last parameter of type 0 without a name stands for `...`. */
  funcProto(returnTypeId: number, params: readonly BtfParam[]): number {
    const id = this.head('func_proto', '', returnTypeId, { vlen: params.length });
    for (const param of params) this.push(this.string(param.name), param.typeId);
    return id;
  }

  func(name: string, protoId: number, linkage: BtfLinkage = 'global'): number {
    return this.head('func', name, protoId, { vlen: LINKAGE[linkage] });
  }

  var(name: string, typeId: number, linkage: BtfLinkage = 'global'): number {
    const id = this.head('var', name, typeId);
    this.push(LINKAGE[linkage]);
    return id;
  }

  datasec(name: string, size: number, vars: readonly BtfVarSecInfo[]): number {
    const id = this.head('datasec', name, size, { vlen: vars.length });
    for (const { typeId, offset, size: bytes } of vars) this.push(typeId, offset, bytes);
    return id;
  }

  declTag(tag: string, typeId: number, componentIndex = -1, attribute = false): number {
    const id = this.head('decl_tag', tag, typeId, { flag: attribute });
    this.push(componentIndex);
    return id;
  }

  /** The whole: header, types, strings. */
  finish(): Uint8Array {
    return encodeSections(this.types.bytes, this.strings.finish());
  }

  /** With any bit field, kind_flag packs widths into the offsets. */
  private composite(
    kind: 'struct' | 'union',
    name: string,
    size: number,
    members: readonly NewMember[],
  ): number {
    const flag = members.some(({ bits }) => bits);
    const id = this.head(kind, name, size, { vlen: members.length, flag });
    for (const { name: memberName, typeId, offsetBits, bits = 0 } of members) {
      this.push(this.string(memberName), typeId, flag ? (bits << 24) | offsetBits : offsetBits);
    }
    return id;
  }

  private head(
    kind: BtfKind,
    name: string,
    sizeOrType: number,
    { vlen = 0, flag = false }: { vlen?: number; flag?: boolean } = {},
  ): number {
    const info = ((flag ? 0x8000_0000 : 0) | (KIND[kind] << 24) | vlen) >>> 0;
    return this.types.begin(this.string(name), info, sizeOrType);
  }

  private push(...words: number[]): void {
    for (const word of words) this.types.push(word);
  }
}
