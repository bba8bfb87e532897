/**
 * Hash of `words` 32-bit words from word index `at` on: MurmurHash3 (public domain), unsigned.
 * The kernel seeds jhash at random, so the order of a hash map's entries is nobody's to rely on.
 */
export function hashWords(i32: Int32Array, at: number, words: number): number {
  let h = words;
  for (const end = at + words; at < end; at++) {
    let k = Math.imul(i32[at], 0xcc9e_2d51);
    k = Math.imul((k << 15) | (k >>> 17), 0x1b87_3593);
    h ^= k;
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe654_6b64) | 0;
  }
  return finish(h);
}

/** {@link hashWords} of a single word. */
export function hashWord(word: number): number {
  return finish(Math.imul(word, 0x9e37_79b1));
}

function finish(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
