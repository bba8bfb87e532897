import type { HelperContext } from '../helper-context';
import type { SkBuff } from './sk-buff';
import type { XdpBuff } from './xdp-buff';

/** The packet of an skb context. The verifier has proved that it is one. */
export function skbAt(c: HelperContext, ctx: number): SkBuff {
  const packet = c.services.packets?.at(ctx);
  if (packet?.kind !== 'skb') throw new Error(`invariant broken: no socket buffer at context ${ctx}`);
  return packet;
}

/** The packet of an XDP context. */
export function xdpAt(c: HelperContext, ctx: number): XdpBuff {
  const packet = c.services.packets?.at(ctx);
  if (packet?.kind !== 'xdp') throw new Error(`invariant broken: no XDP buffer at context ${ctx}`);
  return packet;
}
