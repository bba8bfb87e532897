import type { MapEntry, MapInfo } from '@probed/protocol';
import { sumOfCpus } from './per-cpu';
import { isMembers } from './value';

/** Counts by power of two: slot 0 counts 0 and 1, slot n counts 2^n … 2^(n+1) - 1. */
export interface Histogram {
  /** The key it belongs to; absent when the map is one histogram. */
  readonly key?: unknown;
  readonly slots: readonly number[];
  /** Unit of what was measured, when a name tells it. */
  readonly unit?: string;
}

export interface Slot {
  readonly low: string;
  readonly high: string;
  readonly count: number;
}

const SLOTS_MIN = 8;
const SLOTS_MAX = 64;
const SLOT_MEMBERS = /^(slots?|hist(ogram)?|buckets?|bins?|counts?|latency|lat|dist)(_[nmu]s(ecs?)?)?$/i;
const HISTOGRAM_NAMES = /(hist|slots|buckets|dist$|log2|lat)/i;
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/(^|_)(ns|nsecs?)(_|$)/i, 'ns'],
  [/(^|_)(us|usecs?)(_|$)/i, 'µs'],
  [/(^|_)(ms|msecs?)(_|$)/i, 'ms'],
  [/(^|_)(bytes|size)(_|$)/i, 'B'],
];

type MapShape = Pick<MapInfo, 'name' | 'type' | 'max_entries'>;
type MapValues = Pick<MapEntry, 'key' | 'value' | 'values' | 'sum'>;

/**
 * The histograms that a map holds: one for each entry whose value is an array of counters or a struct with such a
 * member, or one of the whole map when it is an array of counters that look like slots of powers of two.
 */
export function histogramsOf(map: MapShape, entries: readonly MapValues[]): readonly Histogram[] {
  const perEntry = entries.flatMap((entry) => entryHistogram(map, entry));
  if (perEntry.length > 0) return perEntry;
  const slots = arraySlots(map, entries);
  return slots ? [{ slots, unit: unitOf(map.name) }] : [];
}

function entryHistogram(map: MapShape, entry: MapValues): readonly Histogram[] {
  const found = slotsOfValue(wholeValue(entry));
  if (!found) return [];
  // An array of one entry is a variable: its key says nothing.
  const alone = map.type.endsWith('array') && map.max_entries === 1;
  const unit = unitOf(found.member) ?? unitOf(map.name);
  return [{ slots: found.slots, unit, ...(!alone && { key: entry.key }) }];
}

function slotsOfValue(value: unknown): { member: string; slots: readonly number[] } | undefined {
  const bare = counters(value);
  if (bare) return { member: '', slots: bare };
  if (!isMembers(value)) return undefined;
  for (const [member, held] of Object.entries(value)) {
    const slots = SLOT_MEMBERS.test(member) ? counters(held) : undefined;
    if (slots) return { member, slots };
  }
  return undefined;
}

/** @returns the numbers of an array that is long enough to be slots */
function counters(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value) || value.length < SLOTS_MIN || value.length > SLOTS_MAX) return undefined;
  const numbers = value.map(asCount);
  return numbers.every((number) => number !== undefined) ? (numbers as number[]) : undefined;
}

function arraySlots(map: MapShape, entries: readonly MapValues[]): readonly number[] | undefined {
  if (map.type !== 'array' && map.type !== 'percpu_array') return undefined;
  if (map.max_entries < SLOTS_MIN || map.max_entries > SLOTS_MAX) return undefined;
  const slots = new Array<number>(map.max_entries).fill(0);
  for (const entry of entries) {
    const count = asCount(wholeValue(entry));
    const at = Number(entry.key);
    if (count === undefined || !Number.isInteger(at) || at < 0 || at >= slots.length) return undefined;
    slots[at] = count;
  }
  return HISTOGRAM_NAMES.test(map.name) || looksLikeSlots(slots) ? slots : undefined;
}

/** Measurements make one hill: at least four neighbouring slots, few gaps, one top. */
function looksLikeSlots(slots: readonly number[]): boolean {
  const used = slots.flatMap((count, at) => (count > 0 ? [at] : []));
  if (used.length < 4 || slots.length < 16) return false;
  const [first, last] = [used[0], used[used.length - 1]];
  if (used.length < (last - first + 1) * 0.75) return false;
  const top = slots.indexOf(Math.max(...slots));
  const rises = used.filter((at, i) => i > 0 && slots[at] >= slots[used[i - 1]] === at <= top).length;
  return rises >= (used.length - 1) * 0.7;
}

/** An entry's value with the CPUs of a per-CPU map added up. */
export function wholeValue(entry: MapValues): unknown {
  if (entry.sum !== undefined) return entry.sum;
  return entry.values ? sumOfCpus(entry.values) : entry.value;
}

function asCount(value: unknown): number | undefined {
  if (typeof value === 'string' && !/^\d+$/.test(value)) return undefined;
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const count = Number(value);
  return Number.isFinite(count) && count >= 0 ? count : undefined;
}

function unitOf(name: string): string | undefined {
  return UNITS.find(([pattern]) => pattern.test(name))?.[1];
}

/** The slots from the first to the last that counted anything, with their bounds; none when all are zero. */
export function usedSlots(slots: readonly number[]): readonly Slot[] {
  const first = slots.findIndex((count) => count > 0);
  if (first < 0) return [];
  const last = slots.findLastIndex((count) => count > 0);
  return slots.slice(first, last + 1).map((count, i) => ({ ...boundsOf(first + i), count }));
}

function boundsOf(slot: number): { low: string; high: string } {
  if (slot === 0) return { low: '0', high: '1' };
  return { low: power(slot), high: power(slot + 1, 1) };
}

/** 2^exponent - less, in binary units where those are exact: `512`, `1K`, `1M`; an upper bound is written in full below 1K. */
function power(exponent: number, less = 0): string {
  const value = 2n ** BigInt(exponent);
  if (value <= 1024n) return String(value - BigInt(less));
  const step = Math.floor(exponent / 10);
  return `${less ? '<' : ''}${value >> BigInt(step * 10)}${'KMGTPE'[step - 1]}`;
}

/** Adds histograms of the same key, e.g. of all nodes. */
export function mergedHistograms(histograms: readonly Histogram[]): readonly Histogram[] {
  const byKey = new Map<string, Histogram>();
  for (const next of histograms) {
    const id = JSON.stringify(next.key ?? null);
    const known = byKey.get(id);
    byKey.set(id, known ? { ...known, slots: added(known.slots, next.slots) } : next);
  }
  return [...byKey.values()];
}

function added(a: readonly number[], b: readonly number[]): readonly number[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, at) => (a[at] ?? 0) + (b[at] ?? 0));
}
