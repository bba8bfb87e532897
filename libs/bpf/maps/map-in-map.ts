import { BPF_F } from '@probed/abi';
import { type MapInfo, MapType } from '@probed/spec';
import { BaseMap } from './base-map';
import type { BpfMap } from './bpf-map';
import { E } from './errno';
import { HashMap } from './hash';
import type { MapEnv } from './map-env';
import { indexOf, keyOf, nextIndex } from './u32-key';

/** An array as inner map must have as many entries as the template, unless BPF_F_INNER_MAP says otherwise. */
function sameEntries(template: MapInfo, inner: MapInfo): boolean {
  const array = template.type === MapType.ARRAY || template.type === MapType.PERCPU_ARRAY;
  return !array || (template.flags & BPF_F.INNER_MAP) !== 0 || template.maxEntries === inner.maxEntries;
}

/** kernel/bpf/map_in_map.c: bpf_map_meta_equal. */
function fits(template: MapInfo | undefined, inner: MapInfo): boolean {
  if (!template) return true;
  return (
    template.type === inner.type &&
    template.keySize === inner.keySize &&
    template.valueSize === inner.valueSize &&
    template.flags === inner.flags &&
    sameEntries(template, inner)
  );
}

/** The map that user space means by a value (an id where Linux takes a file descriptor), or a negative errno. */
function innerOf(env: MapEnv, info: MapInfo, value: Uint8Array): BpfMap | number {
  const inner = env.registry.byId(indexOf(value));
  if (!inner) return E.BADF;
  return fits(info.inner, inner.info) ? inner : E.INVAL;
}

/**
 * BPF_MAP_TYPE_ARRAY_OF_MAPS (kernel/bpf/arraymap.c): a lookup by a program gives the inner map. User space writes and
 * reads ids of maps.
 */
export class ArrayOfMaps extends BaseMap {
  private readonly inner: (BpfMap | undefined)[];
  /** The kernel's array of pointers. */
  private readonly accounted: number;

  constructor(info: MapInfo, env: MapEnv) {
    super(info, env);
    this.accounted = env.memory.alloc(info.maxEntries * 8);
    this.inner = new Array(info.maxEntries);
  }

  override lookupOffset(key: number): number {
    return this.inner[this.env.memory.view.getUint32(key, true)]?.offset ?? 0;
  }

  override lookup(key: Uint8Array): Uint8Array | undefined {
    const inner = this.inner[indexOf(key)];
    return inner && keyOf(inner.id);
  }

  override updateElem(key: Uint8Array, value: Uint8Array, flags: number): number {
    const fault = this.userWriteFault();
    if (fault) return fault;
    if (flags !== 0) return E.INVAL;
    if (indexOf(key) >= this.info.maxEntries) return E.TOO_BIG;
    const inner = innerOf(this.env, this.info, value);
    if (typeof inner === 'number') return inner;
    this.inner[indexOf(key)] = inner;
    return 0;
  }

  override deleteElem(key: Uint8Array): number {
    const index = indexOf(key);
    const fault = this.userWriteFault();
    if (fault) return fault;
    if (index >= this.info.maxEntries) return E.TOO_BIG;
    if (!this.inner[index]) return E.NOENT;
    this.inner[index] = undefined;
    return 0;
  }

  override nextKey(key: Uint8Array | undefined): Uint8Array | undefined {
    return nextIndex(key, this.info.maxEntries);
  }

  override destroy(): void {
    this.env.memory.free(this.accounted);
    super.destroy();
  }
}

/** BPF_MAP_TYPE_HASH_OF_MAPS (kernel/bpf/hashtab.c): the same by key; a value holds the offset of the inner map. */
export class HashOfMaps extends HashMap {
  constructor(info: MapInfo, env: MapEnv) {
    super(info, env, false);
  }

  override lookupOffset(key: number): number {
    const value = super.lookupOffset(key);
    return value === 0 ? 0 : this.env.memory.u32[value >>> 2];
  }

  override lookup(key: Uint8Array): Uint8Array | undefined {
    const value = super.lookup(key);
    const inner = value && this.env.registry.at(indexOf(value));
    return inner && keyOf(inner.id);
  }

  override updateElem(key: Uint8Array, value: Uint8Array, flags: number): number {
    const inner = innerOf(this.env, this.info, value);
    return typeof inner === 'number' ? inner : super.updateElem(key, keyOf(inner.offset), flags);
  }
}
