import { diagnostic, err, ok, type Result, suggestion } from '@probed/base';
import { findMap, type ObjectSpec, resizeMap } from '@probed/object';

/** How many entries a map is to have room for. */
export interface MapSize {
  readonly map: string;
  readonly maxEntries: number;
}

const ENOENT = 2;

/** Sizes maps in every object that declares them; at least one must. Errors: `no-such-map`, `map-resize`. */
export function resizeMaps(objects: readonly ObjectSpec[], sizes: readonly MapSize[]): Result<undefined> {
  for (const { map, maxEntries } of sizes) {
    const having = objectsWithMap(objects, map);
    if (!having.ok) return having;
    for (const object of having.value) {
      const done = resizeMap(object, map, maxEntries);
      if (!done.ok) return err({ ...done.error, where: `${object.name}: ${done.error.where ?? map}` });
    }
  }
  return ok(undefined);
}

/** The objects that declare a map, at least one. Errors: `no-such-map` with the nearest names. */
export function objectsWithMap(objects: readonly ObjectSpec[], map: string): Result<readonly ObjectSpec[]> {
  const having = objects.filter((object) => findMap(object, map));
  if (having.length > 0) return ok(having);
  const names = objects.flatMap((object) =>
    object.maps.filter(({ section }) => section === undefined).map(({ name }) => name),
  );
  const where = objects.map((object) => object.name).join(', ');
  return err(
    diagnostic('no-such-map', `no map ${map}`, { where, errno: ENOENT, hint: suggestion(map, names) }),
  );
}
