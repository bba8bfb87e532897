import type { Btf } from './btf';
import type { BtfInt, BtfKind, BtfType } from './types';

/** A type as a JSON document with the keys of `bpftool -j btf dump`; 64-bit enumerators as decimal strings. */
export type TypeDocument = Readonly<Record<string, unknown>>;

type Of<K extends BtfKind> = BtfType & { readonly kind: K };

const reference = ({ typeId }: { readonly typeId: number }) => ({ type_id: typeId });

const composite = ({ size, members }: Of<'struct'> | Of<'union'>) => ({
  size,
  vlen: members.length,
  members: members.map(({ name, typeId, offsetBits, bits }) => ({
    name: shown(name),
    type_id: typeId,
    bits_offset: offsetBits,
    ...(bits > 0 && { bitfield_size: bits }),
  })),
});

const enumeration = ({ size, signed, values }: Of<'enum'> | Of<'enum64'>) => ({
  encoding: signed ? 'SIGNED' : 'UNSIGNED',
  size,
  vlen: values.length,
  values: values.map(({ name, value }) => ({
    name: shown(name),
    val: typeof value === 'bigint' ? value.toString() : value,
  })),
});

/** What a document says besides id, kind and name. */
const DETAILS: { readonly [K in BtfKind]: (type: Of<K>, btf: Btf) => object } = {
  void: () => ({}),
  int: (type) => ({
    size: type.size,
    bits_offset: type.bitOffset,
    nr_bits: type.bits,
    encoding: encoding(type),
  }),
  ptr: reference,
  array: (type) => ({
    type_id: type.elemTypeId,
    index_type_id: type.indexTypeId,
    nr_elems: type.count,
  }),
  struct: composite,
  union: composite,
  enum: enumeration,
  enum64: enumeration,
  fwd: (type) => ({ fwd_kind: type.of }),
  typedef: reference,
  volatile: reference,
  const: reference,
  restrict: reference,
  func: (type) => ({ type_id: type.typeId, linkage: type.linkage }),
  func_proto: (type) => ({
    ret_type_id: type.returnTypeId,
    vlen: type.params.length,
    params: type.params.map(({ name, typeId }) => ({ name: shown(name), type_id: typeId })),
  }),
  var: (type) => ({ type_id: type.typeId, linkage: type.linkage }),
  datasec: (type) => ({
    size: type.size,
    vlen: type.vars.length,
    vars: type.vars.map(({ typeId, offset, size }) => ({ type_id: typeId, offset, size })),
  }),
  float: (type) => ({ size: type.size }),
  decl_tag: (type) => ({ type_id: type.typeId, component_idx: type.componentIndex }),
  type_tag: reference,
};

const shown = (name: string): string => name || '(anon)';

function encoding({ signed, char, bool }: BtfInt): string {
  if (bool) return 'BOOL';
  if (char) return 'CHAR';
  return signed ? 'SIGNED' : '(none)';
}

/** The document of a type that exists. */
export function typeDocument(btf: Btf, id: number): TypeDocument {
  const type = btf.type(id);
  const details = DETAILS[type.kind] as (of: BtfType, btf: Btf) => object;
  return { id, kind: type.kind.toUpperCase(), name: shown(type.name), ...details(type, btf) };
}
