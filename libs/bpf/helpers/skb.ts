import type { BpfMap } from '@probed/maps';
import { cgroupArray, underCgroup } from './cgroup';
import { E, type HelperContext, type HelperFamily } from './helper-context';
import { csumAdd, csumSub } from './packet/checksum-sums';
import { skbAt } from './packet/find-packet';
import { CHECKSUM, type SkBuff } from './packet/sk-buff';
import { hashOf } from './packet/skb-hash';
import { innerProtocol } from './packet/vlan';

/** BPF_F_RECOMPUTE_CSUM, BPF_F_INVALIDATE_HASH. */
const RECOMPUTE_CSUM = 1;
const INVALIDATE_HASH = 2;
/** enum bpf_hdr_start_off. */
const HDR_START_MAC = 0;
const HDR_START_NET = 1;
const RELATIVE_OFFSET_MAX = 0xffff;
const PACKET_OTHERHOST = 3;
/** Network order. */
const ETH_P_IP = 0x0008;
const ETH_P_IPV6 = 0xdd86;
const IPV4_BYTES = 20;
const IPV6_BYTES = 40;
const INET_ECN_CE = 3;

/** Reads `bytes` bytes, or clears them when they are not all there. */
function load(c: HelperContext, skb: SkBuff, at: number, dst: number, bytes: number): number {
  const { u8 } = c.memory;
  if (at + bytes <= skb.tail) {
    u8.copyWithin(dst, at, at + bytes);
    return 0;
  }
  u8.fill(0, dst, dst + bytes);
  return E.FAULT;
}

/** Past every packet: what a lawful offset never reaches. */
const NOWHERE = Number.POSITIVE_INFINITY;

function loadRelative(
  c: HelperContext,
  skb: SkBuff,
  offset: number,
  dst: number,
  bytes: number,
  header: number,
): number {
  const start =
    header === HDR_START_MAC ? skb.macHeader : header === HDR_START_NET ? skb.networkHeader : NOWHERE;
  return load(c, skb, offset > RELATIVE_OFFSET_MAX ? NOWHERE : start + offset, dst, bytes);
}

/** bpf_skb_store_bytes. */
function store(
  c: HelperContext,
  skb: SkBuff,
  offset: number,
  src: number,
  bytes: number,
  flags: number,
): number {
  if (flags & ~(RECOMPUTE_CSUM | INVALIDATE_HASH)) return E.INVAL;
  if (offset < 0 || offset + bytes > skb.len) return E.FAULT;
  const at = skb.data + offset;
  if (flags & RECOMPUTE_CSUM) skb.sumChanges('pull', at, bytes, offset);
  c.memory.u8.copyWithin(at, src, src + bytes);
  if (flags & RECOMPUTE_CSUM) skb.sumChanges('push', at, bytes, offset);
  if (flags & INVALIDATE_HASH) skb.set('hash', 0);
  skb.show();
  return 0;
}

/** bpf_skb_pull_data: a linear packet has nothing to pull in. @returns 0, -ENOMEM when it is shorter */
function pullData(skb: SkBuff, bytes: number): number {
  skb.show();
  return bytes > skb.len ? E.NOMEM : 0;
}

function changeType(skb: SkBuff, type: number): number {
  if (skb.get('pktType') > PACKET_OTHERHOST || type > PACKET_OTHERHOST) return E.INVAL;
  skb.set('pktType', type);
  return 0;
}

function setHash(skb: SkBuff, hash: number): number {
  skb.set('hash', hash);
  return 0;
}

/** skb_get_hash: as set, else from the packet. */
function hashRecalc(c: HelperContext, skb: SkBuff): number {
  if (skb.get('hash') === 0) skb.set('hash', hashOf(c.memory.u8, skb));
  return c.u64(skb.get('hash'), 0);
}

/** include/net/inet_ecn.h: INET_ECN_set_ce. @returns 1 when the packet says Congestion Encountered now */
function ecnSetCe(c: HelperContext, skb: SkBuff): number {
  const { view } = c.memory;
  const at = skb.networkHeader;
  const room = skb.tail - at;
  const protocol = innerProtocol(c.memory, skb);
  if (protocol === ETH_P_IP && room >= IPV4_BYTES) return ecnIpv4(view, at);
  if (protocol !== ETH_P_IPV6 || room < IPV6_BYTES) return 0;
  const word = view.getUint32(at);
  if (((word >>> 20) & INET_ECN_CE) === 0) return 0;
  const from = view.getUint32(at, true);
  view.setUint32(at, (word | (INET_ECN_CE << 20)) >>> 0);
  if (skb.ipSummed === CHECKSUM.COMPLETE)
    skb.csum = csumAdd(csumSub(skb.csum, from), view.getUint32(at, true));
  return 1;
}

function ecnIpv4(view: DataView, at: number): number {
  const tos = view.getUint8(at + 1);
  const next = (tos + 1) & INET_ECN_CE;
  if ((next & 2) === 0) return next === 0 ? 1 : 0;
  // The checksum falls by what the field grows: 2 for ECT(1), 1 for ECT(0).
  const sum = view.getUint16(at + 10) + 0xfffb + next;
  view.setUint16(at + 10, sum > 0xffff ? sum + 1 : sum);
  view.setUint8(at + 1, tos | INET_ECN_CE);
  return 1;
}

/** BPF_SKB_CLOCK_REALTIME, which is 0, MONOTONIC, TAI. */
const TSTAMP_TYPE_MAX = 2;

/** bpf_skb_set_tstamp. */
function setTstamp(c: HelperContext, skb: SkBuff, lo: number, hi: number, type: number): number {
  if (skb.protocol !== ETH_P_IP && skb.protocol !== ETH_P_IPV6) return E.OPNOTSUPP;
  const isRealtime = type === 0;
  if (type > TSTAMP_TYPE_MAX || (!isRealtime && (lo | hi) === 0)) return E.INVAL;
  const { view } = c.memory;
  view.setInt32(skb.ctx + TSTAMP_AT, lo, true);
  view.setInt32(skb.ctx + TSTAMP_AT + 4, hi, true);
  view.setUint8(skb.ctx + TSTAMP_TYPE_AT, type);
  return 0;
}

const TSTAMP_AT = 152;
const TSTAMP_TYPE_AT = 180;

/** bpf_skb_under_cgroup: the socket of a test run is its caller's. */
function skbUnderCgroup(c: HelperContext, map: BpfMap | undefined, at: number, index: number): number {
  return underCgroup(c, cgroupArray(map ?? c.map(at)), index);
}

/** net/core/filter.c. */
export const SKB_HELPERS: HelperFamily = {
  skb_load_bytes: (c) => (ctx, offset, dst, bytes) => {
    const skb = c.services.packets?.at(ctx);
    if (skb?.kind === 'skb') return load(c, skb, offset < 0 ? NOWHERE : skb.data + offset, dst, bytes >>> 0);
    // A flow dissector on a frame without a packet around it.
    c.memory.u8.fill(0, dst, dst + (bytes >>> 0));
    return E.FAULT;
  },
  skb_load_bytes_relative: (c) => (ctx, offset, dst, bytes, header) =>
    loadRelative(c, skbAt(c, ctx), offset >>> 0, dst, bytes >>> 0, header >>> 0),
  skb_store_bytes: (c) => (ctx, offset, src, bytes, lo, hi) =>
    store(c, skbAt(c, ctx), offset, src, bytes >>> 0, hi === 0 ? lo : -1),
  skb_pull_data: (c) => (ctx, bytes) => pullData(skbAt(c, ctx), bytes >>> 0),
  skb_change_type: (c) => (ctx, type) => changeType(skbAt(c, ctx), type >>> 0),
  get_hash_recalc: (c) => (ctx) => hashRecalc(c, skbAt(c, ctx)),
  set_hash_invalid: (c) => (ctx) => setHash(skbAt(c, ctx), 0),
  set_hash: (c) => (ctx, hash) => setHash(skbAt(c, ctx), hash >>> 0),
  skb_ecn_set_ce: (c) => (ctx) => ecnSetCe(c, skbAt(c, ctx)),
  skb_set_tstamp: (c) => (ctx, lo, hi, type) => setTstamp(c, skbAt(c, ctx), lo, hi, type >>> 0),
  skb_under_cgroup: (c, map) => (_ctx, at, index) => skbUnderCgroup(c, map, at, index >>> 0),
  skb_cgroup_id: (c) => () => c.word(c.services.task().cgroupId),
  skb_ancestor_cgroup_id: (c) => (_ctx, level) =>
    c.word(level < 0 ? 0 : (c.services.ancestorCgroupId(level) ?? 0)),
  /** No net_cls hierarchy is ever mounted. */
  skb_cgroup_classid: (c) => () => c.u64(0, 0),
  /** Packets have been routed by nobody (dst_tclassid). */
  get_route_realm: (c) => () => c.u64(0, 0),
  /** No packet has come through IPsec: there is no state to show. */
  skb_get_xfrm_state: (c) => (_ctx, _index, dst, bytes) => {
    c.memory.u8.fill(0, dst, dst + bytes);
    return E.INVAL;
  },
};
