import type { KernelMemory } from '@probed/memory';
import type { SkBuff } from './sk-buff';

const ENOMEM = 12;

/** Moves the headers in front of `offset` away from what is behind, zeros between; bpf_skb_net_hdr_push. */
export function netHeaderPush(memory: KernelMemory, skb: SkBuff, offset: number, bytes: number): number {
  skb.reserveHead(bytes);
  const isTransportSame = skb.transportHeader === skb.networkHeader;
  skb.push(bytes);
  const { data } = skb;
  memory.u8.copyWithin(data, data + bytes, data + bytes + offset);
  memory.u8.fill(0, data + offset, data + offset + bytes);
  moveHeaders(skb, -bytes, isTransportSame);
  return 0;
}

/** Takes `bytes` bytes out behind `offset`; bpf_skb_net_hdr_pop. @returns 0 or -ENOMEM: not so many are there */
export function netHeaderPop(memory: KernelMemory, skb: SkBuff, offset: number, bytes: number): number {
  if (offset + bytes > skb.len) return -ENOMEM;
  const isTransportSame = skb.transportHeader === skb.networkHeader;
  skb.sumChanges('pull', skb.data + offset, bytes);
  memory.u8.copyWithin(skb.data + bytes, skb.data, skb.data + offset);
  skb.pull(bytes);
  moveHeaders(skb, bytes, isTransportSame);
  return 0;
}

function moveHeaders(skb: SkBuff, by: number, isTransportSame: boolean): void {
  skb.macHeader += by;
  skb.networkHeader += by;
  if (isTransportSame) skb.transportHeader = skb.networkHeader;
}
