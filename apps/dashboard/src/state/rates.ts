interface Track {
  count: number;
  at: number;
  readonly history: number[];
}

const HISTORY_MAX = 30;

/** Rates of counters that are read now and then. */
export class Rates {
  private readonly tracks = new Map<number, Track>();

  /**
   * Takes a reading of all counters; those that are gone are forgotten.
   * @param at when it was read, ms
   */
  read(counters: readonly { readonly id: number; readonly runs: number }[], at: number): void {
    const present = new Set(counters.map(({ id }) => id));
    for (const id of this.tracks.keys()) if (!present.has(id)) this.tracks.delete(id);
    for (const { id, runs } of counters) {
      const track = this.tracks.get(id);
      if (!track) this.tracks.set(id, { count: runs, at, history: [] });
      else if (at > track.at) advance(track, runs, at);
    }
  }

  /** The last rate, per second; undefined before the second reading. */
  of(id: number): number | undefined {
    return this.tracks.get(id)?.history.at(-1);
  }

  /** Oldest first. */
  historyOf(id: number): readonly number[] {
    return this.tracks.get(id)?.history ?? [];
  }
}

function advance(track: Track, runs: number, at: number): void {
  // A counter that went back began anew with a boot of the kernel.
  const since = runs >= track.count ? runs - track.count : runs;
  track.history.push((since * 1_000) / (at - track.at));
  if (track.history.length > HISTORY_MAX) track.history.shift();
  track.count = runs;
  track.at = at;
}
