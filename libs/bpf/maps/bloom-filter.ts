import type { MapInfo } from '@probed/spec';
import { BaseMap } from './base-map';
import { E } from './errno';
import { jhash, jhash2 } from './jhash';
import type { MapEnv } from './map-env';

const HASHES_DEFAULT = 5;
const BITS_MIN = 64;
const BITS_MAX = 2 ** 31;

/** kernel/bpf/bloom_filter.c: bloom_map_alloc. @returns bits, a power of two up to 2^32 */
function bitCount(entries: number, hashes: number): number {
  const optimal = Math.floor((entries * hashes) / 5) * 7;
  if (entries * hashes > 0xffff_ffff || optimal > BITS_MAX) return 2 ** 32;
  return optimal <= BITS_MIN ? BITS_MIN : 2 ** Math.ceil(Math.log2(optimal));
}

/**
 * BPF_MAP_TYPE_BLOOM_FILTER (kernel/bpf/bloom_filter.c): values without keys; `peek` says whether a value may have been
 * pushed. The kernel's random seed is 0 here, so that runs repeat.
 */
export class BloomFilterMap extends BaseMap {
  private readonly bits: number;
  private readonly mask: number;
  private readonly hashes: number;

  constructor(info: MapInfo, env: MapEnv) {
    super(info, env);
    this.hashes = (info.mapExtra ?? 0) & 15 || HASHES_DEFAULT;
    const count = bitCount(info.maxEntries, this.hashes);
    this.mask = count - 1;
    this.bits = env.memory.alloc(count / 8);
  }

  override push(value: number, flags: number): number {
    if (flags !== 0) return E.INVAL;
    this.add(this.env.memory.copyOut(value, this.info.valueSize));
    return 0;
  }

  override peek(value: number): number {
    return this.has(this.env.memory.copyOut(value, this.info.valueSize)) ? 0 : E.NOENT;
  }

  /** A push; there is no key. */
  override updateElem(_key: Uint8Array, value: Uint8Array, flags: number): number {
    const fault = this.userWriteFault();
    if (fault) return fault;
    if (flags !== 0) return E.INVAL;
    this.add(value);
    return 0;
  }

  override destroy(): void {
    this.env.memory.free(this.bits);
    super.destroy();
  }

  private add(value: Uint8Array): void {
    const { u8 } = this.env.memory;
    for (let i = 0; i < this.hashes; i++) {
      const bit = this.bitOf(value, i);
      u8[this.bits + Math.floor(bit / 8)] |= 1 << (bit & 7);
    }
  }

  private has(value: Uint8Array): boolean {
    const { u8 } = this.env.memory;
    for (let i = 0; i < this.hashes; i++) {
      const bit = this.bitOf(value, i);
      if (!(u8[this.bits + Math.floor(bit / 8)] & (1 << (bit & 7)))) return false;
    }
    return true;
  }

  private bitOf(value: Uint8Array, seed: number): number {
    if (value.length % 4) return (jhash(value, seed) & this.mask) >>> 0;
    const view = new DataView(value.buffer, value.byteOffset, value.length);
    const words = Array.from({ length: value.length / 4 }, (_, i) => view.getUint32(4 * i, true));
    return (jhash2(words, seed) & this.mask) >>> 0;
  }
}
