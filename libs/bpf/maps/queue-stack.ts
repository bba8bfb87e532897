import { BPF_F } from '@probed/abi';
import type { MapInfo } from '@probed/spec';
import { BaseMap, BPF_EXIST, BPF_NOEXIST, round8 } from './base-map';
import type { MapEntry } from './bpf-map';
import { copyBytes } from './copy-bytes';
import { E } from './errno';
import type { MapEnv } from './map-env';

const NO_KEY = new Uint8Array(0);

/**
 * BPF_MAP_TYPE_QUEUE and BPF_MAP_TYPE_STACK (kernel/bpf/queue_stack_maps.c): values without keys, first-in-first-out or
 * last-in-first-out. BPF_EXIST pushes out the oldest value of a full map.
 */
export class QueueStackMap extends BaseMap {
  private readonly values: number;
  private readonly valueBytes: number;
  private readonly scratch: number;
  /** Index of the oldest value. */
  private tail = 0;
  private count = 0;

  constructor(
    info: MapInfo,
    env: MapEnv,
    private readonly lifo: boolean,
  ) {
    super(info, env);
    this.valueBytes = round8(info.valueSize);
    this.values = env.memory.alloc(info.maxEntries * this.valueBytes);
    this.scratch = env.memory.alloc(this.valueBytes);
  }

  /** queue_stack_map_push_elem. */
  override push(value: number, flags: number): number {
    if (flags & BPF_NOEXIST || flags >>> 0 > BPF_EXIST) return E.INVAL;
    if (this.count === this.info.maxEntries) {
      if (!(flags & BPF_EXIST)) return E.TOO_BIG;
      this.tail = (this.tail + 1) % this.info.maxEntries;
      this.count--;
    }
    copyBytes(this.env.memory, this.at(this.count++), value, this.info.valueSize);
    return 0;
  }

  override pop(value: number): number {
    return this.take(value, true);
  }

  override peek(value: number): number {
    return this.take(value, false);
  }

  /** The value that a pop would give; the key is not looked at. */
  override lookup(_key: Uint8Array): Uint8Array | undefined {
    return this.peek(this.scratch) < 0
      ? undefined
      : this.env.memory.copyOut(this.scratch, this.info.valueSize);
  }

  /** A push; the key is not looked at. */
  override updateElem(_key: Uint8Array, value: Uint8Array, flags: number): number {
    const fault = this.userWriteFault();
    if (fault) return fault;
    this.env.memory.u8.set(value.subarray(0, this.info.valueSize), this.scratch);
    return this.push(this.scratch, flags & ~BPF_F.LOCK);
  }

  override deleteElem(_key: Uint8Array): number {
    return E.INVAL;
  }

  /** In the order in which pops would give them, without keys. */
  override *entries(): Generator<MapEntry> {
    const { memory } = this.env;
    const values: Uint8Array[] = [];
    for (let i = 0; i < this.count; i++) values.push(memory.copyOut(this.at(i), this.info.valueSize));
    if (this.lifo) values.reverse();
    for (const value of values) yield { key: NO_KEY, value };
  }

  override destroy(): void {
    this.env.memory.free(this.values);
    this.env.memory.free(this.scratch);
    super.destroy();
  }

  /** Offset of the value `age` places after the oldest. */
  private at(age: number): number {
    return this.values + ((this.tail + age) % this.info.maxEntries) * this.valueBytes;
  }

  /** __queue_map_get, __stack_map_get: an empty map clears the buffer. */
  private take(value: number, remove: boolean): number {
    const { memory } = this.env;
    if (this.count === 0) {
      memory.u8.fill(0, value, value + this.info.valueSize);
      return E.NOENT;
    }
    copyBytes(memory, value, this.at(this.lifo ? this.count - 1 : 0), this.info.valueSize);
    if (remove) {
      this.count--;
      if (!this.lifo) this.tail = (this.tail + 1) % this.info.maxEntries;
    }
    return 0;
  }
}
