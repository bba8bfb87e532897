import type { Btf, BtfStruct, BtfType } from '@probed/btf';
import {
  FIELD_KINDS,
  type FieldKind,
  type FieldMask,
  GRAPH_ROOT,
  POINTER_FIELDS,
  STRUCT_KINDS,
} from './field-kinds';

/** errno of a declaration that the kernel does not take. */
export type RecordFault =
  | 'EINVAL'
  | 'E2BIG'
  | 'EEXIST'
  | 'ENOENT'
  | 'EFAULT'
  | 'ELOOP'
  | 'EOPNOTSUPP'
  | 'EACCES';

/** A special field as declared (`struct btf_field_info`). */
export interface FoundField {
  readonly kind: FieldKind;
  /** Bytes from the start of the struct or data section. */
  readonly offset: number;
  /** Pointers: what they point to, in the program's BTF. */
  readonly targetId?: number;
  /** List heads and tree roots: the struct of the nodes, and its member that is the node. */
  readonly valueId?: number;
  readonly nodeName?: string;
}

export type Found = readonly FoundField[] | RecordFault;

/** Fields at most in one record. */
const BTF_FIELDS_MAX = 11;
const MAX_RESOLVE_DEPTH = 32;

/** Type tags that make a pointer special. */
const POINTER_TAGS: Readonly<Record<string, FieldKind>> = {
  kptr_untrusted: 'KPTR_UNREF',
  kptr: 'KPTR_REF',
  percpu_kptr: 'KPTR_PERCPU',
  uptr: 'UPTR',
};

/** Special fields of a struct or a data section, in order of declaration (`btf_find_field`). */
export function findFields(btf: Btf, typeId: number, mask: FieldMask): Found {
  const type = btf.type(typeId);
  const search = new Search(btf, mask);
  if (type.kind === 'struct') return search.inStruct(type, BTF_FIELDS_MAX, 0);
  return type.kind === 'datasec' ? search.inDataSection(typeId) : 'EINVAL';
}

/** A pointer's kind by its type tag (`btf_find_kptr`); undefined for a pointer of no special kind. */
export function pointerField(
  btf: Btf,
  type: BtfType,
  offset: number,
  mask: FieldMask,
): FoundField | RecordFault | undefined {
  const pointer = type.kind === 'volatile' ? btf.type(type.typeId) : type;
  if (pointer.kind !== 'ptr') return undefined;
  const tag = btf.type(pointer.typeId);
  if (tag.kind !== 'type_tag' || tag.attribute) return undefined;
  if (btf.type(tag.typeId).kind === 'type_tag') return 'EINVAL';
  const kind = POINTER_TAGS[tag.name];
  if (!kind) return 'EINVAL';
  if (!mask.has(kind)) return undefined;
  const target = btf.resolve(tag.typeId);
  return target.kind === 'struct' ? { kind, offset, targetId: target.id } : 'EINVAL';
}

/** One declared variable or member to look at. */
interface Place {
  /** Type whose declaration tags speak of it, and the number of the member there; -1 for a variable. */
  readonly ownerId: number;
  readonly index: number;
  readonly typeId: number;
  readonly offset: number;
  /** Bytes it must have; undefined when its type says. */
  readonly size?: number;
}

class Search {
  constructor(
    private readonly btf: Btf,
    private readonly mask: FieldMask,
  ) {}

  /** `btf_find_struct_field`. @param room fields that may still be found */
  inStruct(type: BtfStruct, room: number, depth: number): Found {
    const places = type.members.map(({ typeId, offsetBits }, index) => ({
      ownerId: type.id,
      index,
      typeId,
      offset: offsetBits / 8,
    }));
    return this.inPlaces(places, room, depth);
  }

  /** `btf_find_datasec_var`. */
  inDataSection(id: number): Found {
    const section = this.btf.type(id);
    if (section.kind !== 'datasec') return 'EINVAL';
    const places = section.vars.flatMap(({ typeId, offset, size }) => {
      const variable = this.btf.type(typeId);
      return variable.kind === 'var'
        ? [{ ownerId: typeId, index: -1, typeId: variable.typeId, offset, size }]
        : [];
    });
    return this.inPlaces(places, BTF_FIELDS_MAX, 0);
  }

  private inPlaces(places: readonly Place[], room: number, depth: number): Found {
    const seen = new Set<FieldKind>();
    const found: FoundField[] = [];
    for (const place of places) {
      if (!Number.isInteger(place.offset)) return 'EINVAL';
      const more = this.inPlace(place, seen, room - found.length, depth);
      if (typeof more === 'string') return more;
      found.push(...more);
    }
    return found;
  }

  /** `btf_find_field_one`. */
  private inPlace(place: Place, seen: Set<FieldKind>, room: number, depth: number): Found {
    let type = this.btf.type(place.typeId);
    let count = 1;
    for (let i = 0; type.kind === 'array'; i++) {
      if (i === MAX_RESOLVE_DEPTH) return 'E2BIG';
      count *= type.count;
      type = this.btf.type(type.elemTypeId);
    }
    if (count === 0) return [];
    const kind = this.kindOf(type);
    if (!kind && type.kind === 'struct') return this.nested(place, type, count, room, depth);
    if (!kind) return [];
    const row = FIELD_KINDS[kind];
    if (row.unique && seen.has(kind)) return 'E2BIG';
    if (row.unique) seen.add(kind);
    if (place.size !== undefined && place.size !== row.size * count) return [];
    if (place.offset % row.align !== 0) return [];
    const field = this.fieldAt(place, type, kind);
    if (typeof field === 'string') return field;
    if (!field) return [];
    if (room === 0) return 'E2BIG';
    return count > 1 ? repeat([field], count, row.size, room) : [field];
  }

  /** `btf_get_field_type`: by the struct's name; whatever is no struct might be a pointer. */
  private kindOf(type: BtfType): FieldKind | undefined {
    const kind = STRUCT_KINDS.get(type.name);
    if (kind && this.mask.has(kind)) return kind;
    return type.kind !== 'struct' && [...POINTER_FIELDS].some((k) => this.mask.has(k))
      ? 'KPTR_REF'
      : undefined;
  }

  /** `btf_find_nested_struct`. */
  private nested(place: Place, type: BtfStruct, count: number, room: number, depth: number): Found {
    if (place.size !== undefined && place.size !== type.size * count) return [];
    if (depth + 1 >= MAX_RESOLVE_DEPTH) return 'E2BIG';
    const inner = this.inStruct(type, room, depth + 1);
    if (typeof inner === 'string' || inner.length === 0) return inner;
    const placed = inner.map((f) => ({ ...f, offset: f.offset + place.offset }));
    return count > 1 ? repeat(placed, count, type.size, room) : placed;
  }

  private fieldAt(place: Place, type: BtfType, kind: FieldKind): FoundField | RecordFault | undefined {
    const { offset } = place;
    if (POINTER_FIELDS.has(kind)) return pointerField(this.btf, type, offset, this.mask);
    if (type.kind !== 'struct' || type.size !== FIELD_KINDS[kind].size) return undefined;
    return GRAPH_ROOT.has(kind) ? this.graphRoot(place, kind) : { kind, offset };
  }

  /** `btf_find_graph_root`: the tag `contains:STRUCT:MEMBER` says what it holds. */
  private graphRoot({ ownerId, index, offset }: Place, kind: FieldKind): FoundField | RecordFault {
    const tags = declTags(this.btf, ownerId, index, 'contains:');
    const parts = tags.length === 1 ? /^([^:]*):(.+)$/.exec(tags[0]) : undefined;
    if (!parts) return 'EINVAL';
    const valueId = this.btf.findByName(parts[1], 'struct');
    return valueId === undefined ? 'ENOENT' : { kind, offset, valueId, nodeName: parts[2] };
  }
}

/** `btf_repeat_fields`. */
function repeat(fields: readonly FoundField[], count: number, stride: number, room: number): Found {
  if (fields.some((f) => !FIELD_KINDS[f.kind].repeats)) return 'EINVAL';
  if (fields.length * count > room) return 'E2BIG';
  return Array.from({ length: count }, (_, i) =>
    fields.map((f) => ({ ...f, offset: f.offset + i * stride })),
  ).flat();
}

/** Values of the declaration tags of a type's member (-1: of the type itself) that begin with a key. */
export function declTags(btf: Btf, typeId: number, index: number, key: string): string[] {
  const values: string[] = [];
  for (const id of btf.idsOfKind('decl_tag')) {
    const tag = btf.type(id);
    if (tag.kind !== 'decl_tag' || tag.typeId !== typeId || tag.componentIndex !== index) continue;
    if (tag.name.startsWith(key)) values.push(tag.name.slice(key.length));
  }
  return values;
}
