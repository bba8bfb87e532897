import { createHash } from 'node:crypto';
import type { MapInfo } from '@probed/protocol';
import type { ContentsDigest, Timers } from '@probed/stream';
import type { StreamKernel, StreamStore } from './ports';

const INTERVAL_MS = 10_000;
/** Maps, by node, of which it is known what was stored last. */
const KNOWN_MAX = 10_000;

interface Stored {
  readonly at: number;
  readonly fingerprint: string;
}

/** Stores what is read of the maps that are watched: each map on each node when it has changed, at most every 10 s. */
export class MapSnapshots {
  private readonly stored = new Map<string, Stored>();

  constructor(
    private readonly kernel: StreamKernel,
    private readonly store: StreamStore,
    private readonly timers: Timers,
  ) {}

  offer(map: MapInfo, digests: readonly ContentsDigest[]): void {
    const due = digests.filter((digest) => this.isDue(map, digest));
    if (due.length === 0) return;
    const { boot } = this.kernel.state;
    const snapshots = due.map(({ contents }) => ({
      map_id: map.id,
      map: map.name,
      object: map.object,
      node: contents.node,
      boot,
      time: contents.time,
      json: JSON.stringify(contents),
    }));
    // The store tells of its failures by itself; the next change is another chance.
    this.store.call('append', { snapshots }).catch(() => undefined);
  }

  private isDue(map: MapInfo, digest: ContentsDigest): boolean {
    if (digest.contents.kind === 'buffer') return false;
    const key = `${map.id} ${digest.contents.node}`;
    const now = this.timers.now();
    const last = this.stored.get(key);
    if (last && now - last.at < INTERVAL_MS) return false;
    const fingerprint = fingerprintOf(digest);
    if (last?.fingerprint === fingerprint) return false;
    this.stored.delete(key);
    this.stored.set(key, { at: now, fingerprint });
    if (this.stored.size > KNOWN_MAX) {
      const [oldest] = this.stored.keys();
      this.stored.delete(oldest);
    }
    return true;
  }
}

function fingerprintOf({ rows }: ContentsDigest): string {
  const hash = createHash('sha256');
  for (const { text } of rows.values()) hash.update(text).update('\n');
  return hash.digest('base64');
}
