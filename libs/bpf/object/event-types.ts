import { BPF_MAP_TYPE } from '@probed/abi';
import type { Btf, BtfType } from '@probed/btf';
import type { MapSpec } from '@probed/spec';
import { structFromCode } from './events/code-struct';
import { type RecordSite, recordSites } from './events/record-sites';
import { agreement, discriminators } from './events/struct-match';
import { isLegacyMapSection } from './legacy-maps';
import type { ObjectSpec } from './object-spec';

/**
 * What the records of a ring buffer or perf buffer are, as far as the object tells.
 *
 * Rules, the first that applies; 2–6 for each place in the code that sends a record:
 * 1. The map's value type, when it is a struct or union: `__type(value, struct event)`.
 * 2. The value type of the map that the record is composed in (a scratch map's value that is looked up and sent).
 * 3. The type that a subprogram's parameter gives the record (`static int send(struct event *e)`, by BTF).
 * 4. The type that the source gives it: `sizeof(struct event)` or `struct event *e` in the lines of `.BTF.ext`.
 * 5. The struct of the object that is as long as what is sent, where the length is a constant. Where no length is
 *    one: the object's one struct that a global pointer names, that a hash map or an array of one element holds (what
 *    is too long for the stack is composed there), or that has `event` in its name.
 * 6. A struct put together from the code that fills it (see `structFromCode`): compilers leave out of BTF what only
 *    lives on the stack.
 *
 * The structs of the object are those that its BTF or its DWARF defines and that are not the kernel's: they have not
 * the name of a type of the kernel's BTF, are not the root of a CO-RE relocation, no `___flavour`, and do not begin
 * with `__`, nor define a map of the legacy `maps` section; whatever a global pointer names
 * (`struct event *unused __attribute__((unused))`) counts all the same. Of several that fit, one whose members are
 * where the code writes members of those names comes first, then one that a global pointer names, then one that is no
 * map key, then one that is not the value of a hash map, then one that has `event` in its name. When several are
 * left, none is taken.
 */
export interface EventType {
  /** BTF that {@link typeId} belongs to: the object's, or one made from its DWARF or its code. */
  readonly btf: Btf;
  readonly typeId: number;
  /** `event` for `struct event` and for `typedef struct {…} event`. */
  readonly name: string;
  readonly bytes: number;
  /** Members that always hold these numbers, where that tells types of the same length apart. */
  readonly when?: readonly EventTag[];
  /** Put together from the code: names and places are right, signs are guessed. */
  readonly fromCode?: boolean;
}

/** A number in a record that tells its type. Bytes, little endian. */
export interface EventTag {
  readonly offset: number;
  readonly bytes: number;
  readonly value: number;
}

const BUFFERS: ReadonlySet<number> = new Set([BPF_MAP_TYPE.RINGBUF, BPF_MAP_TYPE.PERF_EVENT_ARRAY]);

/**
 * Candidates for the records of a map, shortest first; see {@link EventType} for the rules. Empty when the object does
 * not tell. Pick one for a record with {@link pickEventType}.
 *
 * @param kernel the kernel's BTF, to tell its structs from the object's
 */
export function eventTypes(object: ObjectSpec, map: MapSpec, kernel?: Btf): readonly EventType[] {
  const declared = valueType(object, map);
  if (declared) return [declared];
  if (!BUFFERS.has(map.type)) return [];
  const own = ownStructs(object, kernel);
  const sites = sitesOf(object).filter(({ maps }) => maps.includes(map.name));
  const found = new Map<string, { readonly type: EventType; readonly sites: RecordSite[] }>();
  const add = (type: EventType, from: readonly RecordSite[]) => {
    const key = `${type.name}:${type.bytes}`;
    const known = found.get(key);
    if (known) known.sites.push(...from);
    else found.set(key, { type, sites: [...from] });
  };
  const untold: RecordSite[] = [];
  for (const site of sites) {
    const types = siteTypes(object, own, site);
    for (const type of types) add(type, [site]);
    if (types.length === 0) untold.push(site);
  }
  for (const [bytes, group] of bySize(untold)) {
    const type = typeFromCode(map, bytes, group);
    if (type) add(type, group);
  }
  if (found.size === 0 && sites.every(({ sizes }) => sizes.length === 0)) {
    const only = narrow(own.filter(isMeantForOutput));
    return only ? [only.type] : [];
  }
  return withTags([...found.values()]).sort((a, b) => a.bytes - b.bytes);
}

const SITES = new WeakMap<ObjectSpec['programs'], readonly RecordSite[]>();

/** The analysis of all programs of an object, made once. */
function sitesOf({ programs }: ObjectSpec): readonly RecordSite[] {
  let sites = SITES.get(programs);
  if (!sites) SITES.set(programs, (sites = recordSites(programs)));
  return sites;
}

/** What the records of one place in the code are: a type for each of the lengths that they can have. */
function siteTypes(object: ObjectSpec, own: readonly OwnStruct[], site: RecordSite): EventType[] {
  const { sizes } = site;
  const named = [
    ...mapValueTypes(object, site),
    ...parameterTypes(object, site),
    ...sourceTypes(object, site),
  ];
  if (sizes.length === 0) return named.slice(0, 1);
  return sizes.flatMap((size) => {
    const exact = named.find(({ bytes }) => bytes === size);
    if (exact) return [exact];
    const fitting = own.filter((struct) => struct.type.bytes === size);
    const best = narrow(bestAgreeing(fitting, site));
    return best ? [best.type] : [];
  });
}

/** Those whose members are where the code writes members of those names; all when the code names none. */
function bestAgreeing(structs: readonly OwnStruct[], site: RecordSite): readonly OwnStruct[] {
  const scores = structs.map(({ type }) => agreement(type, site.fields));
  const best = Math.max(0, ...scores.map(({ hits }) => hits));
  return structs.filter(
    (_, i) => scores[i].hits === best && (best > 0 || scores[i].named < NAMES_THAT_DECIDE),
  );
}

/** So many members that the code names and a struct does not have rule the struct out. */
const NAMES_THAT_DECIDE = 2;

function mapValueTypes(object: ObjectSpec, { wholeValueOf }: RecordSite): EventType[] {
  return wholeValueOf.flatMap((name) => {
    const map = object.maps.find((one) => one.name === name && one.section === undefined);
    return (map && valueType(object, map)) ?? [];
  });
}

function parameterTypes({ btf }: ObjectSpec, { program, parameters }: RecordSite): EventType[] {
  if (!btf) return [];
  return parameters.flatMap(({ callee, parameter }) => {
    const func = program.funcInfo.find(({ insn }) => insn === callee);
    const type = func && btf.has(func.typeId) ? btf.type(func.typeId) : undefined;
    const proto = type?.kind === 'func' ? btf.type(type.typeId) : undefined;
    const typeId = proto?.kind === 'func_proto' ? proto.params[parameter - 1]?.typeId : undefined;
    const pointed = typeId === undefined ? undefined : btf.resolve(typeId);
    return pointed?.kind === 'ptr' ? (compositeType(btf, pointed.typeId) ?? []) : [];
  });
}

function sourceTypes(object: ObjectSpec, { typeNames }: RecordSite): EventType[] {
  return typeNames.flatMap((name) => namedEventType(object, name) ?? []);
}

function bySize(sites: readonly RecordSite[]): Map<number, RecordSite[]> {
  const groups = new Map<number, RecordSite[]>();
  for (const site of sites)
    for (const size of site.sizes) groups.set(size, [...(groups.get(size) ?? []), site]);
  return groups;
}

const CODE_RECORD_BYTES_MAX = 64 * 1024;

function typeFromCode(map: MapSpec, bytes: number, sites: readonly RecordSite[]): EventType | undefined {
  if (bytes > CODE_RECORD_BYTES_MAX) return undefined;
  const [sourceName] = sites.flatMap(({ typeNames }) => typeNames);
  const name = sourceName ?? (map.name.replace(/s$/, '') || 'event');
  const made = structFromCode(
    name,
    bytes,
    sites.flatMap(({ fields }) => fields),
  );
  return made && { ...made, name, bytes, fromCode: true };
}

/** Types of the same length with the members that tell them apart. */
function withTags(
  found: readonly { readonly type: EventType; readonly sites: readonly RecordSite[] }[],
): EventType[] {
  return found.map(({ type, sites }) => {
    const others = found.filter((other) => other.type !== type);
    if (others.length === 0) return type;
    const when = discriminators(
      sites,
      others.map((other) => other.sites),
    );
    return when.length > 0 ? { ...type, when } : type;
  });
}

/**
 * The candidate for a record: of those whose tags it bears, the one of its length (a perf buffer pads records to 4
 * bytes less than a multiple of 8), else the only one.
 */
export function pickEventType(
  types: readonly EventType[],
  recordBytes: number,
  record?: Uint8Array,
): EventType | undefined {
  const padded = (bytes: number) => Math.ceil((bytes + 4) / 8) * 8 - 4;
  const bearing = record ? types.filter(({ when = [] }) => when.every((tag) => bears(record, tag))) : types;
  return (
    bearing.find((type) => type.bytes === recordBytes) ??
    bearing.find((type) => padded(type.bytes) === recordBytes) ??
    (bearing.length === 1 ? bearing[0] : undefined)
  );
}

function bears(record: Uint8Array, { offset, bytes, value }: EventTag): boolean {
  if (offset + bytes > record.length) return false;
  let held = 0;
  for (let i = bytes - 1; i >= 0; i--) held = held * 256 + record[offset + i];
  return held === value;
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

function valueType({ btf }: ObjectSpec, { valueTypeId }: MapSpec): EventType | undefined {
  return btf && valueTypeId !== 0 ? compositeType(btf, valueTypeId) : undefined;
}

function compositeType(btf: Btf, typeId: number): EventType | undefined {
  if (!isComposite(btf.resolve(typeId)) || btf.sizeOf(typeId) === 0) return undefined;
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
