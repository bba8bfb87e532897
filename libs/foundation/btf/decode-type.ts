import { KIND_NAMES } from './kinds';
import { HEADER_WORDS, kindFlagOf, kindOf, type TypeSection, vlenOf } from './scan';
import type { StringTable } from './strings';
import type { BtfKind, BtfLinkage, BtfMember, BtfType } from './types';

/** One type about to be decoded. */
interface Source {
  readonly id: number;
  readonly name: string;
  readonly words: Uint32Array;
  /** `size_type`. */
  readonly sizeOrType: number;
  readonly vlen: number;
  readonly flag: boolean;
  /** Word index of what follows `struct btf_type`. */
  readonly body: number;
  readonly strings: StringTable;
}

const LINKAGES: readonly BtfLinkage[] = ['static', 'global', 'extern'];
const linkage = (value: number): BtfLinkage => LINKAGES[value] ?? 'static';

type Decoder = (source: Source) => BtfType;

/** Decodes each kind; mirrors the structs of include/uapi/linux/btf.h. */
const DECODERS: Record<BtfKind, Decoder> = {
  void: ({ id }) => ({ kind: 'void', id, name: '' }),
  int: ({ id, name, words, sizeOrType, body }) => {
    const data = words[body];
    const encoding = (data >>> 24) & 0xf;
    return {
      kind: 'int',
      id,
      name,
      size: sizeOrType,
      signed: (encoding & 1) !== 0,
      char: (encoding & 2) !== 0,
      bool: (encoding & 4) !== 0,
      bits: data & 0xff,
      bitOffset: (data >>> 16) & 0xff,
    };
  },
  ptr: ({ id, name, sizeOrType }) => ({ kind: 'ptr', id, name, typeId: sizeOrType }),
  array: ({ id, name, words, body }) => ({
    kind: 'array',
    id,
    name,
    elemTypeId: words[body],
    indexTypeId: words[body + 1],
    count: words[body + 2],
  }),
  struct: (source) => ({ kind: 'struct', ...composite(source) }),
  union: (source) => ({ kind: 'union', ...composite(source) }),
  enum: ({ id, name, words, sizeOrType, vlen, flag, body, strings }) => ({
    kind: 'enum',
    id,
    name,
    size: sizeOrType,
    signed: flag,
    values: Array.from({ length: vlen }, (_, i) => {
      const value = words[body + 2 * i + 1];
      return { name: strings.at(words[body + 2 * i]), value: flag ? value | 0 : value };
    }),
  }),
  fwd: ({ id, name, flag }) => ({ kind: 'fwd', id, name, of: flag ? 'union' : 'struct' }),
  typedef: ({ id, name, sizeOrType }) => ({ kind: 'typedef', id, name, typeId: sizeOrType }),
  volatile: ({ id, name, sizeOrType }) => ({ kind: 'volatile', id, name, typeId: sizeOrType }),
  const: ({ id, name, sizeOrType }) => ({ kind: 'const', id, name, typeId: sizeOrType }),
  restrict: ({ id, name, sizeOrType }) => ({ kind: 'restrict', id, name, typeId: sizeOrType }),
  func: ({ id, name, sizeOrType, vlen }) => ({
    kind: 'func',
    id,
    name,
    typeId: sizeOrType,
    linkage: linkage(vlen),
  }),
  func_proto: ({ id, name, words, sizeOrType, vlen, body, strings }) => ({
    kind: 'func_proto',
    id,
    name,
    returnTypeId: sizeOrType,
    params: Array.from({ length: vlen }, (_, i) => ({
      name: strings.at(words[body + 2 * i]),
      typeId: words[body + 2 * i + 1],
    })),
  }),
  var: ({ id, name, words, sizeOrType, body }) => ({
    kind: 'var',
    id,
    name,
    typeId: sizeOrType,
    linkage: linkage(words[body]),
  }),
  datasec: ({ id, name, words, sizeOrType, vlen, body }) => ({
    kind: 'datasec',
    id,
    name,
    size: sizeOrType,
    vars: Array.from({ length: vlen }, (_, i) => ({
      typeId: words[body + 3 * i],
      offset: words[body + 3 * i + 1],
      size: words[body + 3 * i + 2],
    })),
  }),
  float: ({ id, name, sizeOrType }) => ({ kind: 'float', id, name, size: sizeOrType }),
  decl_tag: ({ id, name, words, sizeOrType, flag, body }) => ({
    kind: 'decl_tag',
    id,
    name,
    typeId: sizeOrType,
    componentIndex: words[body] | 0,
    attribute: flag,
  }),
  type_tag: ({ id, name, sizeOrType, flag }) => ({
    kind: 'type_tag',
    id,
    name,
    typeId: sizeOrType,
    attribute: flag,
  }),
  enum64: ({ id, name, words, sizeOrType, vlen, flag, body, strings }) => ({
    kind: 'enum64',
    id,
    name,
    size: sizeOrType,
    signed: flag,
    values: Array.from({ length: vlen }, (_, i) => {
      const at = body + 3 * i;
      const value = (BigInt(words[at + 2]) << 32n) | BigInt(words[at + 1]);
      return { name: strings.at(words[at]), value: flag ? BigInt.asIntN(64, value) : value };
    }),
  }),
};

function composite({ id, name, words, sizeOrType, vlen, flag, body, strings }: Source) {
  const members: BtfMember[] = [];
  for (let i = 0; i < vlen; i++) {
    const at = body + 3 * i;
    const offset = words[at + 2];
    members.push({
      name: strings.at(words[at]),
      typeId: words[at + 1],
      // kind_flag packs the width of a bit field into the high byte (BTF_MEMBER_BITFIELD_SIZE).
      offsetBits: flag ? offset & 0xff_ffff : offset,
      bits: flag ? offset >>> 24 : 0,
    });
  }
  return { id, name, size: sizeOrType, members };
}

/** Decodes a type whose references were checked by the scan. */
export function decodeType(section: TypeSection, strings: StringTable, id: number): BtfType {
  const { words, starts } = section;
  const start = starts[id];
  const info = words[start + 1];
  return DECODERS[KIND_NAMES[kindOf(info)]]({
    id,
    name: strings.at(words[start]),
    words,
    sizeOrType: words[start + 2],
    vlen: vlenOf(info),
    flag: kindFlagOf(info),
    body: start + HEADER_WORDS,
    strings,
  });
}
