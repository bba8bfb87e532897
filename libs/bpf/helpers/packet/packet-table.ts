import type { SkBuff } from './sk-buff';
import type { XdpBuff } from './xdp-buff';

/** What a program may be given as a packet. */
export type Packet = SkBuff | XdpBuff;

/** The packets that programs of one kernel are looking at, by their context; helpers find them here. */
export class PacketTable {
  private readonly byContext = new Map<number, Packet>();
  private readonly stack: Packet[] = [];

  /** The packet of the innermost run. */
  get current(): Packet | undefined {
    return this.stack.at(-1);
  }

  at(ctx: number): Packet | undefined {
    return this.byContext.get(ctx);
  }

  /** Runs a program on a packet. */
  during<T>(packet: Packet, run: () => T): T {
    this.byContext.set(packet.ctx, packet);
    this.stack.push(packet);
    try {
      return run();
    } finally {
      this.stack.pop();
      this.byContext.delete(packet.ctx);
    }
  }
}
