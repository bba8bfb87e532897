import { BPF_MAP_TYPE } from '@probed/abi';
import { toHex } from '@probed/base';
import { type Btf, type JsonValue, valueDecoder } from '@probed/btf';
import { type BpfMap, type MapEntry, StackTraceMap } from '@probed/maps';
import { listVariables } from '@probed/object';
import { type CollectionSpec, type MapInfo, mapType } from '@probed/spec';
import type { KernelApi } from '@probed/system';
import type { Origin } from '../output/record';
import { entryExplainer } from './entry-explainer';
import type { Explanation } from './explain/explainer';
import type { Histogram } from './histogram';
import { entryHistograms, variableHistograms } from './map-histograms';
import { mergedCpus, sumOfIntegers } from './merge-cpus';
import { type StackFrame, symboliseStack } from './stack-frames';

/**
 * An entry with its bytes decoded; hex where the object has no BTF for them. Explanations go by `key.…` and `value.…`.
 */
export interface TypedEntry extends Explanation {
  readonly key: JsonValue;
  readonly value?: JsonValue;
  /** Per-CPU maps: a value for each CPU, in order, in place of `value`. */
  readonly values?: readonly JsonValue[];
  /** Per-CPU maps of plain integers: all CPUs together. */
  readonly sum?: number | string;
  /** Per-CPU maps of structs and arrays: all CPUs together, counters added. */
  readonly merged?: JsonValue;
}

export interface TypedStack {
  readonly id: number;
  /** Innermost first. */
  readonly frames: readonly StackFrame[];
}

export interface TypedVariable {
  readonly name: string;
  readonly value: JsonValue;
}

/** What a map holds, in the shape that suits its kind. */
export type TypedMap =
  | {
      readonly kind: 'entries';
      readonly entries: readonly TypedEntry[];
      /** Entries of a large array left out because all their bytes are zero. */
      readonly zeroEntries: number;
      /** There are more entries than were asked for. */
      readonly truncated: boolean;
      /** What the entries count by size. */
      readonly histograms?: readonly Histogram[];
    }
  | { readonly kind: 'stacks'; readonly stacks: readonly TypedStack[]; readonly truncated: boolean }
  /** A data section. */
  | {
      readonly kind: 'variables';
      readonly section: string;
      readonly variables: readonly TypedVariable[];
      readonly histograms?: readonly Histogram[];
    }
  /** A ring or perf buffer: its contents are records, not entries. */
  | { readonly kind: 'buffer' };

/** Arrays longer than this are dumped without their zero entries. */
const WHOLE_ARRAY_ENTRIES_MAX = 64;

const BUFFERS: ReadonlySet<number> = new Set([
  BPF_MAP_TYPE.RINGBUF,
  BPF_MAP_TYPE.PERF_EVENT_ARRAY,
  BPF_MAP_TYPE.USER_RINGBUF,
]);
const ARRAYS: ReadonlySet<number> = new Set([BPF_MAP_TYPE.ARRAY, BPF_MAP_TYPE.PERCPU_ARRAY]);

/** Entries looked at between two steps of a dump. */
const STEP_ENTRIES = 512;

/**
 * Decodes all that a map holds now.
 * @param maps the object's maps, for the stacks that ids stand for
 */
export function dumpMap(
  map: BpfMap,
  collection: CollectionSpec,
  kernel: KernelApi,
  maps: ReadonlyMap<string, BpfMap> = new Map(),
): TypedMap {
  const steps = dumpMapSteps(map, collection, kernel, Number.POSITIVE_INFINITY, maps);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/**
 * As {@link dumpMap}, in short steps between which the map may change, as it may between the calls of bpf(2) that a
 * dump is on Linux.
 * @param entriesMax more are left out, and the result says so
 */
export function* dumpMapSteps(
  map: BpfMap,
  collection: CollectionSpec,
  kernel: KernelApi,
  entriesMax: number,
  maps: ReadonlyMap<string, BpfMap> = new Map(),
): Generator<undefined, TypedMap> {
  if (BUFFERS.has(map.info.type)) return { kind: 'buffer' };
  if (map instanceof StackTraceMap) return yield* dumpStacks(map, kernel, entriesMax);
  const { section } = collection.maps.find((spec) => spec.name === map.info.name) ?? {};
  if (section !== undefined && collection.btf?.dataSection(section)) {
    const variables = dumpVariables(map, collection, collection.btf);
    const histograms = variableHistograms(map.info, collection, variables);
    return { kind: 'variables', section, variables, ...(histograms.length > 0 && { histograms }) };
  }
  const explain = entryExplainer(map.info, collection, kernel, maps);
  const dump = yield* dumpEntries(map, collection.btf, explain, entriesMax);
  const histograms = entryHistograms(map.info, collection, dump.entries);
  return histograms.length > 0 ? { ...dump, histograms } : dump;
}

function* dumpStacks(
  map: StackTraceMap,
  kernel: KernelApi,
  entriesMax: number,
): Generator<undefined, TypedMap> {
  const stacks: TypedStack[] = [];
  let seen = 0;
  for (const { key } of map.entries()) {
    if (stacks.length >= entriesMax) return { kind: 'stacks', stacks, truncated: true };
    const id = new DataView(key.buffer, key.byteOffset).getUint32(0, true);
    const owner = map.tagOf(id) as Origin | undefined;
    stacks.push({ id, frames: symboliseStack(kernel, map.addresses(id) ?? [], owner?.pid) });
    if (++seen % STEP_ENTRIES === 0) yield;
  }
  return { kind: 'stacks', stacks, truncated: false };
}

function dumpVariables(map: BpfMap, collection: CollectionSpec, btf: Btf): TypedVariable[] {
  const contents = map.lookup(new Uint8Array(4)) ?? new Uint8Array(0);
  return listVariables(collection)
    .filter((variable) => variable.map === map.info.name)
    .map(({ name, offset, size, typeId }) => ({
      name,
      value: valueDecoder(btf, typeId)(contents.subarray(offset, offset + size)),
    }));
}

function* dumpEntries(
  map: BpfMap,
  btf: Btf | undefined,
  explain: ReturnType<typeof entryExplainer>,
  entriesMax: number,
): Generator<undefined, TypedMap & { readonly kind: 'entries' }> {
  const { info } = map;
  const decode = entryDecoder(info, btf);
  const skipZero = ARRAYS.has(info.type) && info.maxEntries > WHOLE_ARRAY_ENTRIES_MAX;
  const entries: TypedEntry[] = [];
  let zeroEntries = 0;
  let seen = 0;
  for (const entry of entriesOf(map, entriesMax)) {
    if (++seen % STEP_ENTRIES === 0) yield;
    if (skipZero && entry.value.every((byte) => byte === 0)) {
      zeroEntries++;
      continue;
    }
    if (entries.length >= entriesMax) return { kind: 'entries', entries, zeroEntries, truncated: true };
    const typed = decode(entry);
    entries.push(explain ? { ...typed, ...explain(typed, entry) } : typed);
  }
  return { kind: 'entries', entries, zeroEntries, truncated: false };
}

/** Arrays as they are walked; of other maps the keys first, one more than asked for, since they may go meanwhile. */
function* entriesOf(map: BpfMap, entriesMax: number): Generator<MapEntry> {
  if (!Number.isFinite(entriesMax) || map.info.keySize === 0) {
    yield* map.entries();
    return;
  }
  for (const key of ARRAYS.has(map.info.type) ? keysOf(map) : firstKeys(map, entriesMax + 1)) {
    const value = map.lookup(key);
    if (value) yield { key, value };
  }
}

function* keysOf(map: BpfMap): Generator<Uint8Array> {
  for (let key = map.nextKey(undefined); key; key = map.nextKey(key)) yield key;
}

function firstKeys(map: BpfMap, count: number): Uint8Array[] {
  const keys: Uint8Array[] = [];
  for (const key of keysOf(map)) if (keys.push(key) === count) break;
  return keys;
}

/** Decodes entries of a map by the object's BTF; hex without it. */
export function entryDecoder(info: MapInfo, btf: Btf | undefined): (entry: MapEntry) => TypedEntry {
  const decodeKey = ARRAYS.has(info.type) ? indexOf : bytesDecoder(btf, info.keyTypeId);
  const decodeValue = bytesDecoder(btf, info.valueTypeId);
  if (mapType(info.type)?.perCpu !== true)
    return ({ key, value }) => ({ key: decodeKey(key), value: decodeValue(value) });
  const plainInt = info.valueTypeId !== 0 && btf?.resolve(info.valueTypeId).kind === 'int';
  return (entry) => perCpuEntry(entry, info.valueSize, decodeKey, decodeValue, plainInt);
}

type Decode = (bytes: Uint8Array) => JsonValue;

function perCpuEntry(
  { key, value }: MapEntry,
  valueSize: number,
  decodeKey: Decode,
  decodeValue: Decode,
  plainInt: boolean,
): TypedEntry {
  const stride = Math.ceil(valueSize / 8) * 8;
  const values: JsonValue[] = [];
  for (let at = 0; at < value.length; at += stride)
    values.push(decodeValue(value.subarray(at, at + valueSize)));
  const together = plainInt ? { sum: sumOfIntegers(values) } : { merged: mergedCpus(values) };
  return { key: decodeKey(key), values, ...(typeof values[0] === 'string' && !plainInt ? {} : together) };
}

function bytesDecoder(btf: Btf | undefined, typeId: number): Decode {
  return btf && typeId !== 0 ? valueDecoder(btf, typeId) : (bytes) => toHex(bytes);
}

function indexOf(key: Uint8Array): number {
  return new DataView(key.buffer, key.byteOffset).getUint32(0, true);
}
