import type { SkBuff } from './sk-buff';

/** Bytes that make a flow: addresses and ports, from the network header on. */
const FLOW_BYTES = 48;
const FNV_OFFSET = 0x811c_9dc5;
const FNV_PRIME = 0x0100_0193;

/**
 * A hash of the packet's flow, never 0. Linux takes SipHash with a key that is drawn at boot, so its values mean nothing
 * elsewhere; these are the same in each run.
 */
export function hashOf(bytes: Uint8Array, skb: SkBuff): number {
  let hash = FNV_OFFSET;
  const end = Math.min(skb.tail, skb.networkHeader + FLOW_BYTES);
  for (let at = skb.networkHeader; at < end; at++) hash = Math.imul(hash ^ bytes[at], FNV_PRIME) >>> 0;
  return hash || 1;
}
