import type { KernelMemory } from '@probed/memory';
import { netHeaderPop, netHeaderPush } from './net-header';
import { SKB_BYTES_MAX, type SkBuff } from './sk-buff';

/** BPF_F_ADJ_ROOM_* (include/uapi/linux/bpf.h), in the low half of the flags. */
const F = {
  FIXED_GSO: 1,
  ENCAP_L3_IPV4: 2,
  ENCAP_L3_IPV6: 4,
  ENCAP_L4_GRE: 8,
  ENCAP_L4_UDP: 16,
  NO_CSUM_RESET: 32,
  ENCAP_L2_ETH: 64,
  DECAP_L3_IPV4: 128,
  DECAP_L3_IPV6: 256,
} as const;
const ENCAP_L3 = F.ENCAP_L3_IPV4 | F.ENCAP_L3_IPV6;
const DECAP_L3 = F.DECAP_L3_IPV4 | F.DECAP_L3_IPV6;
const ALL = 511;
/** In the high half: length of the inner link layer header. */
const L2_SHIFT = 24;
const L2_MASK = 0xff;

/** enum bpf_adj_room_mode. */
const MODE_NET = 0;
const MODE_MAC = 1;
const DIFF_MAX = 0xfff;
/** Network order. */
const ETH_P_IP = 0x0008;
const ETH_P_IPV6 = 0xdd86;
const IPV4_BYTES = 20;
const IPV6_BYTES = 40;
const ETH_BYTES = 14;
const EFAULT = 14;
const EINVAL = 22;
const EALREADY = 114;
const ENOTSUPP = 524;

/** 64 bits of flags. */
interface Flags {
  readonly low: number;
  readonly high: number;
}

/** bpf_skb_adjust_room (net/core/filter.c). @returns 0 or a negative errno */
export function adjustRoom(
  memory: KernelMemory,
  skb: SkBuff,
  diff: number,
  mode: number,
  flags: Flags,
): number {
  const { low, high } = flags;
  if (low & ~ALL || high & ~(L2_MASK << L2_SHIFT)) return -EINVAL;
  const bytes = Math.abs(diff);
  if (bytes > DIFF_MAX) return -EFAULT;
  const base = baseBytes(skb.protocol);
  if (base === undefined) return -ENOTSUPP;
  if (mode !== MODE_NET && mode !== MODE_MAC) return -ENOTSUPP;
  const offset = skb.macBytes + (mode === MODE_NET ? base : 0);
  const shrinks = diff < 0;
  const least = leastBytes(low, base, shrinks);
  if (least < 0) return least;
  const current = skb.len - skb.networkOffset;
  const tooShort = shrinks && (bytes >= current || current - bytes < least);
  if (tooShort || (!shrinks && skb.len + bytes > SKB_BYTES_MAX && !skb.isGso)) return -ENOTSUPP;
  return shrinks ? shrink(memory, skb, offset, bytes, low) : grow(memory, skb, offset, bytes, flags);
}

function baseBytes(protocol: number): number | undefined {
  if (protocol === ETH_P_IP) return IPV4_BYTES;
  return protocol === ETH_P_IPV6 ? IPV6_BYTES : undefined;
}

/** Bytes that must stay from the network header on. */
function leastBytes(flags: number, base: number, shrinks: boolean): number {
  if ((flags & DECAP_L3) === 0) return base;
  if (!shrinks || (flags & DECAP_L3) === DECAP_L3) return -EINVAL;
  return flags & F.DECAP_L3_IPV4 ? IPV4_BYTES : IPV6_BYTES;
}

/** bpf_skb_net_grow. Segments of a test run's packet are of no type, so that none may change their size. */
function grow(
  memory: KernelMemory,
  skb: SkBuff,
  offset: number,
  bytes: number,
  { low, high }: Flags,
): number {
  if (skb.isGso) return -ENOTSUPP;
  const encap = (low & ENCAP_L3) !== 0;
  const innerMac = (high >>> L2_SHIFT) & L2_MASK;
  const fault = encap ? encapFault(skb, low, innerMac, bytes) : 0;
  if (fault) return fault;
  const macBytes = skb.macBytes;
  netHeaderPush(memory, skb, offset, bytes);
  if (!encap) return 0;
  skb.encapsulation = true;
  skb.networkHeader = skb.data + macBytes;
  if (low & (F.ENCAP_L4_GRE | F.ENCAP_L4_UDP)) {
    skb.transportHeader = skb.networkHeader + (low & F.ENCAP_L3_IPV6 ? IPV6_BYTES : IPV4_BYTES);
  }
  skb.set('protocol', low & F.ENCAP_L3_IPV6 ? ETH_P_IPV6 : ETH_P_IP);
  return 0;
}

function encapFault(skb: SkBuff, flags: number, innerMac: number, bytes: number): number {
  if ((flags & ENCAP_L3) === ENCAP_L3) return -EINVAL;
  if (flags & F.ENCAP_L4_GRE && flags & F.ENCAP_L4_UDP) return -EINVAL;
  if (skb.encapsulation) return -EALREADY;
  const tooShort = (flags & F.ENCAP_L2_ETH) !== 0 && innerMac < ETH_BYTES;
  return innerMac > bytes || tooShort ? -EINVAL : 0;
}

/** bpf_skb_net_shrink. */
function shrink(memory: KernelMemory, skb: SkBuff, offset: number, bytes: number, flags: number): number {
  if (flags & ~(F.FIXED_GSO | DECAP_L3 | F.NO_CSUM_RESET)) return -EINVAL;
  if (skb.isGso) return -ENOTSUPP;
  const fault = netHeaderPop(memory, skb, offset, bytes);
  if (fault) return fault;
  if (flags & DECAP_L3) skb.set('protocol', flags & F.DECAP_L3_IPV6 ? ETH_P_IPV6 : ETH_P_IP);
  return 0;
}
