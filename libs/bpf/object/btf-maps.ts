import { BPF_MAP_TYPE } from '@probed/abi';
import { err, ok, type Result } from '@probed/base';
import type { Btf, BtfMember, BtfStruct, BtfVariable } from '@probed/btf';
import { type MapSpec, ringbufBytes } from '@probed/spec';
import { elfFault } from './elf';
import { mapError } from './map-faults';

/** Section of maps that BTF describes. */
export const MAPS_SECTION = '.maps';

/** A map of a `.maps` section and where it lies in it. */
export interface PlacedMap {
  readonly spec: MapSpec;
  /** Bytes from the start of the section. */
  readonly offset: number;
  /** Offset of its `values` array within the map's variable; undefined when it has none. */
  readonly valuesOffset?: number;
}

/** `.maps` as BTF describes it: one struct variable a map. tools/lib/bpf/libbpf.c: bpf_object__init_user_btf_maps. */
export function readBtfMaps(btf: Btf | undefined, section: string): Result<PlacedMap[]> {
  const data = btf?.dataSection(section);
  if (!btf || !data)
    return err(elfFault('map-needs-btf', `maps in '${section}' need BTF`, 'compile with -g'));
  const maps: PlacedMap[] = [];
  for (const variable of data.variables) {
    const map = readMap(btf, variable);
    if (!map.ok) return map;
    maps.push(map.value);
  }
  return ok(maps);
}

function readMap(btf: Btf, variable: BtfVariable): Result<PlacedMap> {
  const { name, offset, typeId } = variable;
  if (name === '') return mapError('', `the map at offset ${offset} has no name`);
  if (variable.linkage === 'extern')
    return mapError(name, 'extern maps are resolved by linking, not by loading');
  return readMapDefinition(btf, { name, typeId, offset });
}

/** A map as the type of its variable defines it. */
export function readMapDefinition(
  btf: Btf,
  { name, typeId, offset }: Pick<BtfVariable, 'name' | 'typeId' | 'offset'>,
): Result<PlacedMap> {
  const struct = btf.resolve(typeId);
  if (struct.kind !== 'struct') return mapError(name, `its definition is no struct but a ${struct.kind}`);
  const draft = newDraft(name);
  const fault = fillDraft(btf, struct, draft, false);
  if (!fault.ok) return fault;
  if (draft.type === 0) return mapError(name, "map type isn't specified");
  if (draft.type === BPF_MAP_TYPE.RINGBUF || draft.type === BPF_MAP_TYPE.USER_RINGBUF)
    draft.maxEntries = ringbufBytes(draft.maxEntries);
  const { valuesOffset, ...spec } = draft;
  return ok({ spec, offset, ...(valuesOffset !== undefined && { valuesOffset }) });
}

interface Draft extends MapSpec {
  valuesOffset?: number;
}

function newDraft(name: string): Draft {
  return { name, type: 0, keySize: 0, valueSize: 0, maxEntries: 0, flags: 0, keyTypeId: 0, valueTypeId: 0 };
}

/** Reads one member of a definition into the draft. */
type FieldReader = (btf: Btf, member: BtfMember, draft: Draft, inner: boolean) => Result<unknown>;

const FIELDS: Readonly<Record<string, FieldReader>> = {
  type: intField((draft, value) => {
    draft.type = value;
    return undefined;
  }),
  max_entries: intField((draft, value) => {
    draft.maxEntries = value;
    return undefined;
  }),
  map_flags: intField((draft, value) => {
    draft.flags = value;
    return undefined;
  }),
  numa_node: intField((draft, value) => {
    draft.numaNode = value;
    return undefined;
  }),
  map_extra: intField((draft, value) => {
    draft.mapExtra = value;
    return undefined;
  }),
  pinning: intField((draft, value, inner) => {
    if (inner) return 'inner maps cannot be pinned';
    if (value !== PIN_NONE && value !== PIN_BY_NAME) return `invalid pinning value ${value}`;
    draft.pinning = value;
    return undefined;
  }),
  key_size: intField((draft, value) => setSize(draft, 'keySize', value)),
  value_size: intField((draft, value) => setSize(draft, 'valueSize', value)),
  key: typeField('keySize', 'keyTypeId'),
  value: typeField('valueSize', 'valueTypeId'),
  values: valuesField,
};

const PIN_NONE = 0;
const PIN_BY_NAME = 1;
const ENOTSUP = 95;
const EINVAL = 22;

function fillDraft(btf: Btf, struct: BtfStruct, draft: Draft, inner: boolean): Result<unknown> {
  for (const [i, member] of struct.members.entries()) {
    const read = Object.hasOwn(FIELDS, member.name) ? FIELDS[member.name] : undefined;
    if (!read) return mapError(draft.name, `unknown field '${member.name}'`, ENOTSUP);
    if (member.name === 'values' && i !== struct.members.length - 1)
      return mapError(draft.name, "'values' member should be last");
    const done = read(btf, member, draft, inner);
    if (!done.ok) return done;
  }
  return ok(undefined);
}

/** `__uint(name, N)`: a pointer to an array of N; `__ulong(name, N)`: an enum with that one value. */
function intField(set: (draft: Draft, value: number, inner: boolean) => string | undefined): FieldReader {
  return (btf, member, draft, inner) => {
    const type = btf.resolve(member.typeId);
    let value: number;
    if (type.kind === 'enum' || type.kind === 'enum64') {
      if (type.values.length === 0)
        return mapError(draft.name, `attr '${member.name}': an enum without values`);
      value = Number(type.values[0].value);
    } else {
      if (type.kind !== 'ptr')
        return mapError(draft.name, `attr '${member.name}': expected PTR, got ${type.kind.toUpperCase()}`);
      const array = btf.resolve(type.typeId);
      if (array.kind !== 'array')
        return mapError(draft.name, `attr '${member.name}': expected ARRAY, got ${array.kind.toUpperCase()}`);
      value = array.count;
    }
    const fault = set(draft, value, inner);
    return fault ? mapError(draft.name, fault) : ok(undefined);
  };
}

function setSize(draft: Draft, field: 'keySize' | 'valueSize', bytes: number): string | undefined {
  const what = field === 'keySize' ? 'key' : 'value';
  if (draft[field] !== 0 && draft[field] !== bytes)
    return `conflicting ${what} size ${draft[field]} != ${bytes}`;
  draft[field] = bytes;
  return undefined;
}

/** `__type(key, T)`: a pointer to T. */
function typeField(size: 'keySize' | 'valueSize', id: 'keyTypeId' | 'valueTypeId'): FieldReader {
  return (btf, member, draft) => {
    const type = btf.resolve(member.typeId);
    const what = size === 'keySize' ? 'key' : 'value';
    if (type.kind !== 'ptr')
      return mapError(draft.name, `${what} spec is not PTR: ${type.kind.toUpperCase()}`);
    const bytes = btf.sizeOf(type.typeId);
    const empty = btf.resolve(type.typeId);
    if (bytes === 0 && empty.kind !== 'struct' && empty.kind !== 'array')
      return mapError(draft.name, `can't determine ${what} size for type ${type.typeId}`);
    const fault = setSize(draft, size, bytes);
    draft[id] = type.typeId;
    return fault ? mapError(draft.name, fault) : ok(undefined);
  };
}

/** `__array(values, T)`: the inner map of a map-in-map, or programs of a PROG_ARRAY. */
function valuesField(btf: Btf, member: BtfMember, draft: Draft, inner: boolean): Result<unknown> {
  const { name } = draft;
  const mapInMap = draft.type === BPF_MAP_TYPE.ARRAY_OF_MAPS || draft.type === BPF_MAP_TYPE.HASH_OF_MAPS;
  if (inner) return mapError(name, 'multi-level inner maps not supported', ENOTSUP);
  if (!mapInMap && draft.type !== BPF_MAP_TYPE.PROG_ARRAY)
    return mapError(name, 'should be map-in-map or prog-array', ENOTSUP);
  const fault = setSize(draft, 'valueSize', 4);
  if (fault) return mapError(name, fault);
  const array = btf.resolve(member.typeId);
  if (array.kind !== 'array' || array.count !== 0)
    return mapError(name, "'values' is not a zero-sized array", EINVAL);
  const element = btf.resolve(array.elemTypeId);
  if (element.kind !== 'ptr') return mapError(name, `'values' has elements of ${element.kind}, not of PTR`);
  const target = btf.resolve(element.typeId);
  draft.valuesOffset = member.offsetBits / 8;
  if (!mapInMap)
    return target.kind === 'func_proto' || target.kind === 'void'
      ? ok(undefined)
      : mapError(name, `'values' points to ${target.kind}, not to a program`);
  if (target.kind !== 'struct')
    return mapError(name, `map-in-map inner def is not a struct but a ${target.kind}`);
  const innerDraft = newDraft(`${name}.inner`);
  const done = fillDraft(btf, target, innerDraft, true);
  if (!done.ok) return done;
  draft.inner = innerDraft;
  return ok(undefined);
}
