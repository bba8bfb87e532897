import type { Kernel } from '../kernel';
import { type Segment, skbOf } from '../net/segment';
import type { Sock } from '../net/sock';
import { row } from './row';
import { sockAddresses } from './sock';

/** `include/trace/events/tcp.h` */
export function tcpRows(k: Kernel) {
  const event = (name: string) =>
    row(
      'tcp',
      name,
      (sock: Sock) => [k.ptr(sock.offset)],
      (sock) => ({
        skaddr: k.ptr(sock.offset),
        sock_cookie: sock.cookie,
        ...sockAddresses(sock),
      }),
    );
  return {
    tcpDestroySock: event('tcp_destroy_sock'),
    tcpReceiveReset: event('tcp_receive_reset'),
    tcpRcvSpaceAdjust: event('tcp_rcv_space_adjust'),
    tcpRetransmitSkb: row(
      'tcp',
      'tcp_retransmit_skb',
      (sock: Sock, packet: Segment) => [k.ptr(sock.offset), skbOf(k, packet), 0],
      (sock, packet) => ({
        skbaddr: skbOf(k, packet),
        skaddr: k.ptr(sock.offset),
        state: sock.state,
        err: 0,
        ...sockAddresses(sock),
      }),
    ),
  };
}
