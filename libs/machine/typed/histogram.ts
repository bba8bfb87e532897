import type { Btf, JsonValue } from '@probed/btf';
import type { MapInfo } from '@probed/spec';

/** Counts by size. */
export interface Histogram {
  /** `log2`: bucket n counts 2^n to 2^(n+1) - 1, the first also 0. `linear`: every bucket is as wide. */
  readonly kind: 'log2' | 'linear';
  /** What it is of: the map's key, with what stands beside the counts; absent when the map is one histogram. */
  readonly of?: JsonValue;
  /** Unit of what was measured, when a name tells it: `ns`, `us`, `ms`, `bytes`. */
  readonly unit?: string;
  /** From the first to the last that counted anything; bounds are inclusive. */
  readonly buckets: readonly HistogramBucket[];
}

export interface HistogramBucket {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** Names of members and maps that hold counts by size. */
const SLOTS = /^(.*_)?(slots?|hist(ogram)?s?|buckets?|bins?|dist)(_[nmu]s(ecs?)?)?$/i;
const LINEAR = /linear|lhist/i;
const SLOTS_MIN = 8;
const SLOTS_MAX = 64;
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/(^|_)(ns|nsecs?|nanos(econds)?)(_|$)/i, 'ns'],
  [/(^|_)(us|usecs?|micros(econds)?)(_|$)/i, 'us'],
  [/(^|_)(ms|msecs?|millis(econds)?)(_|$)/i, 'ms'],
  [/(^|_)(kb|kbytes)(_|$)/i, 'kbytes'],
  [/(^|_)(bytes|size)(_|$)/i, 'bytes'],
];

/** Where the counts of a value are. */
interface Slots {
  /** Names from the value inwards; empty for an array itself. */
  readonly path: readonly string[];
  readonly kind: Histogram['kind'];
  readonly unit?: string;
}

/** Where values of a type have counts by size: an array of 8 to 64 integers whose name says so. */
export function histogramSlots(btf: Btf, typeId: number, map: string, unit?: string): Slots | undefined {
  const type = btf.resolve(typeId);
  if (type.kind === 'array') {
    return isCounts(btf, typeId) && SLOTS.test(map) ? slotsNamed([], map, map, unit) : undefined;
  }
  if (type.kind !== 'struct') return undefined;
  const member = type.members.find(({ name, typeId: id }) => SLOTS.test(name) && isCounts(btf, id));
  return member && slotsNamed([member.name], member.name, map, unit);
}

function slotsNamed(path: readonly string[], name: string, map: string, given: string | undefined): Slots {
  const unit = unitOf(name) ?? unitOf(map) ?? given;
  return { path, kind: LINEAR.test(name) || LINEAR.test(map) ? 'linear' : 'log2', ...(unit && { unit }) };
}

function isCounts(btf: Btf, typeId: number): boolean {
  const type = btf.resolve(typeId);
  if (type.kind !== 'array' || type.count < SLOTS_MIN || type.count > SLOTS_MAX) return false;
  const elem = btf.resolve(type.elemTypeId);
  return elem.kind === 'int' && elem.size >= 4;
}

function unitOf(name: string): string | undefined {
  return UNITS.find(([pattern]) => pattern.test(name))?.[1];
}

/** The histogram of one value; `of` the key when there are several. */
export function valueHistogram(
  slots: Slots,
  value: JsonValue,
  key: JsonValue | undefined,
): Histogram | undefined {
  const [name] = slots.path;
  const members = name === undefined ? undefined : (value as { readonly [name: string]: JsonValue });
  const counts = name === undefined ? value : members?.[name];
  if (!Array.isArray(counts)) return undefined;
  const { [name ?? '']: _counts, ...beside } = members ?? {};
  const of = describe(key, beside);
  return {
    kind: slots.kind,
    ...(of !== undefined && { of }),
    ...(slots.unit && { unit: slots.unit }),
    buckets: buckets(counts.map(Number), slots.kind),
  };
}

/** The key, and what the value says beside its counts, e.g. `comm`. */
function describe(
  key: JsonValue | undefined,
  beside: { readonly [name: string]: JsonValue },
): JsonValue | undefined {
  const told = Object.entries(beside).filter(([, value]) => value !== '' && value !== 0);
  if (key === undefined || told.length === 0) return key;
  return { key, ...Object.fromEntries(told) };
}

/** An array or per-CPU array of plain counters whose name says that its index is a slot. */
export function arrayHistogram(
  { name, maxEntries }: Pick<MapInfo, 'name' | 'maxEntries'>,
  counts: readonly number[],
): Histogram | undefined {
  if (!SLOTS.test(name) || maxEntries < SLOTS_MIN || maxEntries > SLOTS_MAX) return undefined;
  const { kind, unit } = slotsNamed([], name, name, undefined);
  return { kind, ...(unit && { unit }), buckets: buckets(counts, kind) };
}

function buckets(counts: readonly number[], kind: Histogram['kind']): HistogramBucket[] {
  const first = counts.findIndex((count) => count > 0);
  if (first < 0) return [];
  const last = counts.findLastIndex((count) => count > 0);
  const from = kind === 'log2' ? 0 : first;
  return counts.slice(from, last + 1).map((count, i) => ({ ...bounds(from + i, kind), count }));
}

function bounds(slot: number, kind: Histogram['kind']): { low: number; high: number } {
  if (kind === 'linear') return { low: slot, high: slot };
  return { low: slot === 0 ? 0 : 2 ** slot, high: 2 ** (slot + 1) - 1 };
}
