import type { Btf } from './btf';
import type { BtfInt, BtfKind, BtfType } from './types';

/** Every type as one line and its entries as further ones, as `bpftool btf dump` prints it without a format. */
export function* dumpRaw(btf: Btf, ids: Iterable<number> = allIds(btf)): Generator<string> {
  for (const id of ids) {
    const type = btf.type(id);
    yield `[${id}] ${type.kind.toUpperCase()} ${quoted(type.name)} ${attributes(type)}`;
    yield* entries(type, btf);
  }
}

function* allIds(btf: Btf): Generator<number> {
  for (let id = 1; id < btf.typeCount; id++) yield id;
}

const quoted = (name: string): string => `'${name || '(anon)'}'`;

/** A type of one kind. */
type Of<K extends BtfKind> = BtfType & { readonly kind: K };

const reference = ({ typeId }: { readonly typeId: number }) => `type_id=${typeId}`;
const sized = ({ size, vlen }: { readonly size: number; readonly vlen: number }) =>
  `size=${size} vlen=${vlen}`;
const sign = (signed: boolean) => (signed ? 'SIGNED' : 'UNSIGNED');

/** What stands behind the name, by kind. */
const ATTRIBUTES: { readonly [K in BtfKind]: (type: Of<K>) => string } = {
  void: () => '',
  int: (type) =>
    `size=${type.size} bits_offset=${type.bitOffset} nr_bits=${type.bits} encoding=${encoding(type)}`,
  ptr: reference,
  array: (type) => `type_id=${type.elemTypeId} index_type_id=${type.indexTypeId} nr_elems=${type.count}`,
  struct: ({ size, members }) => sized({ size, vlen: members.length }),
  union: ({ size, members }) => sized({ size, vlen: members.length }),
  enum: ({ signed, size, values }) => `encoding=${sign(signed)} ${sized({ size, vlen: values.length })}`,
  fwd: (type) => `fwd_kind=${type.of}`,
  typedef: reference,
  volatile: reference,
  const: reference,
  restrict: reference,
  func: (type) => `type_id=${type.typeId} linkage=${type.linkage}`,
  func_proto: (type) => `ret_type_id=${type.returnTypeId} vlen=${type.params.length}`,
  var: (type) => `type_id=${type.typeId}, linkage=${type.linkage}`,
  datasec: ({ size, vars }) => sized({ size, vlen: vars.length }),
  float: (type) => `size=${type.size}`,
  decl_tag: (type) => `type_id=${type.typeId} component_idx=${type.componentIndex}`,
  type_tag: reference,
  enum64: ({ signed, size, values }) => `encoding=${sign(signed)} ${sized({ size, vlen: values.length })}`,
};

function attributes(type: BtfType): string {
  return (ATTRIBUTES[type.kind] as (of: BtfType) => string)(type);
}

function encoding({ signed, char, bool }: BtfInt): string {
  if (bool) return 'BOOL';
  if (char) return 'CHAR';
  return signed ? 'SIGNED' : '(none)';
}

/** Members, enumerators, parameters, variables. */
function* entries(type: BtfType, btf: Btf): Generator<string> {
  if ('members' in type) {
    for (const { name, typeId, offsetBits, bits } of type.members) {
      const width = bits ? ` bitfield_size=${bits}` : '';
      yield `\t${quoted(name)} type_id=${typeId} bits_offset=${offsetBits}${width}`;
    }
  } else if ('values' in type) {
    const suffix = type.kind === 'enum' ? '' : type.signed ? 'LL' : 'ULL';
    for (const { name, value } of type.values) yield `\t${quoted(name)} val=${value}${suffix}`;
  } else if ('params' in type) {
    for (const { name, typeId } of type.params) yield `\t${quoted(name)} type_id=${typeId}`;
  } else if ('vars' in type) {
    for (const { typeId, offset, size } of type.vars) {
      const { kind, name } = btf.type(typeId);
      yield `\ttype_id=${typeId} offset=${offset} size=${size} (${kind.toUpperCase()} ${quoted(name)})`;
    }
  }
}
