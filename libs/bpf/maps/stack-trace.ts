import { BPF_F } from '@probed/abi';
import { hi32, lo32, writeI64 } from '@probed/base';
import type { MapInfo } from '@probed/spec';
import { BaseMap } from './base-map';
import { E } from './errno';
import { jhash2 } from './jhash';
import type { MapEnv } from './map-env';
import { indexOf as idOf, keyOf } from './u32-key';

const FLAGS_ALLOWED = BPF_F.SKIP_FIELD_MASK | BPF_F.USER_STACK | BPF_F.FAST_STACK_CMP | BPF_F.REUSE_STACKID;

/** sysctl kernel.perf_event_max_stack: frames of a walk, those to be skipped included. */
const FRAMES_MAX = 127;
/** `struct bpf_stack_build_id`: s32 status, u8 build_id[20], u64 offset or ip. */
const BUILD_ID_BYTES = 32;
const BUILD_ID_IP_AT = 24;
/** What the kernel says when it cannot fetch a build id: the entry holds the address. */
const BPF_STACK_BUILD_ID_IP = 2;
const POINTER_BYTES = 8;

interface Bucket {
  readonly hash: number;
  readonly ips: readonly number[];
  readonly tag: unknown;
}

/**
 * BPF_MAP_TYPE_STACK_TRACE (kernel/bpf/stackmap.c): stacks by the hash of their addresses; the id is the bucket. A
 * value is `value_size / 8` u64 addresses, innermost first, zero-filled; with BPF_F_STACK_BUILD_ID, entries of 32 bytes.
 */
export class StackTraceMap extends BaseMap {
  private readonly buckets: (Bucket | undefined)[];
  private readonly buildIds: boolean;
  /** Stacks kept; there are `max_entries` elements, but a power of two of buckets. */
  private count = 0;
  private readonly depthMax: number;
  /** The kernel's table of buckets; the stacks themselves are kept outside. */
  private readonly accounted: number;

  constructor(info: MapInfo, env: MapEnv) {
    super(info, env);
    this.buildIds = (info.flags & BPF_F.STACK_BUILD_ID) !== 0;
    this.depthMax = info.valueSize / (this.buildIds ? BUILD_ID_BYTES : 8);
    const bucketCount = 2 ** Math.ceil(Math.log2(info.maxEntries));
    this.accounted = env.memory.alloc(bucketCount * POINTER_BYTES);
    this.buckets = new Array(bucketCount);
  }

  /**
   * `bpf_get_stackid`: keeps a stack (addresses as signed words, innermost first).
   * @returns its id, -EINVAL, -EFAULT (no stack left after skipping), -EEXIST (the bucket holds another stack),
   * -ENOMEM (all elements are in use)
   */
  stackId(stack: readonly number[], flags: number): number {
    if (flags & ~FLAGS_ALLOWED) return E.INVAL;
    const skip = flags & BPF_F.SKIP_FIELD_MASK;
    const ips = stack.slice(skip, Math.min(skip + this.depthMax, FRAMES_MAX));
    if (ips.length === 0) return E.FAULT;
    const hash = hashStack(ips);
    const id = hash & (this.buckets.length - 1);
    const bucket = this.buckets[id];
    const sameHash = bucket?.hash === hash;
    if (sameHash && flags & BPF_F.FAST_STACK_CMP) return id;
    if (bucket && sameHash && sameStack(bucket.ips, ips)) return id;
    if (bucket && !(flags & BPF_F.REUSE_STACKID)) return E.EXIST;
    // The new stack takes an element before the old one gives its own back.
    if (this.count === this.info.maxEntries) return E.NOMEM;
    if (!bucket) this.count++;
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
      if (!this.buildIds) writeI64(view, 8 * i, ip);
      else {
        view.setInt32(BUILD_ID_BYTES * i, BPF_STACK_BUILD_ID_IP, true);
        writeI64(view, BUILD_ID_BYTES * i + BUILD_ID_IP_AT, ip);
      }
    });
    return value;
  }

  override deleteElem(key: Uint8Array): number {
    const id = idOf(key);
    if (id >= this.buckets.length) return E.TOO_BIG;
    if (!this.buckets[id]) return E.NOENT;
    this.buckets[id] = undefined;
    this.count--;
    return 0;
  }

  override updateElem(_key: Uint8Array, _value: Uint8Array, _flags: number): number {
    return E.INVAL;
  }

  override nextKey(key: Uint8Array | undefined): Uint8Array | undefined {
    const known = key && this.buckets[idOf(key)] ? idOf(key) + 1 : 0;
    for (let id = known; id < this.buckets.length; id++) {
      if (!this.buckets[id]) continue;
      return keyOf(id);
    }
    return undefined;
  }

  override destroy(): void {
    this.env.memory.free(this.accounted);
    super.destroy();
  }
}

/** As the kernel hashes: over the addresses as 32-bit words. */
function hashStack(ips: readonly number[]): number {
  const words = new Uint32Array(2 * ips.length);
  for (let i = 0; i < ips.length; i++) {
    words[2 * i] = lo32(ips[i]);
    words[2 * i + 1] = hi32(ips[i]);
  }
  return jhash2(words, 0);
}

function sameStack(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((ip, i) => ip === b[i]);
}
