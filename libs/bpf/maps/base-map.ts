import type { MapInfo } from '@probed/spec';
import type { BpfMap, MapEntry } from './bpf-map';
import { E } from './errno';
import type { MapEnv } from './map-env';

/** Room for the kernel's `struct bpf_map` and what types put behind it, bytes. */
const MAP_OBJECT_BYTES = 512;

/** `include/uapi/linux/bpf.h`: flags of BPF_MAP_UPDATE_ELEM. */
export const BPF_NOEXIST = 1;
export const BPF_EXIST = 2;
const BPF_F_LOCK = 4;

/** `include/uapi/linux/bpf.h`: user space may only read, or only write. */
const BPF_F_RDONLY = 1 << 3;

/** Values and keys of maps are rounded up to this. */
export function round8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** Update flags that make sense at all; else -EINVAL. */
export function updateFlagsFault(flags: number): number {
  return (flags & ~BPF_F_LOCK) >>> 0 > BPF_EXIST ? E.INVAL : 0;
}

/** `include/uapi/linux/bpf.h`: bytes of a name, its NUL included. */
const OBJ_NAME_LEN = 16;

/** What all map types share: the map object that programs point to, its id, frozenness, errors by default. */
export abstract class BaseMap implements BpfMap {
  readonly id: number;
  readonly offset: number;
  private frozen = false;

  constructor(
    readonly info: MapInfo,
    protected readonly env: MapEnv,
  ) {
    this.id = env.registry.nextId();
    this.offset = env.memory.alloc(MAP_OBJECT_BYTES);
    this.writeObject();
  }

  /** Fields that programs read through a map pointer (`kernel/bpf/verifier.c: check_ptr_to_map_access`). */
  private writeObject(): void {
    const { info, id } = this;
    const fields: readonly [string, number][] = [
      ['map_type', info.type],
      ['key_size', info.keySize],
      ['value_size', info.valueSize],
      ['max_entries', info.maxEntries],
      ['map_flags', info.flags],
      ['id', id],
    ];
    for (const [name, value] of fields) {
      const at = this.env.mapField(name);
      if (at !== undefined && at + 4 <= MAP_OBJECT_BYTES) {
        this.env.memory.view.setUint32(this.offset + at, value, true);
      }
    }
    this.writeName();
  }

  /** `name`, cut as BPF_OBJ_NAME_LEN has it. */
  private writeName(): void {
    const at = this.env.mapField('name');
    if (at === undefined || at + OBJ_NAME_LEN > MAP_OBJECT_BYTES) return;
    const name = new TextEncoder().encode(this.info.name).subarray(0, OBJ_NAME_LEN - 1);
    this.env.memory.u8.set(name, this.offset + at);
  }

  freeze(): void {
    this.frozen = true;
  }

  /** -EPERM when user space may not write. */
  protected userWriteFault(): number {
    return this.frozen || this.info.flags & BPF_F_RDONLY ? E.PERM : 0;
  }

  lookupOffset(_key: number): number {
    return 0;
  }

  lookupPercpuOffset(_key: number, _cpu: number): number {
    return 0;
  }

  update(_key: number, _value: number, _flags: number): number {
    return E.OPNOTSUPP;
  }

  delete(_key: number): number {
    return E.OPNOTSUPP;
  }

  push(_value: number, _flags: number): number {
    return E.OPNOTSUPP;
  }

  pop(_value: number): number {
    return E.OPNOTSUPP;
  }

  peek(_value: number): number {
    return E.OPNOTSUPP;
  }

  lookup(_key: Uint8Array): Uint8Array | undefined {
    return undefined;
  }

  updateElem(_key: Uint8Array, _value: Uint8Array, _flags: number): number {
    return E.NOTSUPP;
  }

  deleteElem(_key: Uint8Array): number {
    return E.NOTSUPP;
  }

  nextKey(_key: Uint8Array | undefined): Uint8Array | undefined {
    return undefined;
  }

  *entries(): Generator<MapEntry> {
    // Keys first, so that changes meanwhile neither repeat nor break the walk.
    const keys: Uint8Array[] = [];
    for (let key = this.nextKey(undefined); key; key = this.nextKey(key)) {
      keys.push(key);
      if (keys.length > this.info.maxEntries) break;
    }
    for (const key of keys) {
      const value = this.lookup(key);
      if (value) yield { key, value };
    }
  }

  walk(_visit: (key: number, value: number) => number): number {
    return E.INVAL;
  }

  destroy(): void {
    this.env.registry.remove(this);
    this.env.memory.free(this.offset);
  }
}
