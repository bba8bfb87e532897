import { type CollectionSpec, MapType } from '@probed/spec';

/**
 * A line for each map whose size the object leaves to its user-space half, with the size that it was given in its
 * place; perf event arrays, which every loader sizes, are not worth one.
 * @param loaded the same object, fitted to a kernel
 */
export function unsizedMapRemarks(object: CollectionSpec, loaded: CollectionSpec): string[] {
  const given = new Map(loaded.maps.map(({ name, maxEntries }) => [name, maxEntries]));
  return object.maps
    .filter(({ type, maxEntries }) => maxEntries === 0 && type !== MapType.PERF_EVENT_ARRAY)
    .map(({ name }) => [name, given.get(name) ?? 0] as const)
    .filter(([, entries]) => entries > 0)
    .map(([name, entries]) => `map ${name} has no size in the object; it was given max_entries ${entries}`);
}
