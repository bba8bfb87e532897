import { E, type HelperContext, type HelperFamily } from './helper-context';
import { skbAt } from './packet/find-packet';
import type { SkBuff, TunnelInfo } from './packet/sk-buff';

/** `struct bpf_tunnel_key` (include/uapi/linux/bpf.h), bytes. */
const KEY = { id: 0, remote: 4, tos: 20, ttl: 21, flags: 22, label: 24, local: 28, bytes: 44 } as const;
/** Sizes that the struct had in older kernels: before the local address, the label, the flags, and IPv6. */
const OLD_BYTES: readonly number[] = [KEY.local, KEY.label, KEY.flags, KEY.remote + 4];
const OLDEST_BYTES = KEY.remote + 4;
const IPV6_BYTES = 16;
const FLOW_LABEL_MASK = 0xf_ffff;
const OPTIONS_BYTES_MAX = 255;

/** BPF_F_TUNINFO_IPV6 and, of bpf_skb_set_tunnel_key, the others. */
const F = { IPV6: 1, ZERO_CSUM_TX: 2, DONT_FRAGMENT: 4, SEQ_NUMBER: 8, NO_TUNNEL_KEY: 16 } as const;
const SET_FLAGS = 31;
/** BPF_F_TUNINFO_FLAGS, of bpf_skb_get_tunnel_key. */
const SHOW_FLAGS = 16;
const GET_FLAGS = F.IPV6 | SHOW_FLAGS;
/** IP_TUNNEL_*_BIT as the key shows them, in network order. */
const TUNNEL = { CSUM: 0x0100, KEY: 0x0400, SEQ: 0x0800, DONT_FRAGMENT: 0x0001, NOCACHE: 0x0020 } as const;

/** bpf_skb_get_tunnel_key. @returns 0, or an error with the whole of `dst` cleared */
function getKey(c: HelperContext, skb: SkBuff, dst: number, size: number, flags: number): number {
  const { tunnel } = skb;
  const fault = getFault(tunnel, size, flags);
  if (fault || !tunnel) {
    c.memory.u8.fill(0, dst, dst + size);
    return fault;
  }
  c.memory.u8.set(encodeKey(tunnel, flags).subarray(0, size), dst);
  return 0;
}

function getFault(tunnel: TunnelInfo | undefined, size: number, flags: number): number {
  if (!tunnel || flags & ~GET_FLAGS) return E.INVAL;
  if (tunnel.isIpv6 !== ((flags & F.IPV6) !== 0)) return E.PROTO;
  if (size === KEY.bytes) return 0;
  if (!OLD_BYTES.includes(size) || (size === OLDEST_BYTES && tunnel.isIpv6)) return E.INVAL;
  return 0;
}

/** What was set for transmission reads back with the two ends as they were set. */
function encodeKey(tunnel: TunnelInfo, flags: number): Uint8Array {
  const bytes = new Uint8Array(KEY.bytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(KEY.id, tunnel.id, true);
  bytes[KEY.tos] = tunnel.tos;
  bytes[KEY.ttl] = tunnel.ttl;
  view.setUint16(KEY.flags, flags & SHOW_FLAGS ? tunnel.flags : 0, true);
  view.setUint32(KEY.label, tunnel.isIpv6 ? tunnel.label : 0, true);
  // The kernel shows its source as remote: what a received packet came from.
  bytes.set(tunnel.local, KEY.remote);
  bytes.set(tunnel.remote, KEY.local);
  return bytes;
}

/** bpf_skb_set_tunnel_key. */
function setKey(c: HelperContext, skb: SkBuff, src: number, size: number, flags: number): number {
  if (flags & ~SET_FLAGS) return E.INVAL;
  if (size !== KEY.bytes && !OLD_BYTES.includes(size)) return E.INVAL;
  const bytes = new Uint8Array(KEY.bytes);
  bytes.set(c.memory.u8.subarray(src, src + size));
  const view = new DataView(bytes.buffer);
  const isIpv6 = (flags & F.IPV6) !== 0;
  const label = view.getUint32(KEY.label, true);
  if ((!isIpv6 && label !== 0) || view.getUint16(KEY.flags, true) !== 0) return E.INVAL;
  const address = (at: number) => bytes.slice(at, at + (isIpv6 ? IPV6_BYTES : 4));
  skb.tunnel = {
    isIpv6,
    flags: shownFlags(flags),
    id: view.getUint32(KEY.id, true),
    tos: bytes[KEY.tos],
    ttl: bytes[KEY.ttl],
    label: label & FLOW_LABEL_MASK,
    remote: address(KEY.remote),
    local: address(KEY.local),
  };
  return 0;
}

function shownFlags(flags: number): number {
  let shown: number = TUNNEL.NOCACHE;
  if ((flags & F.NO_TUNNEL_KEY) === 0) shown |= TUNNEL.KEY;
  if ((flags & F.ZERO_CSUM_TX) === 0) shown |= TUNNEL.CSUM;
  if (flags & F.DONT_FRAGMENT) shown |= TUNNEL.DONT_FRAGMENT;
  if (flags & F.SEQ_NUMBER) shown |= TUNNEL.SEQ;
  return shown;
}

/** bpf_skb_get_tunnel_opt. @returns bytes of options, -ENOENT, -ENOMEM */
function getOptions(c: HelperContext, skb: SkBuff, dst: number, size: number): number {
  const options = skb.tunnel?.options;
  c.memory.u8.fill(0, dst, dst + size);
  if (!options) return E.NOENT;
  if (size < options.length) return E.NOMEM;
  c.memory.u8.set(options, dst);
  return options.length;
}

/** bpf_skb_set_tunnel_opt. */
function setOptions(c: HelperContext, skb: SkBuff, src: number, size: number): number {
  if (!skb.tunnel || size & 3) return E.INVAL;
  if (size > OPTIONS_BYTES_MAX) return E.NOMEM;
  skb.tunnel.options = c.memory.copyOut(src, size);
  return 0;
}

/** net/core/filter.c. */
export const TUNNEL_HELPERS: HelperFamily = {
  skb_get_tunnel_key: (c) => (ctx, dst, size, lo, hi) =>
    getKey(c, skbAt(c, ctx), dst, size >>> 0, hi === 0 ? lo : -1),
  skb_set_tunnel_key: (c) => (ctx, src, size, lo, hi) =>
    setKey(c, skbAt(c, ctx), src, size >>> 0, hi === 0 ? lo : -1),
  skb_get_tunnel_opt: (c) => (ctx, dst, size) => getOptions(c, skbAt(c, ctx), dst, size >>> 0),
  skb_set_tunnel_opt: (c) => (ctx, src, size) => setOptions(c, skbAt(c, ctx), src, size >>> 0),
};
