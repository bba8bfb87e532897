import type { MapInfo, MapSpec } from '@probed/spec';

/** What the verifier has to know of a map that an object declares. */
export function mapInfoOf(spec: MapSpec): MapInfo {
  return {
    name: spec.name,
    type: spec.type,
    keySize: spec.keySize,
    valueSize: spec.valueSize,
    maxEntries: spec.maxEntries,
    flags: spec.flags,
    frozen: spec.frozen ?? false,
    keyTypeId: spec.keyTypeId,
    valueTypeId: spec.valueTypeId,
    dataSecTypeId: spec.dataSecTypeId,
    frozenContents: spec.frozen ? spec.contents : undefined,
    inner: spec.inner && mapInfoOf(spec.inner),
  };
}
