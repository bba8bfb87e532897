import { BPF_MAP_TYPE } from '@probed/abi';
import { toHex } from '@probed/base';
import { type Btf, type JsonValue, valueDecoder } from '@probed/btf';
import { type BpfMap, type MapEntry, StackTraceMap } from '@probed/maps';
import { listVariables } from '@probed/object';
import { type CollectionSpec, mapType } from '@probed/spec';
import type { KernelApi } from '@probed/system';
import type { Origin } from '../output/record';
import { type StackFrame, symboliseStack } from './stack-frames';

/** An entry with its bytes decoded; hex where the object has no BTF for them. */
export interface TypedEntry {
  readonly key: JsonValue;
  readonly value?: JsonValue;
  /** Per-CPU maps: a value for each CPU, in order, in place of `value`. */
  readonly values?: readonly JsonValue[];
  /** Per-CPU maps of plain integers: all CPUs together. */
  readonly sum?: number | string;
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
  /** `zeroEntries`: entries of a large array left out because all their bytes are zero. */
  | { readonly kind: 'entries'; readonly entries: readonly TypedEntry[]; readonly zeroEntries: number }
  | { readonly kind: 'stacks'; readonly stacks: readonly TypedStack[] }
  /** A data section. */
  | { readonly kind: 'variables'; readonly section: string; readonly variables: readonly TypedVariable[] }
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

/** Decodes all that a map holds now. */
export function dumpMap(map: BpfMap, collection: CollectionSpec, kernel: KernelApi): TypedMap {
  if (BUFFERS.has(map.info.type)) return { kind: 'buffer' };
  if (map instanceof StackTraceMap) return { kind: 'stacks', stacks: dumpStacks(map, kernel) };
  const { section } = collection.maps.find((spec) => spec.name === map.info.name) ?? {};
  if (section !== undefined && collection.btf?.dataSection(section)) {
    return { kind: 'variables', section, variables: dumpVariables(map, collection, collection.btf) };
  }
  return dumpEntries(map, collection.btf);
}

function dumpStacks(map: StackTraceMap, kernel: KernelApi): TypedStack[] {
  const stacks: TypedStack[] = [];
  for (const { key } of map.entries()) {
    const id = new DataView(key.buffer, key.byteOffset).getUint32(0, true);
    const owner = map.tagOf(id) as Origin | undefined;
    stacks.push({ id, frames: symboliseStack(kernel, map.addresses(id) ?? [], owner?.pid) });
  }
  return stacks;
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

function dumpEntries(map: BpfMap, btf: Btf | undefined): TypedMap {
  const { info } = map;
  const decodeKey = ARRAYS.has(info.type) ? indexOf : bytesDecoder(btf, info.keyTypeId);
  const decodeValue = bytesDecoder(btf, info.valueTypeId);
  const perCpu = mapType(info.type)?.perCpu === true;
  const plainInt = info.valueTypeId !== 0 && btf?.resolve(info.valueTypeId).kind === 'int';
  const skipZero = ARRAYS.has(info.type) && info.maxEntries > WHOLE_ARRAY_ENTRIES_MAX;
  const entries: TypedEntry[] = [];
  let zeroEntries = 0;
  for (const { key, value } of map.entries()) {
    if (skipZero && value.every((byte) => byte === 0)) zeroEntries++;
    else if (!perCpu) entries.push({ key: decodeKey(key), value: decodeValue(value) });
    else entries.push(perCpuEntry({ key, value }, info.valueSize, decodeKey, decodeValue, plainInt));
  }
  return { kind: 'entries', entries, zeroEntries };
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
  return { key: decodeKey(key), values, ...(plainInt && { sum: sumOf(values) }) };
}

/** Decoded integers are numbers, or decimal strings beyond 2^53. */
function sumOf(values: readonly JsonValue[]): number | string {
  let sum = 0n;
  for (const value of values)
    sum += BigInt(typeof value === 'number' || typeof value === 'string' ? value : 0);
  const number = Number(sum);
  return Number.isSafeInteger(number) ? number : sum.toString();
}

function bytesDecoder(btf: Btf | undefined, typeId: number): Decode {
  return btf && typeId !== 0 ? valueDecoder(btf, typeId) : (bytes) => toHex(bytes);
}

function indexOf(key: Uint8Array): number {
  return new DataView(key.buffer, key.byteOffset).getUint32(0, true);
}
