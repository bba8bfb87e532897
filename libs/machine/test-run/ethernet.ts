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
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

/** Places in an IP header, bytes from its start. */
interface Layout {
  readonly family: IpAddresses['family'];
  readonly header: number;
  readonly source: number;
  readonly destination: number;
  readonly address: number;
}

/** By what the type field says, in network order; bytes from the network header on. */
const LAYOUTS = new Map<number, Layout>([
  [0x0008, { family: 'ipv4', header: 20, source: 12, destination: 16, address: 4 }],
  [0xdd86, { family: 'ipv6', header: 40, source: 8, destination: 24, address: 16 }],
]);

/** Bytes that a packet of this protocol has at least behind its link layer header. */
export function headerBytes(protocol: number): number {
  return LAYOUTS.get(protocol)?.header ?? 0;
}

/** @param packet from the network header on, with its whole header */
export function ipAddresses(skb: SkBuff, packet: Uint8Array): IpAddresses | undefined {
  const layout = LAYOUTS.get(skb.protocol);
  if (!layout) return undefined;
  const { family, source, destination } = layout;
  const address = (at: number) => packet.subarray(at, at + layout.address);
  return { family, source: address(source), destination: address(destination) };
}
