import type { SkBuff } from '@probed/helpers';

/** PACKET_* (include/uapi/linux/if_packet.h). */
const PACKET = { HOST: 0, MULTICAST: 2, OTHERHOST: 3 } as const;
/** Network order. */
const ETH_P_802_3 = 0x0100;
const ETH_P_802_2 = 0x0400;
/** First value of the type field that is no length, host order. */
const TYPE_MIN = 0x0600;
const ADDRESS_BYTES = 6;
const TYPE_AT = 12;

/** `eth_type_trans` of a frame that the loopback device received, whose address is all zeros. @returns network order */
export function etherProtocol(frame: Uint8Array): number {
  const type = (frame[TYPE_AT] << 8) | frame[TYPE_AT + 1];
  if (type >= TYPE_MIN) return frame[TYPE_AT] | (frame[TYPE_AT + 1] << 8);
  return frame[TYPE_AT + 2] === 0xff && frame[TYPE_AT + 3] === 0xff ? ETH_P_802_3 : ETH_P_802_2;
}

export function packetType(frame: Uint8Array): number {
  const destination = frame.subarray(0, ADDRESS_BYTES);
  if (destination.every((byte) => byte === 0)) return PACKET.HOST;
  // The loopback's broadcast address is all zeros too, so that ff:ff:ff:ff:ff:ff is one of many.
  return (destination[0] & 1) === 0 ? PACKET.OTHERHOST : PACKET.MULTICAST;
}

/** Addresses of an IP packet's header, which become those of a test run's socket. */
export interface IpAddresses {
  readonly family: 'ipv4' | 'ipv6';
  /** Undefined when the header is not all there. */
  readonly source?: Uint8Array;
  readonly destination?: Uint8Array;
}

const IPV4 = { protocol: 0x0008, header: 20, source: 12, destination: 16, address: 4 } as const;
const IPV6 = { protocol: 0xdd86, header: 40, source: 8, destination: 24, address: 16 } as const;

/** @param packet from the network header on */
export function ipAddresses(skb: SkBuff, packet: Uint8Array): IpAddresses | undefined {
  const layout = skb.protocol === IPV4.protocol ? IPV4 : skb.protocol === IPV6.protocol ? IPV6 : undefined;
  if (!layout) return undefined;
  const family = layout === IPV4 ? 'ipv4' : 'ipv6';
  if (packet.length < layout.header) return { family };
  const address = (at: number) => packet.subarray(at, at + layout.address);
  return { family, source: address(layout.source), destination: address(layout.destination) };
}
