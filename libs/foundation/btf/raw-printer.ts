import type { Btf } from './btf';
import type { BtfInt, BtfType } from './types';

/** Every type as one line and its entries as further ones, as `bpftool btf dump` prints it without a format. */
export function* dumpRaw(btf: Btf, ids?: Iterable<number>): Generator<string> {
  for (const id of ids ?? allIds(btf)) yield* describe(btf, btf.type(id));
}

function* allIds(btf: Btf): Generator<number> {
  for (let id = 1; id < btf.typeCount; id++) yield id;
}

const quoted = (name: string): string => `'${name || '(anon)'}'`;

/** What the line of each kind says after the name. */
function* describe(btf: Btf, type: BtfType): Generator<string> {
  const head = `[${type.id}] ${type.kind.toUpperCase()} ${quoted(type.name)}`;
  switch (type.kind) {
    case 'void':
      return;
    case 'int':
      yield `${head} size=${type.size} bits_offset=${type.bitOffset} nr_bits=${type.bits} encoding=${encoding(type)}`;
      return;
    case 'ptr':
    case 'const':
    case 'volatile':
    case 'restrict':
    case 'typedef':
    case 'type_tag':
      yield `${head} type_id=${type.typeId}`;
      return;
    case 'array':
      yield `${head} type_id=${type.elemTypeId} index_type_id=${type.indexTypeId} nr_elems=${type.count}`;
      return;
    case 'struct':
    case 'union':
      yield `${head} size=${type.size} vlen=${type.members.length}`;
      for (const { name, typeId, offsetBits, bits } of type.members) {
        const width = bits ? ` bitfield_size=${bits}` : '';
        yield `\t${quoted(name)} type_id=${typeId} bits_offset=${offsetBits}${width}`;
      }
      return;
    case 'enum':
    case 'enum64': {
      const sign = type.signed ? 'SIGNED' : 'UNSIGNED';
      yield `${head} encoding=${sign} size=${type.size} vlen=${type.values.length}`;
      for (const { name, value } of type.values) {
        yield `\t${quoted(name)} val=${value}${type.kind === 'enum64' && !type.signed ? 'ULL' : type.kind === 'enum64' ? 'LL' : ''}`;
      }
      return;
    }
    case 'fwd':
      yield `${head} fwd_kind=${type.of}`;
      return;
    case 'func':
      yield `${head} type_id=${type.typeId} linkage=${type.linkage}`;
      return;
    case 'func_proto':
      yield `${head} ret_type_id=${type.returnTypeId} vlen=${type.params.length}`;
      for (const { name, typeId } of type.params) yield `\t${quoted(name)} type_id=${typeId}`;
      return;
    case 'var':
      yield `${head} type_id=${type.typeId}, linkage=${type.linkage}`;
      return;
    case 'datasec':
      yield `${head} size=${type.size} vlen=${type.vars.length}`;
      for (const { typeId, offset, size } of type.vars) {
        const decl = btf.type(typeId);
        yield `\ttype_id=${typeId} offset=${offset} size=${size} (${decl.kind.toUpperCase()} ${quoted(decl.name)})`;
      }
      return;
    case 'float':
      yield `${head} size=${type.size}`;
      return;
    case 'decl_tag':
      yield `${head} type_id=${type.typeId} component_idx=${type.componentIndex}`;
      return;
  }
}

function encoding({ signed, char, bool }: BtfInt): string {
  if (bool) return 'BOOL';
  if (char) return 'CHAR';
  return signed ? 'SIGNED' : '(none)';
}
