import type { Database } from 'better-sqlite3';
import type { BootTable } from './boots';
import { blockOf, bootOrdinalOf } from './record-id';
import type { StoreCommands } from './store-api';

type Limits = StoreCommands['prune']['params'];

/** Records that are deleted in one transaction (some 20 ms); then others get their turn. */
const RECORDS_PER_SLICE = 2_000;

/** Sessions that are kept although their boot's records are gone. */
const SESSIONS_KEPT = 1_000;

/** Pages of 4 KiB that are given back to the file system in one go. */
const PAGES_PER_SLICE = 2_000;

/** Keeps the database within limits by deleting the oldest. */
export class Pruner {
  private readonly oldest;
  private readonly nth;
  private readonly countByBoot;
  private readonly deletions;

  constructor(
    private readonly db: Database,
    private readonly boots: BootTable,
  ) {
    this.oldest = db
      .prepare<[], bigint>('SELECT id FROM record_keys ORDER BY id LIMIT 1')
      .pluck()
      .safeIntegers();
    this.nth = db
      .prepare<[number], bigint>('SELECT id FROM record_keys ORDER BY id LIMIT 1 OFFSET ?')
      .pluck()
      .safeIntegers();
    this.countByBoot = db
      .prepare<[bigint], [bigint, bigint]>(
        'SELECT id >> 40, count(*) FROM record_keys WHERE id <= ? GROUP BY 1',
      )
      .raw()
      .safeIntegers();
    this.deletions = ['record_keys', 'record_data'].map((table) =>
      db.prepare<[bigint]>(`DELETE FROM ${table} WHERE id <= ?`),
    );
  }

  /** A generator that yields after each slice and returns how many records were deleted. */
  *prune(limits: Limits): Generator<undefined, number> {
    let deleted = 0;
    for (let excess = this.excess(limits); excess > 0; excess = this.excess(limits)) {
      deleted += this.deleteOldest(Math.min(excess, RECORDS_PER_SLICE));
      yield;
    }
    if (deleted > 0) this.deleteOlderThanRecords();
    yield* this.shrink(limits.bytes_max);
    return deleted;
  }

  /** Records to delete, by the count, or by the bytes that a record takes on average. */
  private excess({ records_max, bytes_max }: Limits): number {
    const records = this.boots.totalRecords();
    if (records === 0) return 0;
    const byCount = records - records_max;
    const bytes = this.usedBytes();
    const byBytes = bytes > bytes_max ? Math.ceil((bytes - bytes_max) / (bytes / records)) : 0;
    return Math.min(records, Math.max(byCount, byBytes));
  }

  /** Bytes of the database that hold something. */
  private usedBytes(): number {
    return (this.pragma('page_count') - this.pragma('freelist_count')) * this.pragma('page_size');
  }

  private deleteOldest(count: number): number {
    return this.db
      .transaction(() => {
        const last = this.nth.get(count - 1);
        if (last === undefined) return 0;
        let deleted = 0;
        for (const [ordinal, records] of this.countByBoot.all(last)) {
          this.boots.addRecords(ordinal, -Number(records));
          deleted += Number(records);
        }
        for (const deletion of this.deletions) deletion.run(last);
        this.db.prepare('DELETE FROM record_times WHERE block < ?').run(blockOf(last));
        return deleted;
      })
      .immediate();
  }

  /** Sessions and map snapshots of boots that have no records any more; running sessions and the latest stay. */
  private deleteOlderThanRecords(): void {
    const oldest = this.oldest.get();
    if (oldest === undefined) return;
    const old = 'boot IN (SELECT boot FROM boots WHERE ordinal < ?)';
    const boot = bootOrdinalOf(oldest);
    this.db
      .transaction(() => {
        this.db.prepare(`DELETE FROM map_snapshots WHERE ${old}`).run(boot);
        const sessions = this.db
          .prepare<[bigint], string>(
            `DELETE FROM exec_sessions WHERE ${old} AND state <> 'running' AND ordinal NOT IN
               (SELECT ordinal FROM exec_sessions ORDER BY ordinal DESC LIMIT ${SESSIONS_KEPT}) RETURNING id`,
          )
          .pluck()
          .all(boot);
        const deleteCommands = this.db.prepare<[string]>('DELETE FROM session_commands WHERE session = ?');
        for (const session of sessions) deleteCommands.run(session);
      })
      .immediate();
  }

  /** Gives space back while the file is larger than it may be; below that, it is left for what comes. */
  private *shrink(bytesMax: number): Generator<undefined, void> {
    for (;;) {
      const beyond = this.pragma('page_count') - Math.floor(bytesMax / this.pragma('page_size'));
      const pages = Math.min(beyond, this.pragma('freelist_count'), PAGES_PER_SLICE);
      if (pages <= 0) return;
      this.db.pragma(`incremental_vacuum(${pages})`);
      yield;
    }
  }

  private pragma(name: 'page_count' | 'page_size' | 'freelist_count'): number {
    return this.db.pragma(name, { simple: true }) as number;
  }
}
