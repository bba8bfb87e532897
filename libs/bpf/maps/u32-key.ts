/** User-side keys that are indexes. */

export function indexOf(key: Uint8Array): number {
  return (key[0] | (key[1] << 8) | (key[2] << 16) | (key[3] << 24)) >>> 0;
}

export function keyOf(index: number): Uint8Array {
  return Uint8Array.of(index, index >>> 8, index >>> 16, index >>> 24);
}

/** array_map_get_next_key: the index after a key, the first one for none and for one beyond the end. */
export function nextIndex(key: Uint8Array | undefined, maxEntries: number): Uint8Array | undefined {
  const index = key ? indexOf(key) : maxEntries;
  if (index >= maxEntries) return keyOf(0);
  return index + 1 < maxEntries ? keyOf(index + 1) : undefined;
}
