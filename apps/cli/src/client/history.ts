import type { RecordQuery, WireRecord } from '@probed/protocol';
import { Printer } from '../output/printer';
import type { DaemonOptions } from './daemon-address';
import { DaemonClient } from './daemon-client';
import { RecordPrinter } from './record-printer';
import { filterOf, type RecordFilter } from './trace';

export interface HistoryOptions extends DaemonOptions, RecordFilter {
  /** RFC 3339. */
  readonly since?: string;
  /** RFC 3339. */
  readonly until?: string;
  readonly text?: string;
  /** The newest so many. */
  readonly limit?: number;
  /** Newest first. */
  readonly reverse?: boolean;
}

const PAGE_RECORDS = 1_000;

/** `probectl history`: stored records, oldest first as in a log, newest first with `--reverse`. */
export async function history(options: HistoryOptions): Promise<void> {
  const client = DaemonClient.open(options);
  const printer = new RecordPrinter(new Printer(options.json === true), options);
  let printed = 0;
  for await (const page of pages(client, options)) {
    for (const record of page) printer.put(record);
    printed += page.length;
    await printer.drain();
  }
  if (printed === 0 && !options.json) new Printer(false).text('no records');
}

function pages(client: DaemonClient, options: HistoryOptions): AsyncGenerator<readonly WireRecord[]> {
  const { since, until, text, limit = Number.POSITIVE_INFINITY, reverse } = options;
  const query = { ...filterOf(options), since, until, text };
  if (reverse) return paged(client, { ...query, order: 'desc' }, limit);
  return Number.isFinite(limit) ? newest(client, query, limit) : untilNow(client, query);
}

type Query = Partial<RecordQuery>;

/** Page after page, up to a number of records. */
async function* paged(
  client: DaemonClient,
  query: Query,
  limit: number,
): AsyncGenerator<readonly WireRecord[]> {
  let left = limit;
  let cursor: string | undefined;
  do {
    const asked = { ...query, limit: Math.min(left, PAGE_RECORDS), cursor };
    const page = await client.call('listRecords', { query: asked }, { doing: 'reading records' });
    yield page.records;
    left -= page.records.length;
    cursor = page.next;
  } while (cursor !== undefined && left > 0);
}

/** The newest ones, in the order in which they came about. */
async function* newest(
  client: DaemonClient,
  query: Query,
  limit: number,
): AsyncGenerator<readonly WireRecord[]> {
  const found: WireRecord[] = [];
  for await (const page of paged(client, { ...query, order: 'desc' }, limit)) found.push(...page);
  yield found.reverse();
}

/** All that there are now; records that come meanwhile would make it endless. */
async function* untilNow(client: DaemonClient, query: Query): AsyncGenerator<readonly WireRecord[]> {
  const ask = { query: { ...query, order: 'desc', limit: 1 } } as const;
  const [last] = (await client.call('listRecords', ask)).records;
  if (!last) return;
  for await (const page of paged(client, { ...query, order: 'asc' }, Number.POSITIVE_INFINITY)) {
    const end = page.findIndex(({ boot, sequence }) => boot === last.boot && sequence === last.sequence);
    yield end < 0 ? page : page.slice(0, end + 1);
    if (end >= 0) return;
  }
}
