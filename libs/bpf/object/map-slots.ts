import { err, ok, type Result } from '@probed/base';
import { INSN_BYTES } from '@probed/isa';
import type { MapSlot, MapSpec } from '@probed/spec';
import { MAPS_SECTION, type PlacedMap } from './btf-maps';
import { type CodeFunction, placeOf } from './code';
import { type ElfObject, type ElfRelocation, elfFault } from './elf';

/** Bytes of one element of a `values` array: a pointer. */
const POINTER_BYTES = 8;

/**
 * Elements that the object gives its map-in-maps and program arrays (`.values = { [2] = &inner }`): relocations of
 * the map section. tools/lib/bpf/libbpf.c: bpf_object__collect_map_relos.
 */
export function readMapSlots(
  elf: ElfObject,
  placed: ReadonlyMap<number, readonly PlacedMap[]>,
  names: ReadonlyMap<number, ReadonlyMap<number, string>>,
  functions: readonly CodeFunction[],
): Result<undefined> {
  const entries = new Map<string, string>();
  for (const fn of functions) if (fn.entry) entries.set(placeOf(fn.section.index, fn.start), fn.name);
  for (const [index, maps] of placed) {
    if (elf.sections[index].name !== MAPS_SECTION) continue;
    const inOrder = [...maps].sort((a, b) => a.offset - b.offset);
    const slots = new Map<MapSpec, MapSlot[]>();
    for (const relocation of elf.relocations.get(index) ?? []) {
      const map = lastAtOrBefore(inOrder, relocation.offset);
      if (map?.valuesOffset === undefined)
        return err(
          elfFault('map-definition', `'.maps' offset ${relocation.offset} initialises no map's values`),
        );
      const slot = readSlot(elf, map, relocation, names, entries);
      if (!slot.ok) return slot;
      const list = slots.get(map.spec);
      if (list) list.push(slot.value);
      else slots.set(map.spec, [slot.value]);
    }
    for (const [spec, list] of slots) Object.assign(spec, { slots: list });
  }
  return ok(undefined);
}

function readSlot(
  elf: ElfObject,
  map: PlacedMap,
  relocation: ElfRelocation,
  names: ReadonlyMap<number, ReadonlyMap<number, string>>,
  programs: ReadonlyMap<string, string>,
): Result<MapSlot> {
  const { symbol, offset, addend = 0 } = relocation;
  const at = offset - map.offset - (map.valuesOffset ?? 0);
  const index = at / POINTER_BYTES;
  if (!Number.isInteger(index) || index < 0)
    return err(elfFault('map-definition', `map '${map.spec.name}': a value at offset ${at}`));
  const inner = names.get(symbol.section)?.get(symbol.value + addend);
  if (inner !== undefined) return ok({ index, map: inner });
  const program = programs.get(placeOf(symbol.section, (symbol.value + addend) / INSN_BYTES));
  if (program !== undefined) return ok({ index, program });
  const name = symbol.name || elf.sections[symbol.section]?.name || '?';
  return err(
    elfFault('map-definition', `map '${map.spec.name}': value ${index} is '${name}', no map or program`),
  );
}

/** The map that begins last at or before an offset of its section; the list is in order. */
export function lastAtOrBefore(maps: readonly PlacedMap[], offset: number): PlacedMap | undefined {
  let low = 0;
  let high = maps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (maps[middle].offset <= offset) low = middle + 1;
    else high = middle;
  }
  return maps[low - 1];
}
