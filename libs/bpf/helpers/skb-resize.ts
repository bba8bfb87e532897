import type { HelperContext } from './helper-context';
import { E, ENOTSUPP, type HelperFamily } from './helper-context';
import { adjustRoom } from './packet/adjust-room';
import { skbAt } from './packet/find-packet';
import { netHeaderPop, netHeaderPush } from './packet/net-header';
import { CHECKSUM, SKB_BYTES_MAX, type SkBuff } from './packet/sk-buff';
import { vlanPop, vlanPush } from './packet/vlan';

/** Network order. */
const ETH_P_IP = 0x0008;
const ETH_P_IPV6 = 0xdd86;
/** sizeof(struct ipv6hdr) - sizeof(struct iphdr). */
const HEADERS_DIFFER_BY = 20;

/** net/core/filter.c: __bpf_skb_min_len. */
function lengthMin(skb: SkBuff): number {
  const network = Math.max(0, skb.networkOffset);
  if (skb.transportHeader === undefined) return network;
  const transport = skb.transportHeader - skb.data;
  return transport > 0 ? transport : network;
}

/** bpf_skb_change_tail. */
function changeTail(skb: SkBuff, length: number, flags: number): number {
  if (flags !== 0 || length > SKB_BYTES_MAX || length < lengthMin(skb)) return E.INVAL;
  if (skb.encapsulation) return ENOTSUPP;
  skb.resize(length);
  if (skb.isGso) {
    skb.set('gsoSize', 0);
    skb.set('gsoSegs', 0);
  }
  return 0;
}

/** bpf_skb_change_head: zeros in front, for a link layer header. */
function changeHead(c: HelperContext, skb: SkBuff, bytes: number, flags: number): number {
  const length = skb.len + bytes;
  if (flags !== 0 || (!skb.isGso && length > SKB_BYTES_MAX) || length > 0xffff_ffff) return E.INVAL;
  // Room that no machine has.
  if (bytes > SKB_BYTES_MAX) return E.NOMEM;
  skb.reserveHead(bytes);
  skb.push(bytes);
  c.memory.u8.fill(0, skb.data, skb.data + bytes);
  skb.macHeader = skb.data;
  skb.macLen = skb.macBytes;
  return 0;
}

/** bpf_skb_change_proto: room for the other IP version's header; the program fills it in. */
function changeProto(c: HelperContext, skb: SkBuff, to: number, flags: number): number {
  if (flags !== 0) return E.INVAL;
  const from = skb.protocol;
  const offset = skb.macBytes;
  let fault: number;
  if (from === ETH_P_IP && to === ETH_P_IPV6) fault = netHeaderPush(c.memory, skb, offset, HEADERS_DIFFER_BY);
  else if (from === ETH_P_IPV6 && to === ETH_P_IP)
    fault = netHeaderPop(c.memory, skb, offset, HEADERS_DIFFER_BY);
  else return ENOTSUPP;
  if (fault) return fault;
  skb.set('protocol', to);
  skb.set('hash', 0);
  return 0;
}

/** `__skb_reset_checksum_unnecessary`. */
function resetChecksum(skb: SkBuff): void {
  if (skb.ipSummed !== CHECKSUM.UNNECESSARY) return;
  skb.ipSummed = CHECKSUM.NONE;
  skb.csumLevel = 0;
}

/** BPF_F_ADJ_ROOM_NO_CSUM_RESET. */
const NO_CSUM_RESET = 32;

function room(c: HelperContext, skb: SkBuff, diff: number, mode: number, lo: number, hi: number): number {
  const result = adjustRoom(c.memory, skb, diff, mode, { low: lo, high: hi });
  if (result === 0 && (lo & NO_CSUM_RESET) === 0) resetChecksum(skb);
  return result;
}

/** Packet pointers are computed anew whatever came of the change. */
function shown(skb: SkBuff, result: number): number {
  skb.show();
  return result;
}

/** Changes of a packet's size; net/core/filter.c. */
export const SKB_RESIZE_HELPERS: HelperFamily = {
  skb_change_tail: (c) => (ctx, length, lo, hi) => {
    const skb = skbAt(c, ctx);
    return shown(skb, changeTail(skb, length >>> 0, lo | hi));
  },
  skb_change_head: (c) => (ctx, bytes, lo, hi) => {
    const skb = skbAt(c, ctx);
    return shown(skb, changeHead(c, skb, bytes >>> 0, lo | hi));
  },
  skb_change_proto: (c) => (ctx, to, lo, hi) => {
    const skb = skbAt(c, ctx);
    return shown(skb, changeProto(c, skb, to & 0xffff, lo | hi));
  },
  skb_adjust_room: (c) => (ctx, diff, mode, lo, hi) => {
    const skb = skbAt(c, ctx);
    return shown(skb, room(c, skb, diff, mode >>> 0, lo, hi));
  },
  skb_vlan_push: (c) => (ctx, protocol, tci) => {
    const skb = skbAt(c, ctx);
    return shown(skb, vlanPush(c.memory, skb, { protocol: protocol & 0xffff, tci: tci & 0xffff }));
  },
  skb_vlan_pop: (c) => (ctx) => {
    const skb = skbAt(c, ctx);
    return shown(skb, vlanPop(c.memory, skb));
  },
};
