import type { Kernel } from '../kernel';
import { type Segment, skbOf, wireBytes } from '../net/segment';
import { row } from './row';

/** `include/trace/events/net.h` */
export function netRows(k: Kernel) {
  const brief = (name: string) =>
    row(
      'net',
      name,
      (packet: Segment) => [skbOf(k, packet)],
      (packet) => ({ skbaddr: skbOf(k, packet), len: wireBytes(packet), name: k.net.deviceName(packet) }),
    );
  return {
    netDevQueue: brief('net_dev_queue'),
    netifReceiveSkb: brief('netif_receive_skb'),
    netDevXmit: row(
      'net',
      'net_dev_xmit',
      (packet: Segment, rc: number) => [skbOf(k, packet), rc, k.ptr(k.net.device), wireBytes(packet)],
      (packet, rc) => ({
        skbaddr: skbOf(k, packet),
        len: wireBytes(packet),
        rc,
        name: k.net.deviceName(packet),
      }),
    ),
  };
}
