import type { RecordQuery } from '@probed/protocol';
import type { Database } from 'better-sqlite3';
import { firstIdOf } from './record-id';
import { likePattern } from './record-text';
import { WallTime } from './wall-time';

type Value = string | number | bigint;

/** Keys from `first` up to and without `end`. */
export interface IdRange {
  readonly first: bigint;
  readonly end: bigint;
}

/** What a query asks of each record, as SQL on `record_keys k` and `record_data d`. */
export interface RecordConditions {
  /** Conditions joined by AND; empty for none. */
  readonly sql: string;
  readonly values: readonly Value[];
  /** Where records of the query's times can be. */
  readonly range: IdRange;
}

/** Columns of `sources` that a query can name. */
const SOURCE_FILTERS = ['node', 'program', 'map', 'hook'] as const;

const EVERYTHING: IdRange = { first: 0n, end: 2n ** 63n - 1n };

/** @throws StoreRefused `bad-time` */
/** A pod's name or its workload's: `web` for `web-7d4b9c6f5-x2x8z`. */
const POD_NAME = "instr(name || '-', ? || '-') = 1";

export function recordConditions(db: Database, query: RecordQuery): RecordConditions {
  const conditions: string[] = [];
  const values: Value[] = [];
  const add = (sql: string, ...more: Value[]) => {
    conditions.push(sql);
    values.push(...more);
  };
  const since = query.since === undefined ? undefined : new WallTime().toNs(query.since);
  const until = query.until === undefined ? undefined : new WallTime().toNs(query.until);
  if (since !== undefined) add('k.time_ns >= ?', since);
  if (until !== undefined) add('k.time_ns < ?', until);
  const sources = SOURCE_FILTERS.filter((column) => query[column] !== undefined);
  if (sources.length)
    add(
      `k.source IN (SELECT id FROM sources WHERE ${sources.map((column) => `${column} = ?`).join(' AND ')})`,
      ...sources.map((column) => query[column] as string),
    );
  if (query.pod !== undefined) {
    const [name, namespace] = query.pod.split('/').reverse();
    add(`k.pod IN (SELECT id FROM pods WHERE ${POD_NAME})`, name);
    if (namespace !== undefined) add('k.pod IN (SELECT id FROM pods WHERE namespace = ?)', namespace);
  }
  if (query.session !== undefined) add('k.session = ?', query.session);
  if (query.text !== undefined) add("d.json LIKE ? ESCAPE '\\'", likePattern(query.text));
  return { sql: conditions.map((sql) => ` AND ${sql}`).join(''), values, range: rangeOf(db, since, until) };
}

/** Blocks that hold a record of these times; the records in them are still to be looked at one by one. */
function rangeOf(db: Database, since: bigint | undefined, until: bigint | undefined): IdRange {
  if (since === undefined && until === undefined) return EVERYTHING;
  const blocks = db
    .prepare<bigint[], { first: bigint | null; last: bigint | null }>(
      `SELECT min(block) AS first, max(block) AS last FROM record_times WHERE time_max >= ? AND time_min < ?`,
    )
    .safeIntegers()
    .get(since ?? -(2n ** 63n), until ?? EVERYTHING.end);
  if (blocks?.first == null || blocks.last == null) return { first: 0n, end: 0n };
  return { first: firstIdOf(blocks.first), end: firstIdOf(blocks.last + 1n) };
}
