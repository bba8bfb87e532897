import type { PipelineEntry } from './frames';

/**
 * Entries that are not in the store yet, oldest first. The first `shown` of them have been given to subscribers
 * already: none while the store works, as a rule all while it fails.
 */
export class StoreQueue {
  private entries: PipelineEntry[] = [];
  private shownCount = 0;
  private recordCount = 0;
  private byteCount = 0;

  get length(): number {
    return this.entries.length;
  }

  /** Records among the entries. */
  get records(): number {
    return this.recordCount;
  }

  get bytes(): number {
    return this.byteCount;
  }

  /** Entries at the head that subscribers have seen. */
  get shown(): number {
    return this.shownCount;
  }

  push(entry: PipelineEntry): void {
    this.entries.push(entry);
    this.count(entry, 1);
  }

  /** When the oldest entry that nobody has seen was accepted, ms; Infinity if there is none. */
  oldestUnseenAt(): number {
    return this.entries[this.shownCount]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** The oldest entries: at most `max`, and no more than `maxBytes` unless the first alone is larger. */
  head(max: number, maxBytes: number): readonly PipelineEntry[] {
    const limit = Math.min(max, this.entries.length);
    let count = 0;
    let bytes = 0;
    while (count < limit) {
      bytes += this.entries[count].bytes;
      if (count > 0 && bytes > maxBytes) break;
      count++;
    }
    return this.entries.slice(0, count);
  }

  /** Takes the oldest `count` entries out. @returns those among them that nobody has seen */
  remove(count: number): readonly PipelineEntry[] {
    const removed = this.entries.splice(0, count);
    for (const entry of removed) this.count(entry, -1);
    const unseen = removed.slice(this.shownCount);
    this.shownCount = Math.max(0, this.shownCount - count);
    return unseen;
  }

  /** Marks everything as seen. @returns what nobody had seen so far */
  showAll(): readonly PipelineEntry[] {
    const unseen = this.entries.slice(this.shownCount);
    this.shownCount = this.entries.length;
    return unseen;
  }

  /** What subscribers have seen and the store has not. */
  seen(): readonly PipelineEntry[] {
    return this.entries.slice(0, this.shownCount);
  }

  /**
   * Drops the oldest seen entries after the first `keep` until the limits are met.
   * @returns how many records went
   */
  trim(keep: number, recordsMax: number, bytesMax: number): number {
    const before = this.recordCount;
    let end = keep;
    while (end < this.shownCount && (this.recordCount > recordsMax || this.byteCount > bytesMax))
      this.count(this.entries[end++], -1);
    if (end > keep) this.entries.splice(keep, end - keep);
    this.shownCount -= end - keep;
    return before - this.recordCount;
  }

  private count(entry: PipelineEntry, sign: 1 | -1): void {
    this.byteCount += sign * entry.bytes;
    if (entry.row) this.recordCount += sign;
  }
}
