import type { Database } from 'better-sqlite3';
import type { BootTable } from './boots';
import { Dictionary } from './dictionary';
import { blockOf, bootOrdinalOf, recordId, sequenceOf } from './record-id';
import type { RecordRow, StoreCommands } from './store-api';
import { StoreRefused } from './store-refused';
import { WallTime } from './wall-time';

interface TimeSpan {
  min: bigint;
  max: bigint;
}

/** Records going in, and coming out in the order in which they went in. */
export class RecordTable {
  private readonly sources: Dictionary;
  private readonly pods: Dictionary;
  private readonly wallTime = new WallTime();
  private readonly insertKey;
  private readonly insertData;
  private readonly widenTimes;
  private readonly selectAfter;

  constructor(
    db: Database,
    private readonly boots: BootTable,
  ) {
    this.sources = new Dictionary(db, 'sources', ['node', 'program', 'map', 'hook']);
    this.pods = new Dictionary(db, 'pods', ['namespace', 'name']);
    this.insertKey = db.prepare<[bigint, bigint, number, number | null, string | null]>(
      'INSERT OR IGNORE INTO record_keys (id, time_ns, source, pod, session) VALUES (?, ?, ?, ?, ?)',
    );
    this.insertData = db.prepare<[bigint, number, string, Uint8Array]>(
      'INSERT INTO record_data (id, ktime_ns, json, raw) VALUES (?, ?, ?, ?)',
    );
    this.widenTimes = db.prepare<[bigint, bigint, bigint]>(
      `INSERT INTO record_times (block, time_min, time_max) VALUES (?, ?, ?) ON CONFLICT (block) DO UPDATE SET
         time_min = min(time_min, excluded.time_min), time_max = max(time_max, excluded.time_max)`,
    );
    this.selectAfter = db
      .prepare<[bigint, number], { id: bigint; json: string }>(
        'SELECT id, json FROM record_data WHERE id > ? ORDER BY id LIMIT ?',
      )
      .safeIntegers();
  }

  /** Stores records; one that is stored already stays as it is. To be called within a transaction. */
  append(rows: readonly RecordRow[]): void {
    const added = new Map<bigint, number>();
    const times = new Map<bigint, TimeSpan>();
    for (const row of rows) {
      const ordinal = this.boots.ensure(row.boot, row.time);
      const id = recordId(ordinal, row.sequence);
      const time = this.wallTime.toNs(row.time);
      if (!this.insert(id, time, row)) continue;
      added.set(ordinal, (added.get(ordinal) ?? 0) + 1);
      widen(times, blockOf(id), time);
    }
    for (const [ordinal, count] of added) this.boots.addRecords(ordinal, count);
    for (const [block, { min, max }] of times) this.widenTimes.run(block, min, max);
  }

  private insert(id: bigint, time: bigint, row: RecordRow): boolean {
    const source = this.sources.id(row.node, row.program, row.map, row.hook);
    const pod = row.pod === undefined ? null : this.pods.id(row.namespace ?? '', row.pod);
    if (this.insertKey.run(id, time, source, pod, row.session ?? null).changes === 0) return false;
    this.insertData.run(id, row.ktime_ns, row.json, row.raw);
    return true;
  }

  /**
   * Records that were stored after a given one, oldest first.
   * @throws StoreRefused `unknown-boot`
   */
  after({ boot, sequence, limit }: StoreCommands['record.after']['params']) {
    const ordinal = this.boots.ordinal(boot);
    if (ordinal === undefined)
      throw new StoreRefused({
        code: 'unknown-boot',
        message: `there is no boot ${boot} in the history`,
        where: 'after',
        hint: 'leave `after` out to begin with what comes now',
      });
    return this.selectAfter.all(recordId(ordinal, sequence), limit).map(({ id, json }) => ({
      boot: this.boots.name(bootOrdinalOf(id)),
      sequence: sequenceOf(id),
      json,
    }));
  }

  /** After a roll-back: what was cached in the transaction is not there. */
  forget(): void {
    this.sources.forget();
    this.pods.forget();
  }
}

function widen(times: Map<bigint, TimeSpan>, block: bigint, time: bigint): void {
  const span = times.get(block);
  if (!span) times.set(block, { min: time, max: time });
  else if (time < span.min) span.min = time;
  else if (time > span.max) span.max = time;
}
