import { BPF_MAP_TYPE } from '@probed/abi';
import { ByteReader, err, ok, type Result } from '@probed/base';
import type { MapSpec } from '@probed/spec';
import type { PlacedMap } from './btf-maps';
import { type ElfObject, type ElfSection, elfFault } from './elf';
import { STT } from './elf-constants';
import { mapError } from './map-faults';

/** `type`, `key_size`, `value_size`, `max_entries`: what every loader's definition begins with. */
const DEF_BYTES_MIN = 16;
/** `struct bpf_elf_map` of iproute2: flags, id, pinning, inner_id, inner_idx follow. */
const IPROUTE2_BYTES = 36;
/** `struct bpf_map_def` of the kernel's samples: flags, inner_map_idx, numa_node follow. */
const SAMPLES_BYTES = 28;
/** PIN_OBJECT_NS, PIN_GLOBAL_NS of iproute2: both mean "pinned by name". */
const PIN_BY_NAME = 1;

/** True for `maps` and, as old loaders had it, one section a map: `maps/name`. */
export function isLegacyMapSection(name: string): boolean {
  return name === 'maps' || name.startsWith('maps/');
}

interface Draft extends PlacedMap {
  /** How a definition points to its inner map: by index in the section, or by iproute2's id. */
  readonly innerIndex?: number;
  readonly innerId?: number;
  readonly id?: number;
}

/**
 * Maps of a legacy section: C structs of 16 bytes or more, one a symbol, told apart by their size (20: libbpf 0.x,
 * 28: kernel samples, 36: iproute2).
 */
export function readLegacyMaps(elf: ElfObject, section: ElfSection): Result<PlacedMap[]> {
  const symbols = (elf.symbolsBySection.get(section.index) ?? [])
    .filter((s) => s.type === STT.OBJECT || s.type === STT.NOTYPE)
    .sort((a, b) => a.value - b.value);
  if (symbols.length === 0) {
    if (section.data.length === 0) return ok([]);
    return err(elfFault('map-definition', `section '${section.name}' has no symbols to name its maps`));
  }
  const bytes = section.data.length / symbols.length;
  if (!Number.isInteger(bytes) || bytes < DEF_BYTES_MIN)
    return err(
      elfFault(
        'map-definition',
        `section '${section.name}': ${section.data.length} bytes for ${symbols.length} maps`,
      ),
    );
  const drafts: Draft[] = [];
  for (const [i, symbol] of symbols.entries()) {
    if (symbol.value !== i * bytes)
      return mapError(symbol.name, `at offset ${symbol.value} of '${section.name}', expected ${i * bytes}`);
    drafts.push(readDefinition(symbol.name, section.data.subarray(i * bytes, (i + 1) * bytes), symbol.value));
  }
  return linkInner(drafts);
}

function readDefinition(name: string, bytes: Uint8Array, offset: number): Draft {
  const reader = new ByteReader(bytes);
  const [type, keySize, valueSize, maxEntries] = [reader.u32(), reader.u32(), reader.u32(), reader.u32()];
  const flags = bytes.length >= DEF_BYTES_MIN + 4 ? reader.u32() : 0;
  const spec: MapSpec = { name, type, keySize, valueSize, maxEntries, flags, keyTypeId: 0, valueTypeId: 0 };
  if (bytes.length === IPROUTE2_BYTES) {
    const [id, pinning, innerId, innerIndex] = [reader.u32(), reader.u32(), reader.u32(), reader.u32()];
    if (pinning !== 0) spec.pinning = PIN_BY_NAME;
    return { spec, offset, id, innerId, innerIndex };
  }
  if (bytes.length === SAMPLES_BYTES) {
    const innerIndex = reader.u32();
    const numaNode = reader.u32();
    if (flags & BPF_F_NUMA_NODE) spec.numaNode = numaNode;
    return { spec, offset, innerIndex };
  }
  return { spec, offset };
}

const BPF_F_NUMA_NODE = 4;

function linkInner(drafts: readonly Draft[]): Result<PlacedMap[]> {
  for (const draft of drafts) {
    const { spec } = draft;
    if (spec.type !== BPF_MAP_TYPE.ARRAY_OF_MAPS && spec.type !== BPF_MAP_TYPE.HASH_OF_MAPS) continue;
    const byId = draft.innerId ? drafts.find((other) => other.id === draft.innerId) : undefined;
    const inner = byId ?? (draft.innerIndex === undefined ? undefined : drafts[draft.innerIndex]);
    if (!inner || inner === draft) return mapError(spec.name, 'a map-in-map without an inner map');
    spec.inner = { ...inner.spec, name: `${spec.name}.inner`, inner: undefined };
  }
  return ok(drafts.map(({ spec, offset }) => ({ spec, offset })));
}
