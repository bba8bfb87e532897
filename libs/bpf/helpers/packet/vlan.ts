import type { KernelMemory } from '@probed/memory';
import type { SkBuff, VlanTag } from './sk-buff';

/** Network order. */
const ETH_P_8021Q = 0x0081;
const ETH_P_8021AD = 0xa888;
const ETH_P_802_3 = 0x0100;
const ETH_P_802_2 = 0x0400;
/** First value of an Ethernet type field that is no length (ETH_P_802_3_MIN), host order. */
const TYPE_MIN = 0x0600;
const ADDRESSES_BYTES = 12;
const ETH_BYTES = 14;
const VLAN_BYTES = 4;
/** sizeof(struct vlan_ethhdr). */
const VLAN_ETH_BYTES = 18;
const EINVAL = 22;
const ENOMEM = 12;

const isVlan = (protocol: number) => protocol === ETH_P_8021Q || protocol === ETH_P_8021AD;

/** VLAN_MAX_DEPTH: headers that are looked at. */
const DEPTH_MAX = 8;

/** `vlan_get_protocol`: what is behind the VLAN headers, in network order; 0 when that can't be told. */
export function innerProtocol({ view }: KernelMemory, skb: SkBuff): number {
  let { protocol } = skb;
  let at = skb.data + (skb.macLen ? skb.macLen - VLAN_BYTES : ETH_BYTES);
  for (let depth = 1; isVlan(protocol); depth++, at += VLAN_BYTES) {
    if (at + VLAN_BYTES > skb.tail || depth === DEPTH_MAX) return 0;
    protocol = view.getUint16(at + 2, true);
  }
  return protocol;
}

/** net/core/skbuff.c: skb_vlan_push. A tag that is there already goes into the packet. */
export function vlanPush(memory: KernelMemory, skb: SkBuff, tag: VlanTag): number {
  const protocol = isVlan(tag.protocol) ? tag.protocol : ETH_P_8021Q;
  const old = skb.vlan;
  if (old) {
    if (skb.data !== skb.macHeader) return -EINVAL;
    insertTag(memory, skb, old);
    skb.set('protocol', old.protocol);
    skb.sumChanges('push', skb.data + ADDRESSES_BYTES, VLAN_BYTES);
  }
  skb.vlan = { protocol, tci: tag.tci };
  return 0;
}

function insertTag(memory: KernelMemory, skb: SkBuff, { protocol, tci }: VlanTag): void {
  skb.reserveHead(VLAN_BYTES);
  skb.push(VLAN_BYTES);
  const { u8, view } = memory;
  u8.copyWithin(skb.data, skb.data + VLAN_BYTES, skb.data + VLAN_BYTES + ADDRESSES_BYTES);
  skb.macHeader -= VLAN_BYTES;
  skb.networkHeader -= VLAN_BYTES;
  view.setUint16(skb.data + ADDRESSES_BYTES, protocol, true);
  view.setUint16(skb.data + ADDRESSES_BYTES + 2, tci);
}

/** net/core/skbuff.c: skb_vlan_pop. @returns 0, -EINVAL, -ENOMEM */
export function vlanPop(memory: KernelMemory, skb: SkBuff): number {
  if (skb.vlan) skb.vlan = undefined;
  else {
    if (!isVlan(skb.protocol)) return 0;
    const taken = takeTag(memory, skb);
    if (typeof taken === 'number') return taken;
  }
  if (!isVlan(skb.protocol)) return 0;
  const next = takeTag(memory, skb);
  if (typeof next === 'number') return next;
  skb.vlan = next;
  return 0;
}

/** `__skb_vlan_pop`: takes the outermost tag out of the packet. */
function takeTag(memory: KernelMemory, skb: SkBuff): VlanTag | number {
  if (skb.data !== skb.macHeader) return -EINVAL;
  if (skb.len < VLAN_ETH_BYTES) return -ENOMEM;
  const { u8, view } = memory;
  const at = skb.data + ADDRESSES_BYTES;
  skb.sumChanges('pull', at, VLAN_BYTES);
  const tag = { protocol: skb.protocol, tci: view.getUint16(at + 2) };
  const inner = view.getUint16(at + VLAN_BYTES);
  u8.copyWithin(skb.data + VLAN_BYTES, skb.data, skb.data + ADDRESSES_BYTES);
  skb.set('protocol', inner >= TYPE_MIN ? swapped(inner) : encapsulated(memory, skb, at));
  skb.pull(VLAN_BYTES);
  skb.macHeader += VLAN_BYTES;
  skb.networkHeader = Math.max(skb.networkHeader, skb.data + ETH_BYTES);
  skb.macLen = skb.macBytes;
  return tag;
}

/** `vlan_set_encap_proto` of a frame with a length: Novell's raw 802.3, or 802.2. */
function encapsulated({ view }: KernelMemory, skb: SkBuff, tagAt: number): number {
  const payload = tagAt + VLAN_BYTES + 2;
  return payload + 2 <= skb.tail && view.getUint16(payload) === 0xffff ? ETH_P_802_3 : ETH_P_802_2;
}

function swapped(value: number): number {
  return ((value << 8) | (value >>> 8)) & 0xffff;
}
