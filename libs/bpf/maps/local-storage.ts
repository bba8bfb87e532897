import { BaseMap, BPF_EXIST, BPF_NOEXIST, round8 } from './base-map';
import type { MapEntry } from './bpf-map';
import { E } from './errno';
import { indexOf, keyOf } from './u32-key';

/**
 * BPF_MAP_TYPE_SK_STORAGE, INODE_STORAGE, TASK_STORAGE, CGRP_STORAGE (kernel/bpf/bpf_local_storage.c): a value for each
 * kernel object that a program has asked one for, for as long as the object lives.
 *
 * Where user space of Linux gives a file descriptor of the object, here it gives the number that the machine knows the
 * object by: a pid, a cgroup id, a socket's or inode's number.
 */
export class LocalStorageMap extends BaseMap {
  /** Offset of the value, by the object's. */
  private readonly values = new Map<number, number>();

  /** Objects with a value. */
  get size(): number {
    return this.values.size;
  }

  /**
   * Offset of an object's value; 0 when there is none and none is to be made, or memory is exhausted.
   * @param initial offset of what a new value begins with, 0 for zeroes
   */
  storageFor(object: number, create: boolean, initial: number): number {
    const known = this.values.get(object);
    if (known !== undefined || !create) return known ?? 0;
    const { memory } = this.env;
    const { valueSize } = this.info;
    const at = memory.tryAlloc(round8(valueSize));
    if (at === undefined) return 0;
    if (initial !== 0) memory.u8.copyWithin(at, initial, initial + valueSize);
    this.values.set(object, at);
    memory.onFree(object, () => this.remove(object));
    return at;
  }

  /** Takes an object's value away. @returns 0, -ENOENT when it has none */
  remove(object: number): number {
    const at = this.values.get(object);
    if (at === undefined) return E.NOENT;
    this.values.delete(object);
    this.env.memory.free(at);
    return 0;
  }

  override lookup(key: Uint8Array): Uint8Array | undefined {
    const object = this.env.objectByNumber?.(this.info.type, indexOf(key));
    const at = object === undefined ? undefined : this.values.get(object);
    return at === undefined ? undefined : this.env.memory.copyOut(at, this.info.valueSize);
  }

  override updateElem(key: Uint8Array, value: Uint8Array, flags: number): number {
    const fault = this.userWriteFault();
    if (fault) return fault;
    if (flags > BPF_EXIST) return E.INVAL;
    const object = this.env.objectByNumber?.(this.info.type, indexOf(key));
    if (object === undefined) return E.BADF;
    const known = this.values.has(object);
    if (known && flags === BPF_NOEXIST) return E.EXIST;
    if (!known && flags === BPF_EXIST) return E.NOENT;
    const at = this.storageFor(object, true, 0);
    if (at === 0) return E.NOMEM;
    this.env.memory.u8.set(value.subarray(0, this.info.valueSize), at);
    return 0;
  }

  override deleteElem(key: Uint8Array): number {
    const fault = this.userWriteFault();
    if (fault) return fault;
    const object = this.env.objectByNumber?.(this.info.type, indexOf(key));
    return object === undefined ? E.BADF : this.remove(object);
  }

  /** Linux can't list them; here they come by the number that the machine knows the object by. */
  override nextKey(key: Uint8Array | undefined): Uint8Array | undefined {
    const numbers = this.numbers();
    const next = key === undefined ? numbers[0] : numbers.find((number) => number > indexOf(key));
    return next === undefined ? undefined : keyOf(next);
  }

  override *entries(): Generator<MapEntry> {
    for (const number of this.numbers()) {
      const key = keyOf(number);
      const value = this.lookup(key);
      if (value) yield { key, value };
    }
  }

  /** Of the objects that have a value, in ascending order. */
  private numbers(): number[] {
    const { env, info } = this;
    return [...this.values.keys()]
      .map((object) => env.numberOfObject?.(info.type, object))
      .filter((number) => number !== undefined)
      .sort((a, b) => a - b);
  }

  override destroy(): void {
    for (const object of [...this.values.keys()]) this.remove(object);
    super.destroy();
  }
}
