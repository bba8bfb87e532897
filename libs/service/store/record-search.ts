import type { RecordPage, RecordQuery, WireRecord } from '@probed/protocol';
import type { Database, Statement } from 'better-sqlite3';
import { type IdRange, type RecordConditions, recordConditions } from './record-conditions';
import { decodeCursor, encodeCursor } from './record-cursor';
import { valueHasText } from './record-text';

/** Records that are looked at in one go (some 5 ms by key, 40 ms by text); then others get their turn. */
const KEYS_PER_SLICE = 100_000n;
const TEXTS_PER_SLICE = 25_000n;

/** After this long a page is given as it is, perhaps empty, with the cursor to go on from. */
const SEARCH_MS_MAX = 2_000;

interface Row {
  readonly id: bigint;
  readonly json: string;
}

interface Found extends Row {
  readonly record: WireRecord;
}

/**
 * History: walks the keys from the newest (or oldest) on and stops when the page is full. Nothing but the session has an
 * index: a walk over 2 million keys takes 0.1 s, over their texts 2 s, and it goes in slices.
 */
export class RecordSearch {
  private readonly statements = new Map<string, Statement<(string | number | bigint)[], Row>>();
  private readonly nextDown: Statement<[bigint], bigint>;
  private readonly nextUp: Statement<[bigint], bigint>;

  constructor(private readonly db: Database) {
    this.nextDown = db
      .prepare<[bigint], bigint>('SELECT id FROM record_keys WHERE id < ? ORDER BY id DESC LIMIT 1')
      .pluck()
      .safeIntegers();
    this.nextUp = db
      .prepare<[bigint], bigint>('SELECT id FROM record_keys WHERE id >= ? ORDER BY id LIMIT 1')
      .pluck()
      .safeIntegers();
  }

  /**
   * A generator that yields after each slice and returns the page.
   * @throws StoreRefused `bad-time`, `bad-cursor`
   */
  *query(query: RecordQuery): Generator<undefined, RecordPage> {
    const deadline = performance.now() + SEARCH_MS_MAX;
    const conditions = recordConditions(this.db, query);
    let rest: IdRange | undefined = startOf(query, conditions.range);
    const found: Found[] = [];
    while ((rest = this.skipGap(query, rest))) {
      const slice = sliceOf(query, rest);
      found.push(...this.search(query, conditions, slice, query.limit + 1 - found.length));
      if (found.length > query.limit) return pageOf(query, found.slice(0, query.limit));
      rest = without(query, rest, slice);
      if (performance.now() > deadline) return pageOf(query, found, scannedTo(query, slice));
      yield;
    }
    return { records: found.map(({ record }) => record) };
  }

  /** Boots leave large gaps between keys, and so do deleted records. @returns undefined when nothing is left */
  private skipGap({ order }: RecordQuery, { first, end }: IdRange): IdRange | undefined {
    if (first >= end) return undefined;
    const next = order === 'desc' ? this.nextDown.get(end) : this.nextUp.get(first);
    if (next === undefined || next < first || next >= end) return undefined;
    return order === 'desc' ? { first, end: next + 1n } : { first: next, end };
  }

  /** At most `limit` records of a slice. The text is found by a sieve, so it may take several goes. */
  private search(query: RecordQuery, conditions: RecordConditions, slice: IdRange, limit: number): Found[] {
    const statement = this.statement(conditions.sql, query.order);
    const found: Found[] = [];
    let range = slice;
    for (;;) {
      const wanted = limit - found.length;
      const rows = statement.all(range.first, range.end, ...conditions.values, wanted);
      for (const { id, json } of rows) {
        const record = JSON.parse(json) as WireRecord;
        if (query.text === undefined || valueHasText(record.value ?? record.raw, query.text))
          found.push({ id, json, record });
      }
      if (rows.length < wanted || found.length === limit) return found;
      range = beyond(query, range, rows[rows.length - 1].id);
    }
  }

  /** One statement a combination of filters. */
  private statement(conditions: string, order: RecordQuery['order']) {
    const sql = `SELECT k.id, d.json FROM record_keys k CROSS JOIN record_data d ON d.id = k.id
      WHERE k.id >= ? AND k.id < ?${conditions} ORDER BY k.id ${order === 'desc' ? 'DESC' : 'ASC'} LIMIT ?`;
    let statement = this.statements.get(sql);
    if (!statement) {
      statement = this.db.prepare<(string | number | bigint)[], Row>(sql).safeIntegers();
      this.statements.set(sql, statement);
    }
    return statement;
  }
}

function startOf(query: RecordQuery, range: IdRange): IdRange {
  return query.cursor === undefined ? range : beyond(query, range, decodeCursor(query.cursor, query.order));
}

/** What comes after a record in the query's order. */
function beyond({ order }: RecordQuery, { first, end }: IdRange, id: bigint): IdRange {
  if (order === 'desc') return { first, end: id < end ? id : end };
  return { first: id >= first ? id + 1n : first, end };
}

function sliceOf({ order, text, session }: RecordQuery, { first, end }: IdRange): IdRange {
  // A session's records are found by index, however many others there are.
  if (session !== undefined) return { first, end };
  const size = text === undefined ? KEYS_PER_SLICE : TEXTS_PER_SLICE;
  if (end - first <= size) return { first, end };
  return order === 'desc' ? { first: end - size, end } : { first, end: first + size };
}

function without({ order }: RecordQuery, { first, end }: IdRange, slice: IdRange): IdRange {
  return order === 'desc' ? { first, end: slice.first } : { first: slice.end, end };
}

/** The last key of a slice in the query's order. */
function scannedTo({ order }: RecordQuery, slice: IdRange): bigint {
  return order === 'desc' ? slice.first : slice.end - 1n;
}

function pageOf(query: RecordQuery, found: readonly Found[], scanned?: bigint): RecordPage {
  const last = scanned ?? found[found.length - 1].id;
  return { records: found.map(({ record }) => record), next: encodeCursor(query.order, last) };
}
