import type { Logger } from '../app/logger';
import { CommandRefused, ThreadUnavailable } from '../threads/rpc';
import type { KernelPort, StorePort } from './ports';
import type { ProgramRegistry } from './program-registry';

const EVERY_MS = 60_000;
/** Entries of a map that a snapshot holds, a node. */
const ENTRIES_MAX = 1_000;

/** Stores what all maps hold, once a minute. */
export class MapArchive {
  private timer: NodeJS.Timeout | undefined;
  private busy = false;

  constructor(
    private readonly kernel: KernelPort,
    private readonly store: StorePort,
    private readonly registry: ProgramRegistry,
    private readonly log: Logger,
  ) {}

  start(everyMs = EVERY_MS): void {
    this.timer = setInterval(() => void this.turn(), everyMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** A kernel or store that is away is tried again the next time. */
  private async turn(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await this.storeAll();
    } catch (error) {
      if (!(error instanceof ThreadUnavailable || error instanceof CommandRefused)) throw error;
      this.log.debug(`no snapshot of maps: ${error.message}`);
    } finally {
      this.busy = false;
    }
  }

  /** One after the other, so that nobody waits for all of them. @returns how many were stored */
  async storeAll(): Promise<number> {
    let stored = 0;
    for (const { id, name, object } of this.registry.listMaps()) {
      const { boot } = this.kernel.state;
      const nodes = await this.kernel.call('map.dump', { map_id: id, limit: ENTRIES_MAX });
      const snapshots = nodes
        .filter(({ kind }) => kind !== 'buffer')
        .map((contents) => {
          const { node, time } = contents;
          return { map_id: id, map: name, object, node, boot, time, json: JSON.stringify(contents) };
        });
      if (snapshots.length > 0) await this.store.call('append', { snapshots });
      stored += snapshots.length;
    }
    return stored;
  }
}
