import { suggestion } from '@probed/base';
import type { Batch, BatchItem } from '@probed/protocol';
import { note, Printer } from '../output/printer';
import type { DaemonOptions } from './daemon-address';
import { DaemonClient } from './daemon-client';
import { Ending } from './ending';
import { follow } from './follow';
import { RecordPrinter } from './record-printer';

/** A record by its name for good. */
export interface RecordPosition {
  readonly boot: string;
  readonly sequence: number;
}

/** What records are wanted; the filters of the wire. */
export interface RecordFilter {
  readonly program?: string;
  readonly pod?: string;
  readonly node?: string;
  readonly map?: string;
  readonly hook?: string;
  readonly session?: string;
}

export interface TraceOptions extends DaemonOptions, RecordFilter {
  readonly after?: RecordPosition;
  readonly limit?: number;
  /** Wall time, ns. */
  readonly for?: number;
}

/** `probectl trace`: records as they come, with no gap over a broken connection. */
export async function trace(options: TraceOptions): Promise<void> {
  const printer = new RecordPrinter(new Printer(options.json === true), options);
  const ending = new Ending(options.for);
  const live = new LiveRecords(printer, options.limit ?? Number.POSITIVE_INFINITY, () => ending.now());
  const client = DaemonClient.open(options);
  await remarkAbsent(client, options);
  if (options.after) live.position = options.after;
  else live.fallback = await newestPosition(client);
  try {
    await follow<Batch>(options, {
      event: 'batch',
      request: () => ({ kind: 'records', ...filterOf(options), after: live.resumeAfter() }),
      take: (batch) => live.take(batch),
      end: ending.signal,
      resumes: true,
    });
  } finally {
    ending.dispose();
  }
}

export function filterOf({ program, pod, node, map, hook, session }: RecordFilter): RecordFilter {
  return { program, pod, node, map, hook, session };
}

/** A name that nothing has yet is no fault, but who mistyped it should not wait in silence. */
async function remarkAbsent(client: DaemonClient, { program, map }: RecordFilter): Promise<void> {
  if (program !== undefined) remark('program', program, (await client.call('listPrograms')).programs);
  if (map !== undefined) remark('map', map, (await client.call('listMaps')).maps);
}

function remark(kind: string, wanted: string, all: readonly { id: number; name: string }[]): void {
  if (all.some(({ id, name }) => name === wanted || String(id) === wanted)) return;
  const hint = suggestion(wanted, [...new Set(all.map(({ name }) => name))]);
  note(`no ${kind} ${wanted} is loaded, waiting for one${hint === undefined ? '' : `; ${hint}`}`);
}

/** Where the stored records end now: what a connection that breaks before its first record goes on from. */
async function newestPosition(client: DaemonClient): Promise<RecordPosition> {
  const { records } = await client.call('listRecords', { query: { limit: 1, order: 'desc' } });
  if (records.length > 0) return records[0];
  const { kernel } = await client.call('health');
  return { boot: kernel.boot, sequence: 0 };
}

/** Prints each record once, and knows where it is. */
class LiveRecords {
  /** The record that was printed last, or the one that the user named. */
  position: RecordPosition | undefined;
  /** To go on from when nothing was printed. */
  fallback: RecordPosition | undefined;
  private connections = 0;
  private printed = 0;

  constructor(
    private readonly printer: RecordPrinter,
    private readonly limit: number,
    private readonly full: () => void,
  ) {}

  /** For the next connection: the first one begins with what is live, unless the user says where. */
  resumeAfter(): RecordPosition | undefined {
    const after = this.position ?? (this.connections > 0 ? this.fallback : undefined);
    this.connections++;
    return after && { boot: after.boot, sequence: after.sequence };
  }

  async take({ items, dropped }: Batch): Promise<void> {
    if (dropped > 0) note(`${dropped} record${dropped === 1 ? '' : 's'} dropped: not taken in time`);
    for (const item of items) {
      if (this.printed >= this.limit) break;
      if (item.type === 'record' && this.known(item)) continue;
      this.print(item);
    }
    if (this.printed >= this.limit) this.full();
    await this.printer.drain();
  }

  private print(item: BatchItem): void {
    if (item.type === 'record') {
      this.position = item;
      this.printed++;
    }
    this.printer.put(item);
  }

  private known({ boot, sequence }: RecordPosition): boolean {
    return this.position?.boot === boot && sequence <= this.position.sequence;
  }
}
