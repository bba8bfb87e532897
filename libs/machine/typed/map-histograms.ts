import { BPF_MAP_TYPE } from '@probed/abi';
import { listVariables } from '@probed/object';
import type { CollectionSpec, MapInfo } from '@probed/spec';
import { configuredNumber } from './configured-number';
import { arrayHistogram, type Histogram, histogramSlots, valueHistogram } from './histogram';
import type { TypedEntry, TypedVariable } from './map-dump';

const ARRAYS: ReadonlySet<number> = new Set([BPF_MAP_TYPE.ARRAY, BPF_MAP_TYPE.PERCPU_ARRAY]);

/** Configuration variables that say in which unit a program measures: value to unit. */
const UNIT_VARIABLES: readonly (readonly [name: RegExp, unitOf: (value: number) => string | undefined])[] = [
  [/^(targ|in)_ms$|^(targ_)?milliseconds$/, (value) => (value ? 'ms' : 'us')],
  [/^(targ|in)_ns$|^(targ_)?nanoseconds$/, (value) => (value ? 'ns' : 'us')],
  [/^(targ_)?units$/, (value) => ['ns', 'us', 'ms'][value]],
];

/** Histograms in the entries of a map: one an entry, or one of a whole array of counters. */
export function entryHistograms(
  info: MapInfo,
  collection: CollectionSpec,
  entries: readonly TypedEntry[],
): Histogram[] {
  const { btf } = collection;
  if (!btf || info.valueTypeId === 0 || entries.length === 0) return [];
  const slots = histogramSlots(btf, info.valueTypeId, info.name, configuredUnit(collection));
  if (slots) {
    // An array of one entry is a variable: its key says nothing.
    const alone = ARRAYS.has(info.type) && info.maxEntries === 1;
    return entries.flatMap(({ key, value, merged }) => {
      const whole = value ?? merged;
      return (whole !== undefined && valueHistogram(slots, whole, alone ? undefined : key)) || [];
    });
  }
  if (!ARRAYS.has(info.type) || btf.resolve(info.valueTypeId).kind !== 'int') return [];
  const counts = new Array<number>(info.maxEntries <= 64 ? info.maxEntries : 0).fill(0);
  for (const { key, value, sum } of entries)
    if (Number(key) < counts.length) counts[Number(key)] = Number(sum ?? value);
  const histogram = arrayHistogram(info, counts);
  return histogram ? [histogram] : [];
}

/** Histograms in global variables, arrays of such structs included. */
export function variableHistograms(
  info: MapInfo,
  collection: CollectionSpec,
  variables: readonly TypedVariable[],
): Histogram[] {
  const { btf } = collection;
  if (!btf) return [];
  const types = new Map(
    listVariables(collection)
      .filter(({ map }) => map === info.name)
      .map(({ name, typeId }) => [name, typeId]),
  );
  const unit = configuredUnit(collection);
  return variables.flatMap(({ name, value }) => {
    const typeId = types.get(name);
    if (typeId === undefined) return [];
    const type = btf.resolve(typeId);
    const whole = histogramSlots(btf, typeId, name, unit);
    if (whole) return [valueHistogram(whole, value, name) ?? []].flat().filter(isUsed);
    const each = type.kind === 'array' ? histogramSlots(btf, type.elemTypeId, name, unit) : undefined;
    if (!each || !Array.isArray(value)) return [];
    return value.flatMap((item, i) => valueHistogram(each, item, `${name}[${i}]`) ?? []).filter(isUsed);
  });
}

function isUsed({ buckets }: Histogram): boolean {
  return buckets.length > 0;
}

/** The unit that the object's configuration says its programs measure in. */
function configuredUnit(collection: CollectionSpec): string | undefined {
  for (const [pattern, unitFor] of UNIT_VARIABLES) {
    const value = configuredNumber(collection, pattern);
    if (value !== undefined) return unitFor(value);
  }
  return undefined;
}
