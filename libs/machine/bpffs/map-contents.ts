import type { BpfMap, MapEntry } from '@probed/maps';
import { type MapInfo, MapType, mapType } from '@probed/spec';

/** Map types whose entries user space can read and write back as they were. */
const SAVED_TYPES: ReadonlySet<number> = new Set([
  MapType.HASH,
  MapType.PERCPU_HASH,
  MapType.LRU_HASH,
  MapType.LRU_PERCPU_HASH,
  MapType.ARRAY,
  MapType.PERCPU_ARRAY,
  MapType.LPM_TRIE,
  MapType.QUEUE,
  MapType.STACK,
]);

/** Bytes of a key and of a value as user space has them. */
const HEADER_BYTES = 8;

/** True when {@link saveMap} can keep what a map holds, if it is small enough. */
export function canSaveMap({ info }: BpfMap): boolean {
  return SAVED_TYPES.has(info.type) && !info.frozen;
}

/**
 * What a map holds, as bytes: the sizes of a key and of a value (u32 each), then the entries, a key and a value each, as
 * bpf(2) gives them. Undefined when it is of another type, frozen, or takes more than `bytesMax`.
 */
export function saveMap(map: BpfMap, bytesMax: number): Uint8Array | undefined {
  if (!canSaveMap(map)) return undefined;
  const { type, maxEntries, keySize, valueSize } = map.info;
  const isArray = type === MapType.ARRAY || type === MapType.PERCPU_ARRAY;
  // All entries of an array exist: no need to look.
  if (isArray && maxEntries * (keySize + valueSize) > bytesMax) return undefined;
  const entries: MapEntry[] = [];
  let bytes = HEADER_BYTES;
  for (const entry of map.entries()) {
    bytes += entry.key.length + entry.value.length;
    if (bytes > bytesMax) return undefined;
    entries.push(entry);
  }
  return packed(entries, bytes);
}

function packed(entries: readonly MapEntry[], bytes: number): Uint8Array {
  const saved = new Uint8Array(bytes);
  const view = new DataView(saved.buffer);
  view.setUint32(0, entries[0]?.key.length ?? 0, true);
  view.setUint32(4, entries[0]?.value.length ?? 0, true);
  let at = HEADER_BYTES;
  for (const { key, value } of entries) {
    saved.set(key, at);
    saved.set(value, at + key.length);
    at += key.length + value.length;
  }
  return saved;
}

/**
 * Puts back what {@link saveMap} gave; entries that the map has besides stay.
 * @returns how many entries were put back; those that the map refuses are left out, and all when their sizes are others
 */
export function restoreMap(map: BpfMap, saved: Uint8Array): number {
  if (saved.length < HEADER_BYTES || !canSaveMap(map)) return 0;
  const entries = unpacked(saved, map.info);
  // What comes out of a stack first was put in last.
  if (map.info.type === MapType.STACK) entries.reverse();
  return entries.filter(({ key, value }) => map.updateElem(key, value, 0) === 0).length;
}

function unpacked(saved: Uint8Array, info: MapInfo): MapEntry[] {
  const view = new DataView(saved.buffer, saved.byteOffset);
  const [keyBytes, valueBytes] = [view.getUint32(0, true), view.getUint32(4, true)];
  const entries: MapEntry[] = [];
  if (keyBytes !== info.keySize || !isValueSize(valueBytes, info)) return entries;
  const stride = keyBytes + valueBytes;
  for (let at = HEADER_BYTES; at + stride <= saved.length; at += stride)
    entries.push({
      key: saved.subarray(at, at + keyBytes),
      value: saved.subarray(at + keyBytes, at + stride),
    });
  return entries;
}

/** Of per-CPU maps user space has the values of all CPUs, each rounded up to 8 bytes. */
function isValueSize(bytes: number, { type, valueSize }: MapInfo): boolean {
  if (mapType(type)?.perCpu !== true) return bytes === valueSize;
  return bytes > 0 && bytes % (Math.ceil(valueSize / 8) * 8) === 0;
}
