import { hi32, lo32, writeI64 } from '@probed/base';
import type { MapInfo } from '@probed/spec';
import { BaseMap } from './base-map';
import { E } from './errno';
import type { MapEnv } from './map-env';

/** Flags of `bpf_get_stackid` (include/uapi/linux/bpf.h). */
const BPF_F_SKIP_FIELD_MASK = 0xff;
const BPF_F_USER_STACK = 1 << 8;
const BPF_F_FAST_STACK_CMP = 1 << 9;
const BPF_F_REUSE_STACKID = 1 << 10;
const FLAGS_ALLOWED = BPF_F_SKIP_FIELD_MASK | BPF_F_USER_STACK | BPF_F_FAST_STACK_CMP | BPF_F_REUSE_STACKID;

const POINTER_BYTES = 8;

interface Bucket {
  readonly hash: number;
  readonly ips: readonly number[];
  readonly tag: unknown;
}

/**
 * BPF_MAP_TYPE_STACK_TRACE (kernel/bpf/stackmap.c): stacks by the hash of their addresses; the id is the bucket. A
 * value is `value_size / 8` u64 addresses, innermost first, zero-filled.
 */
export class StackTraceMap extends BaseMap {
  private readonly buckets: (Bucket | undefined)[];
  private readonly depthMax: number;
  /** The kernel's table of buckets; the stacks themselves are kept outside. */
  private readonly accounted: number;

  constructor(info: MapInfo, env: MapEnv) {
    super(info, env);
    this.depthMax = info.valueSize / 8;
    const bucketCount = 2 ** Math.ceil(Math.log2(info.maxEntries));
    this.accounted = env.memory.alloc(bucketCount * POINTER_BYTES);
    this.buckets = new Array(bucketCount);
  }

  /**
   * `bpf_get_stackid`: keeps a stack (addresses as signed words, innermost first).
   * @returns its id, -EINVAL, -EFAULT (no stack left after skipping), -EEXIST (the bucket holds another stack)
   */
  stackId(stack: readonly number[], flags: number): number {
    if (flags & ~FLAGS_ALLOWED) return E.INVAL;
    const skip = flags & BPF_F_SKIP_FIELD_MASK;
    if (stack.length <= skip) return E.FAULT;
    const ips = stack.slice(skip, skip + this.depthMax);
    const hash = hashStack(ips);
    const id = hash & (this.buckets.length - 1);
    const bucket = this.buckets[id];
    const sameHash = bucket?.hash === hash;
    if (sameHash && flags & BPF_F_FAST_STACK_CMP) return id;
    if (bucket && sameHash && sameStack(bucket.ips, ips)) return id;
    if (bucket && !(flags & BPF_F_REUSE_STACKID)) return E.EXIST;
    this.buckets[id] = { hash, ips, tag: this.env.tagRecord?.() };
    return id;
  }

  /** What {@link MapEnv.tagRecord} gave when the stack was first kept: whose it is. */
  tagOf(id: number): unknown {
    return this.buckets[id]?.tag;
  }

  /** Addresses of a stack as signed words, innermost first. */
  addresses(id: number): readonly number[] | undefined {
    return this.buckets[id]?.ips;
  }

  override lookup(key: Uint8Array): Uint8Array | undefined {
    const bucket = this.buckets[idOf(key)];
    if (!bucket) return undefined;
    const value = new Uint8Array(this.info.valueSize);
    const view = new DataView(value.buffer);
    bucket.ips.forEach((ip, i) => {
      writeI64(view, 8 * i, ip);
    });
    return value;
  }

  override deleteElem(key: Uint8Array): number {
    const id = idOf(key);
    if (!this.buckets[id]) return E.NOENT;
    this.buckets[id] = undefined;
    return 0;
  }

  override updateElem(_key: Uint8Array, _value: Uint8Array, _flags: number): number {
    return E.INVAL;
  }

  override nextKey(key: Uint8Array | undefined): Uint8Array | undefined {
    const known = key && this.buckets[idOf(key)] ? idOf(key) + 1 : 0;
    for (let id = known; id < this.buckets.length; id++) {
      if (!this.buckets[id]) continue;
      const next = new Uint8Array(4);
      new DataView(next.buffer).setUint32(0, id, true);
      return next;
    }
    return undefined;
  }

  override destroy(): void {
    this.env.memory.free(this.accounted);
    super.destroy();
  }
}

function idOf(key: Uint8Array): number {
  return new DataView(key.buffer, key.byteOffset).getUint32(0, true);
}

function hashStack(ips: readonly number[]): number {
  let h = ips.length;
  for (const ip of ips) {
    h = Math.imul(h ^ lo32(ip), 0x9e37_79b1);
    h = Math.imul(h ^ (h >>> 15) ^ hi32(ip), 0x85eb_ca77);
  }
  return (h ^ (h >>> 13)) >>> 0;
}

function sameStack(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((ip, i) => ip === b[i]);
}
