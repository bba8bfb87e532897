import type { Packet } from '@probed/helpers';
import type { KernelMemory } from '@probed/memory';

/** Fields of `struct __sk_buff` that hold the packet's place in memory (include/uapi/linux/bpf.h). */
const SK_BUFF = { data: 76, dataEnd: 80 } as const;
/** SKF_NET_OFF and SKF_LL_OFF (include/uapi/linux/filter.h): offsets from there count from the network or link header. */
const SKF_NET_OFF = -0x10_0000;
const SKF_LL_OFF = -0x20_0000;
const ETH_HLEN = 14;

/**
 * What BPF_ABS and BPF_IND load (net/core/filter.c: bpf_skb_load_helper_8 and its like): bytes of the packet of a
 * `struct __sk_buff`, from network to host order.
 * @param offset signed; negative ones count from a header
 * @param packet where its headers are, when more is known of it than the context says
 * @returns unsigned; undefined when they are not all in the packet
 */
export function loadPacket(
  { view }: KernelMemory,
  ctx: number,
  offset: number,
  bytes: number,
  packet?: Packet,
): number | undefined {
  const data = view.getUint32(ctx + SK_BUFF.data, true);
  const end = view.getUint32(ctx + SK_BUFF.dataEnd, true);
  const headers = packet?.kind === 'skb' ? packet : { macHeader: data, networkHeader: data + ETH_HLEN };
  const at = offset >= 0 ? data + offset : fromHeader(headers, offset);
  if (!(at >= Math.min(data, headers.macHeader) && at + bytes <= end)) return undefined;
  if (bytes === 1) return view.getUint8(at);
  return bytes === 2 ? view.getUint16(at) : view.getUint32(at);
}

/** Without a packet, the link layer's header begins the data. */
function fromHeader(headers: { macHeader: number; networkHeader: number }, offset: number): number {
  if (offset >= SKF_NET_OFF) return headers.networkHeader + offset - SKF_NET_OFF;
  return offset >= SKF_LL_OFF ? headers.macHeader + offset - SKF_LL_OFF : Number.NaN;
}
