import { BPF_MAP_TYPE } from '@probed/abi';
import type { Btf, BtfType } from '@probed/btf';
import type { MapSpec } from '@probed/spec';
import { recordSizes } from './event-sizes';
import { isLegacyMapSection } from './legacy-maps';
import type { ObjectSpec } from './object-spec';

/**
 * What the records of a ring buffer or perf buffer are, as far as the object tells.
 *
 * Rules, the first that applies:
 * 1. The map's value type, when it is a struct or union: `__type(value, struct event)`.
 * 2. The struct that fits what the programs write: where the size given to `bpf_ringbuf_reserve`,
 *    `bpf_ringbuf_output`, `bpf_perf_event_output` is a constant, a struct of the object with that size.
 * 3. Where no size is a constant, the object's one struct that a global pointer names, that a hash map or an array
 *    of one element holds (what is too long for the stack is composed there), or that has `event` in its name.
 *
 * The structs of the object are those that its BTF or its DWARF defines and that are not the kernel's: they have not
 * the name of a type of the kernel's BTF, are not the root of a CO-RE relocation, no `___flavour`, and do not begin
 * with `__`, nor define a map of the legacy `maps` section; whatever a global pointer names (`struct event *unused __attribute__((unused))`) counts all the same.
 * Of several that fit, one that a global pointer names comes first, then one that is no map key, then one that is
 * not the value of a hash map, then one that has `event` in its name. When several are left, none is taken.
 */
export interface EventType {
  /** BTF that {@link typeId} belongs to: the object's, or one made from its DWARF. */
  readonly btf: Btf;
  readonly typeId: number;
  /** `event` for `struct event` and for `typedef struct {…} event`. */
  readonly name: string;
  readonly bytes: number;
}

const BUFFERS: ReadonlySet<number> = new Set([BPF_MAP_TYPE.RINGBUF, BPF_MAP_TYPE.PERF_EVENT_ARRAY]);

/**
 * Candidates for the records of a map, one a record size; see {@link EventType} for the rules. Empty when the object
 * does not tell. Pick one for a record with {@link pickEventType}.
 *
 * @param kernel the kernel's BTF, to tell its structs from the object's
 */
export function eventTypes(object: ObjectSpec, map: MapSpec, kernel?: Btf): readonly EventType[] {
  const declared = valueType(object, map);
  if (declared) return [declared];
  if (!BUFFERS.has(map.type)) return [];
  const own = ownStructs(object, kernel);
  const sizes = [...(recordSizes(object).get(map.name) ?? [])].sort((a, b) => a - b);
  if (sizes.length === 0) {
    const only = narrow(own.filter(isMeantForOutput));
    return only ? [only.type] : [];
  }
  return sizes.flatMap((size) => {
    const fitting = narrow(own.filter((struct) => struct.type.bytes === size));
    return fitting ? [fitting.type] : [];
  });
}

/**
 * The candidate for a record of a length: the one of that length (a perf buffer pads records to 4 bytes less than a
 * multiple of 8), else the only one there is.
 */
export function pickEventType(types: readonly EventType[], recordBytes: number): EventType | undefined {
  const padded = (bytes: number) => Math.ceil((bytes + 4) / 8) * 8 - 4;
  return (
    types.find((type) => type.bytes === recordBytes) ??
    types.find((type) => padded(type.bytes) === recordBytes) ??
    (types.length === 1 ? types[0] : undefined)
  );
}

/** A struct, union or typedef of that name in the object's BTF or DWARF; for users who name the type themselves. */
export function namedEventType(object: ObjectSpec, name: string): EventType | undefined {
  const bare = name.replace(/^(struct|union)\s+/, '');
  for (const btf of [object.btf, object.debugTypes()]) {
    if (!btf) continue;
    for (const kind of KINDS) {
      const typeId = btf.findByName(bare, kind);
      if (typeId !== undefined && btf.sizeOf(typeId) > 0)
        return { btf, typeId, name: bare, bytes: btf.sizeOf(typeId) };
    }
  }
  return undefined;
}

const KINDS = ['struct', 'union', 'typedef'] as const;

function isComposite(type: BtfType): boolean {
  return type.kind === 'struct' || type.kind === 'union';
}

function valueType(object: ObjectSpec, map: MapSpec): EventType | undefined {
  const { btf } = object;
  const { valueTypeId: typeId } = map;
  if (!btf || typeId === 0 || !isComposite(btf.resolve(typeId))) return undefined;
  const name = btf.type(typeId).name || btf.resolve(typeId).name;
  return { btf, typeId, name, bytes: btf.sizeOf(typeId) };
}

interface OwnStruct {
  readonly type: EventType;
  /** A global pointer names it. */
  readonly pointed: boolean;
  readonly isKey: boolean;
  readonly isHashValue: boolean;
  /** An array of one element holds it. */
  readonly isScratch: boolean;
}

const HASHES: ReadonlySet<number> = new Set([
  BPF_MAP_TYPE.HASH,
  BPF_MAP_TYPE.LRU_HASH,
  BPF_MAP_TYPE.PERCPU_HASH,
  BPF_MAP_TYPE.LRU_PERCPU_HASH,
]);

const ARRAYS: ReadonlySet<number> = new Set([BPF_MAP_TYPE.ARRAY, BPF_MAP_TYPE.PERCPU_ARRAY]);

/** Without a size to go by, a struct must show in some other way that it is more than a helper of the program's. */
function isMeantForOutput(struct: OwnStruct): boolean {
  return struct.pointed || struct.isHashValue || struct.isScratch || EVENT_NAME.test(struct.type.name);
}

const EVENT_NAME = /event|evt/i;

/** The last candidate left when each preference that some of them meet is applied in turn. */
function narrow(candidates: readonly OwnStruct[]): OwnStruct | undefined {
  const preferences: ((struct: OwnStruct) => boolean)[] = [
    (struct) => struct.pointed,
    (struct) => !struct.isKey,
    (struct) => !struct.isHashValue,
    (struct) => EVENT_NAME.test(struct.type.name),
  ];
  let left = candidates;
  for (const prefer of preferences) {
    if (left.length < 2) break;
    const preferred = left.filter(prefer);
    if (preferred.length > 0) left = preferred;
  }
  return left.length === 1 ? left[0] : undefined;
}

function ownStructs(object: ObjectSpec, kernel: Btf | undefined): OwnStruct[] {
  const roots = coreRoots(object);
  const pointed = pointedStructs(object);
  const definitions = legacyDefinitions(object);
  const [keys, values, scratch] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const map of object.maps) {
    if (map.keyTypeId) keys.add(structName(object.btf, map.keyTypeId));
    if (!map.valueTypeId) continue;
    if (HASHES.has(map.type)) values.add(structName(object.btf, map.valueTypeId));
    if (ARRAYS.has(map.type) && map.maxEntries === 1) scratch.add(structName(object.btf, map.valueTypeId));
  }
  const byName = new Map<string, OwnStruct>();
  for (const btf of [object.btf, object.debugTypes()]) {
    if (!btf) continue;
    for (const type of namedStructs(btf)) {
      const known = pointed.has(type.name);
      if (byName.has(type.name) || definitions.has(type.name)) continue;
      if (!known && (roots.has(type.name) || isKernels(type, kernel))) continue;
      byName.set(type.name, {
        type,
        pointed: known,
        isKey: keys.has(type.name),
        isHashValue: values.has(type.name),
        isScratch: scratch.has(type.name),
      });
    }
  }
  return [...byName.values()];
}

/** Named structs and unions, and typedefs of anonymous ones, in id order. */
function* namedStructs(btf: Btf): Generator<EventType> {
  for (const kind of KINDS)
    for (const typeId of btf.idsOfKind(kind)) {
      const { name } = btf.type(typeId);
      const bytes = btf.sizeOf(typeId);
      const resolved = btf.resolve(typeId);
      if (name === '' || bytes === 0 || !isComposite(resolved)) continue;
      if (kind === 'typedef' && resolved.name !== '') continue;
      yield { btf, typeId, name, bytes };
    }
}

const FLAVOUR = /[^_]___[^_]/;

/** The kernel's by name; names with two leading underscores are those of libbpf's own headers. */
function isKernels({ name }: EventType, kernel: Btf | undefined): boolean {
  if (FLAVOUR.test(name) || name.startsWith('__')) return true;
  return kernel !== undefined && KINDS.some((kind) => kernel.findByName(name, kind) !== undefined);
}

/** Names of the structs that CO-RE relocations start from: the kernel's, by the programmer's own word. */
function coreRoots({ btf, programs }: ObjectSpec): Set<string> {
  const names = new Set<string>();
  for (const program of programs)
    for (const { typeId } of program.cores) if (btf?.has(typeId)) names.add(structName(btf, typeId));
  return names;
}

function structName(btf: Btf | undefined, typeId: number): string {
  if (!btf?.has(typeId)) return '';
  return btf.resolve(typeId).name || btf.type(typeId).name;
}

/** Names of the structs that the maps of a legacy `maps` section are defined with; not records of anything. */
function legacyDefinitions({ btf }: ObjectSpec): Set<string> {
  const names = new Set<string>();
  for (const section of btf?.dataSections() ?? []) {
    if (!isLegacyMapSection(section.name)) continue;
    for (const { typeId } of section.variables) names.add(structName(btf, typeId));
  }
  return names;
}

/** Names of structs that global pointers of `.bss` and `.data` point to. */
function pointedStructs({ btf, maps }: ObjectSpec): Set<string> {
  const names = new Set<string>();
  for (const map of maps) {
    const section = map.section === undefined ? undefined : btf?.dataSection(map.section);
    for (const { typeId } of section?.variables ?? []) {
      const type = btf?.resolve(typeId);
      if (type?.kind === 'ptr') names.add(structName(btf, type.typeId));
    }
  }
  return names;
}
