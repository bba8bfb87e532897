import type { BpfMap as CoreMap } from '@probed/maps';
import { mapType } from '@probed/spec';
import { check, fail } from '../errors';
import type { Program } from '../program';
import { mapTypeName } from '../spec/collection-spec';
import type { Any } from '../values/value';
import type { MapAccess } from './map-access';

/** Whether an entry must be there: `BPF_ANY`, `BPF_NOEXIST`, `BPF_EXIST`. */
export type UpdateMode = 'any' | 'noexist' | 'exist';

/** One address of a stack. */
export interface StackFrame {
  readonly ip: bigint;
  readonly symbol?: string;
  /** Bytes from the symbol's start. */
  readonly offset?: number;
  /** File of a user-space symbol. */
  readonly module?: string;
}

const MODES: Readonly<Record<UpdateMode, number>> = { any: 0, noexist: 1, exist: 2 };
const EINVAL = 22;

const accesses = new WeakMap<BpfMap, MapAccess>();

function accessOf(map: BpfMap): MapAccess {
  return accesses.get(map as BpfMap)!;
}

/** @internal The kernel's map behind a handle. */
export function coreMap(map: BpfMap): CoreMap {
  return accessOf(map).map;
}

/**
 * A map in the kernel, with keys and values by BTF (see `Value`); without BTF, integers and bytes. Keys and values are
 * also taken as `Uint8Array`s of the right size.
 *
 * Per-CPU maps have an array of values, one a CPU. Maps of maps have maps. Program arrays take programs.
 */
export class BpfMap<K = Any, V = Any> implements Iterable<[K, V]> {
  /** @internal */
  static of(access: MapAccess): BpfMap {
    const map = new BpfMap(access.map.info.name);
    accesses.set(map, access);
    return map;
  }

  private constructor(readonly name: string) {}

  /** `hash`, `percpu_array`, … as bpftool names it. */
  get type(): string {
    return mapTypeName(coreMap(this).info.type);
  }

  /** Kernel-wide id. */
  get id(): number {
    return coreMap(this).id;
  }

  get keySize(): number {
    return coreMap(this).info.keySize;
  }

  get valueSize(): number {
    return coreMap(this).info.valueSize;
  }

  get maxEntries(): number {
    return coreMap(this).info.maxEntries;
  }

  /** The value of a key; undefined when there is none. */
  get(key: K): V | undefined {
    const access = accessOf(this);
    const value = access.map.lookup(access.keyBytes(key));
    return value && (access.readValue(value) as V);
  }

  /** The value's bytes; those of all CPUs one behind the other, each rounded up to 8 bytes, for per-CPU maps. */
  getBytes(key: K): Uint8Array | undefined {
    const access = accessOf(this);
    return access.map.lookup(access.keyBytes(key))?.slice();
  }

  has(key: K): boolean {
    const access = accessOf(this);
    return access.map.lookup(access.keyBytes(key)) !== undefined;
  }

  /**
   * Puts a value in. Per-CPU maps: a list is one for each CPU, missing ones zero; a single value is every CPU's.
   * @throws ProbedError `map-update` with the errno, e.g. E2BIG when the map is full
   */
  set(
    key: K,
    value: V | (V extends readonly (infer E)[] ? E : never) | Program | BpfMap,
    mode: UpdateMode = 'any',
  ): this {
    const access = accessOf(this);
    const result = access.map.updateElem(access.keyBytes(key), access.valueBytes(value), MODES[mode]);
    check(result, `map ${this.name}: set`, 'map-update');
    return this;
  }

  /** @returns false when there was no such key. @throws ProbedError `map-delete`, e.g. for arrays (EINVAL) */
  delete(key: K): boolean {
    const access = accessOf(this);
    const bytes = access.keyBytes(key);
    if (mapType(access.map.info.type)?.name !== 'array' && access.map.lookup(bytes) === undefined)
      return false;
    check(access.map.deleteElem(bytes), `map ${this.name}: delete`, 'map-delete');
    return true;
  }

  /** Looks up and deletes (`BPF_MAP_LOOKUP_AND_DELETE_ELEM`). */
  take(key: K): V | undefined {
    const value = this.get(key);
    if (value !== undefined) this.delete(key);
    return value;
  }

  /** Deletes every entry; entries of an array become zero. */
  clear(): void {
    const access = accessOf(this);
    for (const { key } of [...access.map.entries()]) {
      if (access.isArray) access.map.updateElem(key, access.zeroValue(), 0);
      else access.map.deleteElem(key);
    }
  }

  /** All entries now, in the map's order; every index of an array. Safe while the map changes. */
  *entries(): Generator<[K, V], void, undefined> {
    const access = accessOf(this);
    for (const { key, value } of access.map.entries()) {
      yield [access.readKey(key) as K, access.readValue(value) as V];
    }
  }

  *keys(): Generator<K, void, undefined> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): Generator<V, void, undefined> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<[K, V], void, undefined> {
    return this.entries();
  }

  /** Number of entries; of an array, how long it is. */
  get size(): number {
    let count = 0;
    for (const _entry of accessOf(this).map.entries()) count++;
    return count;
  }

  /** Per-CPU maps of integers: the values of all CPUs added up; undefined when there is no such key. */
  sum(key: K): bigint | undefined {
    const values = this.get(key);
    if (values === undefined) return undefined;
    if (
      !Array.isArray(values) ||
      !values.every((value) => typeof value === 'number' || typeof value === 'bigint')
    ) {
      fail('map-sum', `map ${this.name} has no integers per CPU`, { errno: EINVAL });
    }
    return (values as readonly (number | bigint)[]).reduce<bigint>((sum, value) => sum + BigInt(value), 0n);
  }

  /** Queues and stacks: adds a value. @throws ProbedError `map-update` (E2BIG) when it is full */
  push(value: V): void {
    const access = accessOf(this);
    const result = access.map.updateElem(new Uint8Array(0), access.valueBytes(value), 0);
    check(result, `map ${this.name}: push`, 'map-update');
  }

  /** Queues and stacks: the next value, taken out; undefined when there is none. */
  pop(): V | undefined {
    return accessOf(this).pop(true) as V | undefined;
  }

  /** Queues and stacks: the next value, which stays. */
  peek(): V | undefined {
    return accessOf(this).pop(false) as V | undefined;
  }

  /** Stack trace maps: a stack by the id that `bpf_get_stackid` gave, innermost first; undefined when there is none. */
  stack(id: number): StackFrame[] | undefined {
    return accessOf(this).stack(id);
  }

  /** What `bpftool map freeze` does: from now on only programs write. */
  freeze(): void {
    coreMap(this).freeze();
  }
}
