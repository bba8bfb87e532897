import { diagnostic } from '@probed/base';
import type { MapInfo } from '@probed/protocol';
import { type ContentsDigest, digestOf, type Timers } from '@probed/stream';
import { CommandRefused, ThreadUnavailable } from '../threads/rpc';
import type { MapSnapshots } from './map-snapshots';
import type { StreamKernel } from './ports';

const ENTRIES_MAX = 10_000;

/** Who watches a map. */
export interface MapWatcher {
  contents(digests: readonly ContentsDigest[]): void;
  /** The map can't be read any more; nothing more comes. */
  gone(error: unknown): void;
}

interface PollTarget {
  readonly map: MapInfo;
  readonly node?: string;
  readonly intervalMs: number;
}

/** Reads maps at intervals: once for all who watch the same map on the same nodes at the same interval. */
export class MapPolls {
  private readonly polls = new Map<string, MapPoll>();

  constructor(
    private readonly kernel: StreamKernel,
    private readonly snapshots: MapSnapshots,
    private readonly timers: Timers,
  ) {}

  /** @returns what ends the watching */
  watch(target: PollTarget, watcher: MapWatcher): () => void {
    const key = JSON.stringify([target.map.id, target.node, target.intervalMs]);
    let poll = this.polls.get(key);
    if (!poll) {
      poll = new MapPoll(target, this.kernel, this.snapshots, this.timers, () => this.polls.delete(key));
      this.polls.set(key, poll);
    }
    return poll.add(watcher);
  }

  close(): void {
    for (const poll of this.polls.values()) poll.end();
  }
}

class MapPoll {
  private readonly watchers = new Set<MapWatcher>();
  private latest: readonly ContentsDigest[] | undefined;
  private reading = false;
  private ended = false;
  private cancelNext: () => void = () => {};

  constructor(
    private readonly target: PollTarget,
    private readonly kernel: StreamKernel,
    private readonly snapshots: MapSnapshots,
    private readonly timers: Timers,
    private readonly onEnd: () => void,
  ) {
    this.tick();
  }

  add(watcher: MapWatcher): () => void {
    this.watchers.add(watcher);
    if (this.latest) watcher.contents(this.latest);
    return () => {
      this.watchers.delete(watcher);
      if (this.watchers.size === 0) this.end();
    };
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.cancelNext();
    this.onEnd();
  }

  /** A reading that takes longer than the interval lets the next ones out. */
  private tick(): void {
    this.cancelNext = this.timers.after(this.target.intervalMs, () => this.tick());
    if (this.reading || this.kernel.state.state !== 'running') return;
    this.reading = true;
    const { boot } = this.kernel.state;
    this.read()
      .catch((error: unknown) => this.failed(error, boot))
      .finally(() => {
        this.reading = false;
      });
  }

  private async read(): Promise<void> {
    const { map, node } = this.target;
    const contents = await this.kernel.call('map.dump', { map_id: map.id, node, limit: ENTRIES_MAX });
    if (this.ended) return;
    const latest = contents.map(digestOf);
    this.latest = latest;
    this.snapshots.offer(map, latest);
    for (const watcher of [...this.watchers]) watcher.contents(latest);
  }

  /** A busy kernel is asked again at the next interval; so is one that was restarting when it said that there is none. */
  private failed(error: unknown, boot: string): void {
    const { state, boot: bootNow } = this.kernel.state;
    if (this.ended || error instanceof ThreadUnavailable || state !== 'running' || boot !== bootNow) return;
    this.end();
    const { id, name } = this.target.map;
    const reason =
      error instanceof CommandRefused && error.diagnostic.code === 'no-such-map'
        ? new CommandRefused(diagnostic('no-such-map', `map ${id} (${name}) is gone: it was unloaded`))
        : error;
    for (const watcher of this.watchers) watcher.gone(reason);
  }
}
