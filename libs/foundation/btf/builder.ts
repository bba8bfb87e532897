import { ByteWriter } from '@probed/base';
import { BTF_HEADER_BYTES, BTF_MAGIC, BTF_VERSION, KIND } from './kinds';
import type { BtfKind, BtfLinkage, BtfMember, BtfParam, BtfVarSecInfo } from './types';

const LINKAGE: Record<BtfLinkage, number> = { static: 0, global: 1, extern: 2 };

/** A member to encode; `bits` may be left out. */
export type NewMember = Omit<BtfMember, 'bits'> & { readonly bits?: number };

/**
 * Writes BTF: each method appends one type and returns its id, {@link BtfBuilder.finish} the bytes.
 * Ids are given in order from 1, so a type may refer to one added later (see {@link BtfBuilder.nextId}).
 */
export class BtfBuilder {
  private readonly types = new ByteWriter(1024);
  private readonly strings = new ByteWriter(1024).u8(0);
  private readonly offsets = new Map<string, number>([['', 0]]);
  private count = 1;

  /** Id of the type that the next call appends. */
  get nextId(): number {
    return this.count;
  }

  /** Offset of a string in the string section, added when new; for `.BTF.ext`. */
  string(text: string): number {
    let offset = this.offsets.get(text);
    if (offset === undefined) {
      offset = this.strings.size;
      this.offsets.set(text, offset);
      this.strings.bytes(new TextEncoder().encode(text)).u8(0);
    }
    return offset;
  }

  /** `bits` and `bitOffset` are for old-style bit fields. */
  int(
    name: string,
    size: number,
    options: { signed?: boolean; char?: boolean; bool?: boolean; bits?: number; bitOffset?: number } = {},
  ): number {
    const encoding = (options.signed ? 1 : 0) | (options.char ? 2 : 0) | (options.bool ? 4 : 0);
    const id = this.head('int', name, size);
    this.types.u32((encoding << 24) | ((options.bitOffset ?? 0) << 16) | (options.bits ?? size * 8));
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
    this.types.u32(elemTypeId).u32(indexTypeId).u32(count);
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
    for (const value of values) this.types.u32(this.string(value.name)).u32(value.value >>> 0);
    return id;
  }

  enum64(
    name: string,
    size: number,
    values: readonly { readonly name: string; readonly value: bigint }[],
    signed = values.some(({ value }) => value < 0n),
  ): number {
    const id = this.head('enum64', name, size, { vlen: values.length, flag: signed });
    for (const value of values) this.types.u32(this.string(value.name)).u64(value.value);
    return id;
  }

  /** A last parameter of type 0 without a name stands for `...`. */
  funcProto(returnTypeId: number, params: readonly BtfParam[]): number {
    const id = this.head('func_proto', '', returnTypeId, { vlen: params.length });
    for (const param of params) this.types.u32(this.string(param.name)).u32(param.typeId);
    return id;
  }

  func(name: string, protoId: number, linkage: BtfLinkage = 'global'): number {
    return this.head('func', name, protoId, { vlen: LINKAGE[linkage] });
  }

  var(name: string, typeId: number, linkage: BtfLinkage = 'global'): number {
    const id = this.head('var', name, typeId);
    this.types.u32(LINKAGE[linkage]);
    return id;
  }

  datasec(name: string, size: number, vars: readonly BtfVarSecInfo[]): number {
    const id = this.head('datasec', name, size, { vlen: vars.length });
    for (const { typeId, offset, size: bytes } of vars) this.types.u32(typeId).u32(offset).u32(bytes);
    return id;
  }

  declTag(tag: string, typeId: number, componentIndex = -1, attribute = false): number {
    const id = this.head('decl_tag', tag, typeId, { flag: attribute });
    this.types.u32(componentIndex >>> 0);
    return id;
  }

  /** The whole: header, types, strings. */
  finish(): Uint8Array {
    const header = new ByteWriter(BTF_HEADER_BYTES)
      .u16(BTF_MAGIC)
      .u8(BTF_VERSION)
      .u8(0)
      .u32(BTF_HEADER_BYTES)
      .u32(0)
      .u32(this.types.size)
      .u32(this.types.size)
      .u32(this.strings.size);
    return header.bytes(this.types.finish()).bytes(this.strings.finish()).finish();
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
      this.types.u32(this.string(memberName)).u32(typeId);
      this.types.u32(flag ? ((bits << 24) | offsetBits) >>> 0 : offsetBits);
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
    this.types.u32(this.string(name)).u32(info).u32(sizeOrType);
    return this.count++;
  }
}
