import type { Kernel } from '../kernel';
import { type Segment, skbOf } from '../net/segment';
import { row } from './row';

const ETH_P_IP = 0x0800;

/** `enum skb_drop_reason` (`include/net/dropreason-core.h`), as far as code paths here drop packets. */
export const DROP_REASON = { NO_SOCKET: 3, SOCKET_CLOSE: 4 } as const;

/** `include/trace/events/skb.h` */
export function skbRows(k: Kernel) {
  return {
    kfreeSkb: row(
      'skb',
      'kfree_skb',
      (packet: Segment, location: number, reason: number) => [skbOf(k, packet), location, reason, 0],
      (packet, location, reason) => ({
        skbaddr: skbOf(k, packet),
        location,
        rx_sk: 0,
        protocol: ETH_P_IP,
        reason,
      }),
    ),
    consumeSkb: row(
      'skb',
      'consume_skb',
      (packet: Segment, location: number) => [skbOf(k, packet), location],
      (packet, location) => ({ skbaddr: skbOf(k, packet), location }),
    ),
  };
}
