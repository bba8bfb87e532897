/**
 * Loads at SKF_AD_OFF and above ask for what the kernel knows of a packet instead of its bytes
 * (include/uapi/linux/filter.h, net/core/filter.c: bpf_anc_helper).
 */
const SKF_AD_OFF = 0xffff_f000;
/** Loads at it and above, below SKF_AD_OFF, count from the network header. */
export const SKF_NET_OFF = 0xfff0_0000;
/** Loads at it and above, below SKF_NET_OFF, count from the link layer's header. */
export const SKF_LL_OFF = 0xffe0_0000;

/** What can be asked for, by its name in libpcap's listings, in the order of the SKF_AD_ numbers from 0. */
export const ANCILLARY = [
  'proto',
  'type',
  'ifidx',
  'nla',
  'nlan',
  'mark',
  'queue',
  'hatype',
  'rxhash',
  'cpu',
  'xor_x',
  'vlan_tci',
  'vlanp',
  'poff',
  'random',
  'vlan_tpid',
] as const;

export type Ancillary = (typeof ANCILLARY)[number];

/** What an absolute load asks for; undefined when it loads from the packet. @param k its offset, unsigned */
export function ancillaryOf(k: number): Ancillary | undefined {
  const index = k - SKF_AD_OFF;
  return index >= 0 ? ANCILLARY[index / 4] : undefined;
}

/** True for an offset in the ancillary range, whether or not it means something. */
export function isAncillaryOffset(k: number): boolean {
  return k >= SKF_AD_OFF;
}
