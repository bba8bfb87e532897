import type { Kernel } from '../kernel';
import type { EndpointAddress } from './endpoint';
import type { Sock } from './sock';

/** TCP header flags. */
export const TCP_FLAG = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16 } as const;

const EMPTY = new Uint8Array(0);
const MAC_BYTES = 14;
const IP_BYTES = 20;
const TCP_BYTES = 20;
const UDP_BYTES = 8;
const ETH_P_IP = 0x0800;
/** Payload that an `sk_buff` written for a hook carries. */
const PAYLOAD_MAX = 700;

/** One packet under way. */
export interface Segment {
  readonly from: EndpointAddress;
  readonly to: EndpointAddress;
  readonly protocol: 6 | 17;
  /** {@link TCP_FLAG} bits. */
  readonly flags: number;
  readonly seq: number;
  readonly ack: number;
  readonly payload: Uint8Array;
  /** Sender, when it is a socket of this node. */
  readonly sock: Sock | undefined;
}

export function segment(from: Sock, flags: number, payload: Uint8Array = EMPTY): Segment {
  return {
    from: from.local,
    to: from.remote,
    protocol: from.protocol === 17 ? 17 : 6,
    flags,
    seq: from.seq,
    ack: from.ackSeq,
    payload,
    sock: from,
  };
}

/** Length on the wire, Ethernet header included. */
export function wireBytes(packet: Segment): number {
  return MAC_BYTES + IP_BYTES + (packet.protocol === 6 ? TCP_BYTES : UDP_BYTES) + packet.payload.length;
}

/** Real bytes of the packet, from the Ethernet header on, with checksums that hold. */
export function packetBytes(packet: Segment): Uint8Array {
  const payload = packet.payload.subarray(0, PAYLOAD_MAX);
  const l4 = packet.protocol === 6 ? TCP_BYTES : UDP_BYTES;
  const out = new Uint8Array(MAC_BYTES + IP_BYTES + l4 + payload.length);
  const view = new DataView(out.buffer);
  out.set([0x52, 0x54, 0, 0x12, 0x34, 0x57, 0x52, 0x54, 0, 0x12, 0x34, 0x56]);
  view.setUint16(12, ETH_P_IP);
  writeIp(view, packet, IP_BYTES + l4 + payload.length);
  const at = MAC_BYTES + IP_BYTES;
  view.setUint16(at, packet.from.port);
  view.setUint16(at + 2, packet.to.port);
  if (packet.protocol === 6) writeTcp(view, at, packet);
  else view.setUint16(at + 4, UDP_BYTES + payload.length);
  out.set(payload, at + l4);
  view.setUint16(at + (packet.protocol === 6 ? 16 : 6), l4Checksum(out, packet, l4 + payload.length));
  return out;
}

function writeIp(view: DataView, packet: Segment, total: number): void {
  const at = MAC_BYTES;
  view.setUint8(at, 0x45);
  view.setUint16(at + 2, total);
  view.setUint16(at + 6, 0x4000);
  view.setUint8(at + 8, 64);
  view.setUint8(at + 9, packet.protocol);
  view.setUint32(at + 12, packet.from.ip);
  view.setUint32(at + 16, packet.to.ip);
  view.setUint16(at + 10, fold(sum(view, at, IP_BYTES)));
}

function writeTcp(view: DataView, at: number, packet: Segment): void {
  view.setUint32(at + 4, packet.seq >>> 0);
  view.setUint32(at + 8, packet.ack >>> 0);
  view.setUint8(at + 12, (TCP_BYTES / 4) << 4);
  view.setUint8(at + 13, packet.flags);
  view.setUint16(at + 14, 64_240);
}

function sum(view: DataView, at: number, bytes: number): number {
  let total = 0;
  for (let i = 0; i + 1 < bytes; i += 2) total += view.getUint16(at + i);
  if (bytes % 2) total += view.getUint8(at + bytes - 1) << 8;
  return total;
}

function fold(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x1_0000);
  return ~folded & 0xffff;
}

function l4Checksum(bytes: Uint8Array, packet: Segment, length: number): number {
  const view = new DataView(bytes.buffer);
  const pseudo = sum(view, MAC_BYTES + 12, 8) + packet.protocol + length;
  return fold(pseudo + sum(view, MAC_BYTES + IP_BYTES, length));
}

/** A `struct sk_buff` for a hook that can see one, with its packet. @returns its address, a signed word */
export function skbOf(k: Kernel, packet: Segment): number {
  const L = k.layout.skb;
  const { w } = k;
  const at = k.transient.take();
  const bytes = packetBytes(packet);
  const head = k.transient.bytes(bytes);
  w.ptr(at, L.head, head);
  w.ptr(at, L.data, head + MAC_BYTES);
  w.put(at, L.len, IP_BYTES + (packet.protocol === 6 ? TCP_BYTES : UDP_BYTES) + packet.payload.length);
  w.put(at, L.tail, bytes.length);
  w.put(at, L.end, bytes.length);
  w.put(at, L.mac_header, 0);
  w.put(at, L.network_header, MAC_BYTES);
  w.put(at, L.transport_header, MAC_BYTES + IP_BYTES);
  w.putBe(at, L.protocol, ETH_P_IP);
  w.put(at, L.truesize, 768 + packet.payload.length);
  w.ptr(at, L.sk, packet.sock?.offset ?? 0);
  w.ptr(at, L.dev, k.net.device);
  return k.ptr(at);
}
