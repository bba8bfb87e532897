import { formatTraceLine, type RecordDecoder } from '@probed/machine';
import { printable } from './cells';
import type { LostDocument, MapDocument, RecordDocument, RunDocument, TraceDocument } from './documents';
import { foldedLines } from './folded-stacks';
import { Headings } from './headings';
import { type MapLayout, type MapTextLimits, mapText } from './map-text';
import type { Printer } from './printer';
import { clockTime, RecordTable, recordLine } from './record-table';
import type { RunOutput } from './run-output';
import { summaryText } from './summary-text';
import { whyText } from './why-text';

/** What the text output must know of an object to lay out its records and maps. */
export interface ObjectLayout {
  readonly decoder: RecordDecoder;
  readonly maps: MapLayout;
}

interface TextOptions {
  readonly layouts: ReadonlyMap<string, ObjectLayout>;
  /** Names of what emits records, when there are several: each line then says which. */
  readonly sources: ReadonlyMap<string, string>;
  /** Records and trace lines only. */
  readonly quiet: boolean;
  /** Nothing but the stacks that the maps' entries refer to, a line each. */
  readonly folded?: boolean;
  readonly mapLimits?: MapTextLimits;
}

/** The run as people read it: live records in columns, then maps, then a summary. */
export class TextRunOutput implements RunOutput {
  private readonly tables = new Map<string, RecordTable>();
  private readonly headings = new Headings();
  private readonly sourceWidth: number;

  constructor(
    private readonly printer: Printer,
    private readonly options: TextOptions,
  ) {
    const names = [...options.sources.values()];
    this.sourceWidth = names.length > 1 ? Math.max(6, ...names.map((name) => name.length)) : 0;
  }

  put(document: RunDocument): void {
    const { printer, options } = this;
    if (options.folded) {
      if (document.type === 'map') for (const line of foldedLines(document.entries ?? [])) printer.text(line);
      return;
    }
    if (document.type === 'record') this.record(document);
    else if (document.type === 'trace') this.line(traceText(document));
    else if (document.type === 'lost') this.line(this.lostText(document));
    else if (options.quiet) return;
    else if (document.type === 'map') this.map(document);
    else if (document.type === 'why') printer.text(whyText(document));
    else if (document.type === 'summary') printer.text(summaryText(document));
  }

  private map(map: MapDocument): void {
    // String literals of the compiler's, not a map of the programmer's.
    if (map.map.startsWith('.rodata.str')) return;
    const text = mapText(map, this.options.layouts.get(map.object)?.maps, this.options.mapLimits);
    if (text) this.printer.text(text);
  }

  drain(): Promise<void> {
    return this.printer.drain();
  }

  private record(record: RecordDocument): void {
    const source = this.options.sources.get(sourceKey(record.object, record.map)) ?? record.map;
    const table = this.tableOf(record);
    if (!table) {
      const what = `${(record.raw ?? '').length / 2} bytes ${record.raw ?? ''}`;
      this.line(recordLine(clockTime(record.time), source, this.sourceWidth, what));
      return;
    }
    // The row first: the heading is as wide as what it turns out to show.
    const row = table.row(record, source);
    if (this.headings.due(tableKey(record))) this.line(table.heading());
    this.line(row);
  }

  private tableOf(record: RecordDocument): RecordTable | undefined {
    if (record.event === undefined) return undefined;
    const key = tableKey(record);
    let table = this.tables.get(key);
    if (table) return table;
    const decoder = this.options.layouts.get(record.object)?.decoder;
    const type = decoder?.typesOf(record.map).find(({ name }) => name === record.event);
    if (!decoder || !type) return undefined;
    table = RecordTable.ofType(type, decoder.timestampsOf(type), this.sourceWidth);
    this.tables.set(key, table);
    return table;
  }

  private lostText({ object, map, cpu, count }: LostDocument): string {
    const where = cpu === undefined ? map : `${map} on CPU ${cpu}`;
    const from = this.sourceWidth ? `${object}: ` : '';
    return `lost ${count} record${count === 1 ? '' : 's'}: ${from}${where} was full`;
  }

  private line(text: string): void {
    this.headings.count();
    this.printer.text(text);
  }
}

/** Key of {@link TextOptions.sources}. */
export function sourceKey(object: string, map: string): string {
  return `${object}\0${map}`;
}

function tableKey({ object, map, event }: RecordDocument): string {
  return `${object}\0${map}\0${event}`;
}

/** As tracefs prints it. */
export function traceText({ ktime_ns: ns, cpu, pid, comm, text }: TraceDocument): string {
  return formatTraceLine({ ns, cpu, pid, comm: printable(comm), text: printable(text.replace(/\n$/, '')) });
}
