import type { KernelMemory } from '@probed/memory';

/**
 * Hash of the `bytes` at `at`: multiply-rotate over 32-bit words (MurmurHash3, public domain), the rest byte by byte.
 * The kernel seeds jhash at random, so the order of a hash map's entries is nobody's to rely on.
 */
export function hashKey(memory: KernelMemory, at: number, bytes: number): number {
  let h = bytes;
  let i = 0;
  if ((at & 3) === 0) {
    const { i32 } = memory;
    for (let word = at >> 2; i + 4 <= bytes; i += 4) h = mix(h, i32[word++]);
  } else {
    const { view } = memory;
    for (; i + 4 <= bytes; i += 4) h = mix(h, view.getInt32(at + i, true));
  }
  if (i < bytes) {
    let tail = 0;
    for (let shift = 0; i < bytes; i++, shift += 8) tail |= memory.u8[at + i] << shift;
    h = mix(h, tail);
  }
  h ^= h >>> 16;
  h = Math.imul(h, 0x85eb_ca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function mix(h: number, word: number): number {
  let k = Math.imul(word, 0xcc9e_2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b87_3593);
  h ^= k;
  return Math.imul((h << 13) | (h >>> 19), 5) + 0xe654_6b64;
}

/** True when the `bytes` at `a` and `b` are the same. */
export function sameBytes(memory: KernelMemory, a: number, b: number, bytes: number): boolean {
  const { u8 } = memory;
  let i = 0;
  if (((a | b) & 3) === 0) {
    const { i32 } = memory;
    for (; i + 4 <= bytes; i += 4) if (i32[(a + i) >> 2] !== i32[(b + i) >> 2]) return false;
  }
  for (; i < bytes; i++) if (u8[a + i] !== u8[b + i]) return false;
  return true;
}
