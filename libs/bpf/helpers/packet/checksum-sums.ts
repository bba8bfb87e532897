/** Internet checksums (RFC 1071) on 32-bit partial sums, as include/net/checksum.h has them. */

/** A partial sum, unsigned 32 bits, folded by end-around carries. */
type Sum = number;

/** `csum_add`. */
export function csumAdd(a: Sum, b: Sum): Sum {
  const sum = (a >>> 0) + (b >>> 0);
  return sum > 0xffff_ffff ? (sum + 1) >>> 0 : sum;
}

/** `csum_sub`. */
export function csumSub(a: Sum, b: Sum): Sum {
  return csumAdd(a, ~b >>> 0);
}

/** `csum_from32to16`: the sum in 16 bits, not complemented. */
export function csumFrom32To16(sum: Sum): number {
  const once = (sum >>> 16) + (sum & 0xffff);
  return ((once >>> 16) + once) & 0xffff;
}

/** `csum_fold`: what a header's checksum field holds. */
export function csumFold(sum: Sum): number {
  return ~csumFrom32To16(sum) & 0xffff;
}

/** `csum16_add`. */
export function csum16Add(a: number, b: number): number {
  const sum = a + b;
  return (sum + (sum > 0xffff ? 1 : 0)) & 0xffff;
}

/** `csum16_sub`. */
export function csum16Sub(a: number, b: number): number {
  return csum16Add(a, ~b & 0xffff);
}

/**
 * `csum_partial` of x86-64: adds bytes as little-endian words of 32 bits with end-around carry, the last one filled up
 * with zeros.
 */
export function csumPartial(bytes: Uint8Array, at: number, count: number, sum: Sum): Sum {
  let total = sum >>> 0;
  const end = at + count;
  const whole = end - (count & 3);
  for (let i = at; i < whole; i += 4) {
    total += (bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24)) >>> 0;
  }
  for (let i = whole, shift = 0; i < end; i++, shift += 8) total += (bytes[i] << shift) >>> 0;
  // Exact below 2^53, which packets of a few pages never reach.
  const high = Math.floor(total / 0x1_0000_0000);
  return csumAdd(total >>> 0, high);
}

/** `csum_block_add`: a sum of bytes that lie at an offset from where the other sum begins. */
export function csumBlockAdd(sum: Sum, block: Sum, offset: number): Sum {
  return csumAdd(sum, offset & 1 ? ((block >>> 8) | (block << 24)) >>> 0 : block);
}

/** `csum_block_sub`. */
export function csumBlockSub(sum: Sum, block: Sum, offset: number): Sum {
  return csumBlockAdd(sum, ~block >>> 0, offset);
}
