import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../app/logger';
import { CommandRefused, ThreadUnavailable } from '../threads/rpc';
import type { PinnedMap } from './pin-table';
import type { KernelPort, StorePort } from './ports';
import type { ProgramRegistry } from './program-registry';

const EVERY_MS = 3_000;
/** A stop waits no longer for the last look, ms. */
const LAST_MS_MAX = 1_500;

/** Keeps what pinned maps hold, as far as it has changed: every few seconds, and at the end. */
export class PinnedContents {
  private timer: NodeJS.Timeout | undefined;
  private turn: Promise<void> | undefined;
  /** Of what is stored, by map and node. */
  private readonly digests = new Map<string, string>();

  constructor(
    private readonly kernel: KernelPort,
    private readonly store: StorePort,
    private readonly registry: ProgramRegistry,
    private readonly log: Logger,
    private readonly now: () => Date = () => new Date(),
  ) {}

  start(everyMs = EVERY_MS): void {
    this.timer = setInterval(() => void this.save(), everyMs);
  }

  /** The last look; a kernel that is busy is not waited for. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.saveInTime();
  }

  /** As {@link save}, for as long as somebody who is leaving can wait. */
  async saveInTime(): Promise<void> {
    await Promise.race([this.save(), sleep(LAST_MS_MAX, undefined, { ref: false })]);
  }

  /** One look at all of them. A kernel or store that is away is tried again the next time. */
  save(): Promise<void> {
    this.turn ??= this.saveAll().finally(() => {
      this.turn = undefined;
    });
    return this.turn;
  }

  private async saveAll(): Promise<void> {
    if (this.kernel.state.state !== 'running') return;
    try {
      // One after the other, so that nobody waits for all of them.
      for (const map of this.registry.pins.maps()) await this.saveOne(map);
    } catch (error) {
      if (!(error instanceof ThreadUnavailable || error instanceof CommandRefused)) throw error;
      this.log.debug(`contents of pinned maps were not kept: ${error.message}`);
    }
  }

  private async saveOne({ map_id, node }: PinnedMap): Promise<void> {
    const key = `${map_id} ${node}`;
    const known = this.digests.get(key);
    const saved = await this.kernel.call('map.save', { map_id, node, digest: known });
    if (saved.digest === known) return;
    // It may have been unpinned meanwhile.
    if (!this.registry.pins.maps().some((map) => map.map_id === map_id && map.node === node)) return;
    if (saved.bytes) {
      const time = this.now().toISOString();
      await this.store.call('contents.save', { map_id, node, time, bytes: saved.bytes });
    } else await this.store.call('contents.delete', { map_id, node });
    this.digests.set(key, saved.digest);
  }
}
