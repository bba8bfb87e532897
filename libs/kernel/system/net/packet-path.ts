import type { Kernel } from '../kernel';
import { traced } from '../trace/traced';
import { type Segment, skbOf } from './segment';

const XMIT_NS = 450;
const RCV_NS = 380;

const devQueueXmit = traced<[Segment]>(
  '__dev_queue_xmit',
  (k, packet) => [skbOf(k, packet), 0],
  (k, packet) => {
    const { netDevQueue, netDevXmit } = k.tp;
    if (netDevQueue.active) netDevQueue.fire(packet);
    k.sched.spend(XMIT_NS);
    if (netDevXmit.active) netDevXmit.fire(packet, 0);
    return 0;
  },
);

const ipOutput = traced<[Segment]>(
  'ip_output',
  (k, packet) => [k.ptr(packet.sock?.ns.offset ?? 0), k.ptr(packet.sock?.offset ?? 0), skbOf(k, packet)],
  (k, packet) => devQueueXmit(k, packet),
);

const ipLocalOut = traced<[Segment]>(
  'ip_local_out',
  (k, packet) => [k.ptr(packet.sock?.ns.offset ?? 0), k.ptr(packet.sock?.offset ?? 0), skbOf(k, packet)],
  (k, packet) => ipOutput(k, packet),
);

/** A packet leaves: IP, queueing discipline, device. */
export function packetTransmit(k: Kernel, packet: Segment): void {
  ipLocalOut(k, packet);
}

const tcpV4Rcv = traced<[Segment, () => void]>(
  'tcp_v4_rcv',
  (k, packet) => [skbOf(k, packet)],
  (k, _packet, deliver) => {
    k.sched.spend(RCV_NS);
    deliver();
    return 0;
  },
);

const udpRcv = traced<[Segment, () => void]>(
  'udp_rcv',
  (k, packet) => [skbOf(k, packet)],
  (k, _packet, deliver) => {
    k.sched.spend(RCV_NS);
    deliver();
    return 0;
  },
);

const ipRcv = traced<[Segment, () => void]>(
  'ip_rcv',
  (k, packet) => [skbOf(k, packet), k.ptr(k.net.device), 0, k.ptr(k.net.device)],
  (k, packet, deliver) => (packet.protocol === 6 ? tcpV4Rcv : udpRcv)(k, packet, deliver),
);

/** A packet comes in, in softirq context. */
export function packetReceive(k: Kernel, packet: Segment, deliver: () => void): void {
  if (k.tp.netifReceiveSkb.active) k.tp.netifReceiveSkb.fire(packet);
  ipRcv(k, packet, deliver);
}

/** `sk_skb_reason_drop`: a packet that nobody wants. @param where function that gives it up */
export function dropPacket(k: Kernel, packet: Segment, where: string, reason: number): void {
  if (k.tp.kfreeSkb.active) k.tp.kfreeSkb.fire(packet, k.symbolAddress(where), reason);
}
