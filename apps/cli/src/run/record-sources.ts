import { PerfEventArray, RingBuffer } from '@probed/maps';
import { sourceKey } from '../output/text-run-output';
import type { RunSession } from './session';

/** A short name for each map that emits records: the object's, or the map's where one object has them all. */
export function recordSources(session: RunSession): Map<string, string> {
  const sources = session.objects.flatMap(({ label, collection }) =>
    [...collection.maps.values()]
      .filter((map) => map instanceof RingBuffer || map instanceof PerfEventArray)
      .map((map) => ({ object: label, map: map.info.name })),
  );
  const several = new Set(sources.map(({ object }) => object)).size > 1;
  return new Map(sources.map(({ object, map }) => [sourceKey(object, map), several ? object : map]));
}
