import { BPF_MAP_TYPE } from '@probed/abi';
import { ByteReader, err, ok, type Result } from '@probed/base';
import type { MapSlot, MapSpec } from '@probed/spec';
import type { PlacedMap } from './btf-maps';
import type { CodeFunction } from './code';
import { type ElfObject, type ElfSection, type ElfSymbol, elfFault } from './elf';
import { STT } from './elf-constants';

/** `type`, `key_size`, `value_size`, `max_entries`: what every loader's definition begins with. */
const DEF_BYTES_MIN = 16;
/** libbpf 0.x: flags follow. */
const FLAGS_BYTES = 20;
/** `struct bpf_map_def` of the kernel's samples and of Falco: then inner_map_idx and numa_node. */
const SAMPLES_BYTES = 28;
/** `struct bpf_elf_map` of iproute2 and Cilium: id, pinning, inner_id and inner_idx after the flags. */
const IPROUTE2_BYTES = 36;
/** `struct bpf_map_def` of gobpf: pinning after the flags, then a name space of 256 bytes. */
const GOBPF_BYTES = 280;
/** Whatever the loader's constant (PIN_OBJECT_NS, PIN_GLOBAL_NS, PIN_CUSTOM_NS): libbpf's "pinned by name". */
const PIN_BY_NAME = 1;
const BPF_F_NUMA_NODE = 4;
/** iproute2's `inner_idx` of a map that nobody puts into an outer one. */
const NO_INDEX = 0xffff_ffff;

/** True for `maps` and, as gobpf, bcc and Falco have it, one section a map: `maps/name`. */
export function isLegacyMapSection(name: string): boolean {
  return name === 'maps' || name.startsWith('maps/');
}

/** A definition with what ties it to others. */
interface Draft extends PlacedMap {
  readonly section: number;
  /** Kernel samples: position of the inner map among all. */
  readonly innerIndex?: number;
  readonly iproute2?: Iproute2Ids;
}

interface Iproute2Ids {
  /** 0: none. */
  readonly id: number;
  /** Of an outer map: the `id` of its inner maps. */
  readonly innerId: number;
  /** Of an inner map: its key in the outer one. */
  readonly index: number;
}

/**
 * Maps of legacy sections, by index of the section: C structs, one a symbol, told apart by their size.
 *
 * @param functions to find programs for iproute2's PROG_ARRAYs: a section `<id>/<key>` fills the slot of that map
 */
export function readLegacyMaps(
  elf: ElfObject,
  functions: readonly CodeFunction[],
): Result<Map<number, PlacedMap[]>> {
  const drafts: Draft[] = [];
  for (const section of elf.sections) {
    if (!isLegacyMapSection(section.name) || section.data.length === 0) continue;
    const read = readSection(elf, section);
    if (!read.ok) return read;
    drafts.push(...read.value);
  }
  const byId = new Map<number, Draft>();
  for (const draft of drafts)
    if (draft.iproute2?.id && !byId.has(draft.iproute2.id)) byId.set(draft.iproute2.id, draft);
  for (const draft of drafts) linkInner(draft, drafts, byId);
  if (byId.size > 0) fillSlots(drafts, functions, byId);
  const bySection = new Map<number, PlacedMap[]>();
  for (const { spec, offset, section } of drafts) {
    const list = bySection.get(section);
    if (list) list.push({ spec, offset });
    else bySection.set(section, [{ spec, offset }]);
  }
  return ok(bySection);
}

function readSection(elf: ElfObject, section: ElfSection): Result<Draft[]> {
  const symbols = (elf.symbolsBySection.get(section.index) ?? [])
    .filter((s) => s.type === STT.OBJECT || s.type === STT.NOTYPE)
    .sort((a, b) => a.value - b.value);
  const drafts: Draft[] = [];
  for (const [i, symbol] of symbols.entries()) {
    const room = (symbols[i + 1]?.value ?? section.data.length) - symbol.value;
    const bytes = definitionBytes(symbol, room);
    if (bytes < DEF_BYTES_MIN || symbol.value + bytes > section.data.length)
      return err(
        elfFault(
          'map-definition',
          `map '${symbol.name}': ${room} bytes at offset ${symbol.value} of '${section.name}'`,
        ),
      );
    const definition = section.data.subarray(symbol.value, symbol.value + bytes);
    drafts.push({ ...readDefinition(symbol.name, definition), offset: symbol.value, section: section.index });
  }
  return ok(drafts);
}

/** Bytes of a definition, which may be followed by padding; symbols of old compilers have no size. */
function definitionBytes({ size }: ElfSymbol, room: number): number {
  return size > 0 ? Math.min(size, room) : room;
}

function readDefinition(name: string, bytes: Uint8Array): Pick<Draft, 'spec' | 'innerIndex' | 'iproute2'> {
  const reader = new ByteReader(bytes);
  const [type, keySize, valueSize, maxEntries] = [reader.u32(), reader.u32(), reader.u32(), reader.u32()];
  const flags = bytes.length >= FLAGS_BYTES ? reader.u32() : 0;
  const spec: MapSpec = { name, type, keySize, valueSize, maxEntries, flags, keyTypeId: 0, valueTypeId: 0 };
  switch (bytes.length) {
    case IPROUTE2_BYTES: {
      const [id, pinning, innerId, index] = [reader.u32(), reader.u32(), reader.u32(), reader.u32()];
      if (pinning !== 0) spec.pinning = PIN_BY_NAME;
      return { spec, iproute2: { id, innerId, index } };
    }
    case GOBPF_BYTES:
      if (reader.u32() !== 0) spec.pinning = PIN_BY_NAME;
      return { spec };
    case SAMPLES_BYTES: {
      const innerIndex = reader.u32();
      const numaNode = reader.u32();
      if (flags & BPF_F_NUMA_NODE) spec.numaNode = numaNode;
      return { spec, innerIndex };
    }
    default:
      return { spec };
  }
}

function isMapInMap({ type }: MapSpec): boolean {
  return type === BPF_MAP_TYPE.ARRAY_OF_MAPS || type === BPF_MAP_TYPE.HASH_OF_MAPS;
}

/** The template of a map-in-map; without one the object opens, and the creation of the map fails, as on Linux. */
function linkInner(draft: Draft, all: readonly Draft[], byId: ReadonlyMap<number, Draft>): void {
  const { spec, iproute2, innerIndex } = draft;
  if (!isMapInMap(spec)) return;
  let inner: Draft | undefined;
  if (iproute2?.innerId) inner = byId.get(iproute2.innerId);
  else if (innerIndex !== undefined) inner = all[innerIndex];
  if (inner && !isMapInMap(inner.spec))
    spec.inner = { ...inner.spec, name: `${spec.name}.inner`, slots: undefined };
}

/** What iproute2 puts into maps by itself (lib/bpf_legacy.c: bpf_maps_attach_all, bpf_fill_prog_arrays). */
function fillSlots(
  drafts: readonly Draft[],
  functions: readonly CodeFunction[],
  byId: ReadonlyMap<number, Draft>,
): void {
  const slots = new Map<MapSpec, MapSlot[]>();
  const add = ({ spec }: Draft, slot: MapSlot) => {
    if (slot.index >= spec.maxEntries) return;
    const list = slots.get(spec);
    if (list) list.push(slot);
    else slots.set(spec, [slot]);
  };
  for (const fn of functions) {
    const place = fn.entry && /^(\d+)\/(\d+)$/.exec(fn.section.name);
    const array = place && byId.get(Number(place[1]));
    if (array && array.spec.type === BPF_MAP_TYPE.PROG_ARRAY)
      add(array, { index: Number(place[2]), program: fn.name });
  }
  const outers = new Map(drafts.filter((d) => isMapInMap(d.spec)).map((d) => [d.iproute2?.innerId, d]));
  for (const { spec, iproute2 } of drafts) {
    if (!iproute2?.id || iproute2.innerId || iproute2.index === NO_INDEX) continue;
    const outer = outers.get(iproute2.id);
    if (outer) add(outer, { index: iproute2.index, map: spec.name });
  }
  for (const [spec, list] of slots) Object.assign(spec, { slots: list });
}
