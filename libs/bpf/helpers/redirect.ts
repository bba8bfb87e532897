import type { BpfMap } from '@probed/maps';
import { E, type HelperContext, type HelperFamily } from './helper-context';
import type { NetDevice } from './kernel-services';
import type { Packet } from './packet/packet-table';

/** enum xdp_action, TC_ACT_* (include/uapi/linux/pkt_cls.h). */
const XDP_ABORTED = 0;
const XDP_REDIRECT = 4;
const XDP_ACTION_MASK = 3;
const TC_ACT_SHOT = 2;
const TC_ACT_REDIRECT = 7;
const BPF_F_INGRESS = 1;
/** BPF_F_BROADCAST, BPF_F_EXCLUDE_INGRESS: of device maps. */
const BROADCAST = 8;
const DEVMAP_FLAGS = 24;
const MAP_TYPE_DEVMAP = 14;
const MAP_TYPE_DEVMAP_HASH = 25;
/** sizeof(struct bpf_redir_neigh). */
const REDIR_NEIGH_BYTES = 20;
/** NET_RX_DROP. */
const RX_DROP = 1;

/** `struct bpf_fib_lookup`. */
const FIB = { family: 0, ifindex: 8, bytes: 64 } as const;
const FIB_FLAGS = 63;
const AF_INET = 2;
const AF_INET6 = 10;
/** BPF_FIB_LKUP_RET_FWD_DISABLED. */
const FORWARDING_DISABLED = 5;

/** BPF_MTU_CHK_SEGS and enum bpf_check_mtu_ret. */
const CHECK_SEGMENTS = 1;
const MTU_OK = 0;
const FRAGMENTATION_NEEDED = 1;
const SEGMENTS_TOO_BIG = 2;

/** bpf_redirect, bpf_xdp_redirect: the packet leaves when the program has returned. */
function redirect(c: HelperContext, flags: number): number {
  if (c.services.packets?.current?.kind === 'xdp') return flags === 0 ? XDP_REDIRECT : XDP_ABORTED;
  return flags & ~BPF_F_INGRESS ? TC_ACT_SHOT : TC_ACT_REDIRECT;
}

/** bpf_xdp_redirect_map. @returns XDP_REDIRECT, or the action in `flags` where the map has no entry */
function redirectMap(map: BpfMap, index: number, flags: number): number {
  const isDevmap = map.info.type === MAP_TYPE_DEVMAP || map.info.type === MAP_TYPE_DEVMAP_HASH;
  if (flags & ~(XDP_ACTION_MASK | (isDevmap ? DEVMAP_FLAGS : 0))) return XDP_ABORTED;
  const key = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, index, true);
  const found = (isDevmap && flags & BROADCAST) || map.lookup(key) !== undefined;
  return found ? XDP_REDIRECT : flags & XDP_ACTION_MASK;
}

const device = (c: HelperContext, ifindex: number): NetDevice | undefined => c.services.netDevice?.(ifindex);

/** bpf_clone_redirect: the copy goes to a device at once; nobody listens there. */
function cloneRedirect(c: HelperContext, packet: Packet | undefined, ifindex: number, flags: number): number {
  if (flags & ~BPF_F_INGRESS) return E.INVAL;
  const dev = device(c, ifindex);
  if (!dev) return E.INVAL;
  const bytes = packet?.len ?? 0;
  return flags & BPF_F_INGRESS && bytes > dev.mtu + dev.headerBytes ? RX_DROP : 0;
}

function redirectNeigh(parameters: number, bytes: number, flags: number): number {
  if (flags !== 0 || (bytes !== 0 && bytes < REDIR_NEIGH_BYTES)) return TC_ACT_SHOT;
  return parameters === 0 || bytes !== 0 ? TC_ACT_REDIRECT : TC_ACT_SHOT;
}

/** bpf_skb_fib_lookup, bpf_xdp_fib_lookup: the emulated nodes forward nothing. */
function fibLookup(c: HelperContext, parameters: number, bytes: number, flags: number): number {
  if (bytes < FIB.bytes || flags & ~FIB_FLAGS) return E.INVAL;
  const { view } = c.memory;
  const family = view.getUint8(parameters + FIB.family);
  if (family !== AF_INET && family !== AF_INET6) return E.AFNOSUPPORT;
  const ifindex = view.getUint32(parameters + FIB.ifindex, true);
  return device(c, ifindex) ? FORWARDING_DISABLED : E.NODEV;
}

/** bpf_skb_check_mtu, bpf_xdp_check_mtu. @param mtuAt offset of a u32: a length to check, then the device's MTU */
function checkMtu(
  c: HelperContext,
  packet: Packet | undefined,
  ifindex: number,
  mtuAt: number,
  diff: number,
  flags: number,
): number {
  const { view } = c.memory;
  const given = view.getUint32(mtuAt, true);
  const segments = (flags & CHECK_SEGMENTS) !== 0;
  const isXdp = packet?.kind === 'xdp';
  if (flags & ~(isXdp ? 0 : CHECK_SEGMENTS) || (segments && (diff !== 0 || given !== 0))) return E.INVAL;
  const dev = device(c, ifindex === 0 ? (c.services.packetDevice?.() ?? 0) : ifindex);
  if (!dev) return E.NODEV;
  const bytes = (given ? given + dev.headerBytes : (packet?.len ?? 0)) + diff;
  view.setUint32(mtuAt, dev.mtu, true);
  if (bytes <= dev.mtu + dev.headerBytes) return MTU_OK;
  if (packet?.kind !== 'skb' || !packet.isGso) return FRAGMENTATION_NEEDED;
  return segments && packet.get('gsoSize') > dev.mtu ? SEGMENTS_TOO_BIG : MTU_OK;
}

const flagWord = (lo: number, hi: number) => (hi === 0 ? lo : -1);

/** net/core/filter.c. */
export const REDIRECT_HELPERS: HelperFamily = {
  redirect: (c) => (_ifindex, lo, hi) => redirect(c, flagWord(lo, hi)),
  redirect_peer: () => (_ifindex, lo, hi) => ((lo | hi) !== 0 ? TC_ACT_SHOT : TC_ACT_REDIRECT),
  redirect_neigh: () => (_ifindex, parameters, bytes, lo, hi) =>
    redirectNeigh(parameters, bytes >>> 0, lo | hi),
  redirect_map: (c, map) => (at, index, _hi, lo, hi) =>
    redirectMap(map ?? c.map(at), index >>> 0, flagWord(lo, hi)),
  clone_redirect: (c) => (ctx, ifindex, lo, hi) =>
    cloneRedirect(c, c.services.packets?.at(ctx), ifindex >>> 0, flagWord(lo, hi)),
  fib_lookup: (c) => (_ctx, parameters, bytes, flags) => fibLookup(c, parameters, bytes >>> 0, flags),
  check_mtu: (c) => (ctx, ifindex, mtuAt, diff, lo, hi) =>
    checkMtu(c, c.services.packets?.at(ctx), ifindex >>> 0, mtuAt, diff, flagWord(lo, hi)),
};
