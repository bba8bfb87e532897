import { hi32, lo32 } from '@probed/base';

/** 0xffff888000000000 as a signed word: where the kernel maps all physical memory. */
export const DIRECT_MAP_BASE = -0x7780_0000_0000;

/** High 32 bits of every direct-map address below 4 GiB, unsigned. */
export const DIRECT_MAP_HI = 0xffff_8880;

/** Kernel virtual address (signed word) of an offset into linear memory; offset 0 is NULL. */
export function addressOf(offset: number): number {
  return offset === 0 ? 0 : DIRECT_MAP_BASE + offset;
}

/** Offset of a direct-map address, or -1 when the word is no such address. */
export function offsetOf(address: number): number {
  return hi32(address) >>> 0 === DIRECT_MAP_HI ? lo32(address) : -1;
}
