import { valueDecoder } from '@probed/btf';
import { listVariables } from '@probed/object';
import type { CollectionSpec } from '@probed/spec';

/** The number that the object's first global variable with such a name had at load; bools are 0 and 1. */
export function configuredNumber(collection: CollectionSpec, name: RegExp): number | undefined {
  const { btf } = collection;
  const variable = btf && listVariables(collection).find((one) => name.test(one.name));
  const contents = variable && collection.maps.find((map) => map.name === variable.map)?.contents;
  if (!btf || !variable || !contents) return undefined;
  const { offset, size, typeId } = variable;
  const number = Number(valueDecoder(btf, typeId)(contents.subarray(offset, offset + size)));
  return Number.isFinite(number) ? number : undefined;
}
