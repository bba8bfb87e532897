import { TCP_STATE as T } from '@probed/abi';
import type { Kernel } from '../kernel';
import { traced } from '../trace/traced';
import { type Segment, skbOf, TCP_FLAG } from './segment';
import type { Sock } from './sock';

/** First time-out of a SYN and of data (`TCP_TIMEOUT_INIT`, `TCP_RTO_MIN`); each retry doubles it. */
const SYN_RTO_NS = 1e9;
const DATA_RTO_NS = 200e6;
const MAX_RETRIES = 6;

const retransmitSkb = traced<[Sock, Segment, number, () => void]>(
  'tcp_retransmit_skb',
  (k, sock, packet) => [k.ptr(sock.offset), skbOf(k, packet), 1],
  (k, sock, packet, attempt, deliver) => {
    if (k.tp.tcpRetransmitSkb.active) k.tp.tcpRetransmitSkb.fire(sock, packet);
    sock.retransmits++;
    sock.writeTcpCounters(k);
    sendReliably(k, sock, packet, deliver, attempt);
    return 0;
  },
);

/** Sends a segment and, where the wire loses it, sends it again when the retransmission timer fires. */
export function sendReliably(k: Kernel, sock: Sock, packet: Segment, deliver: () => void, attempt = 0): void {
  if (!k.net.loses(packet.to.ip)) {
    k.net.send(packet, deliver);
    return;
  }
  k.net.send(packet, () => undefined);
  if (attempt >= MAX_RETRIES) return;
  const first = packet.flags & TCP_FLAG.SYN ? SYN_RTO_NS : DATA_RTO_NS;
  k.sched.at(k.nowNs() + first * 2 ** attempt, sock.cookie % k.cpus, () => {
    if (sock.freed || sock.state === T.CLOSE) return;
    k.irq.timer(() => retransmitSkb(k, sock, packet, attempt + 1, deliver));
  });
}
