import type { JsonValue } from '@probed/btf';
import type { BatchItem, LostRecord, TraceRecord, WireRecord } from '@probed/protocol';
import { plainCell, printable } from '../output/cells';
import { Headings } from '../output/headings';
import { inferredColumns } from '../output/inferred-columns';
import { memberPairs } from '../output/member-pairs';
import type { Printer } from '../output/printer';
import {
  clockTime,
  type RecordRow,
  RecordTable,
  recordLine,
  type SourceColumn,
} from '../output/record-table';
import { traceText } from '../output/text-run-output';
import { typedStacks } from './map-contents';

/** What a record shows of where it comes from, left to right. */
interface OriginColumn {
  readonly title: string;
  readonly width: number;
  readonly of: (record: WireRecord) => string;
  /** The filter that makes the column pointless. */
  readonly filter: 'node' | 'pod' | 'program';
}

const ORIGIN: readonly OriginColumn[] = [
  { title: 'NODE', width: 7, filter: 'node', of: ({ node }) => node },
  { title: 'POD', width: 20, filter: 'pod', of: ({ pod }) => pod?.name ?? '-' },
  { title: 'PROGRAM', width: 16, filter: 'program', of: ({ program }) => program },
];

/** Wider tables than this do not fit a terminal beside where a record comes from: members by name then. */
const TABLE_WIDTH_MAX = 140;

type Filtered = Readonly<Partial<Record<OriginColumn['filter'], string>>>;

/** Records of the wire for people: columns by event, with where each comes from; or one document a line. */
export class RecordPrinter {
  /** Undefined: too wide for one. */
  private readonly tables = new Map<string, RecordTable | undefined>();
  private readonly headings = new Headings();
  private readonly origin: readonly OriginColumn[];
  private readonly source: SourceColumn;
  private day = '';

  constructor(
    private readonly printer: Printer,
    filtered: Filtered,
  ) {
    this.origin = ORIGIN.filter(({ filter }) => filtered[filter] === undefined);
    const title = this.origin.map((column) => column.title.padEnd(column.width)).join(' ');
    this.source = { title, width: title.length };
  }

  put(item: BatchItem): void {
    if (this.printer.json) this.printer.document(item);
    else if (item.type === 'record') this.record(item);
    else if (item.type === 'lost') this.line(lostText(item));
    else if (item.type === 'trace') this.line(traceLineText(item));
  }

  drain(): Promise<void> {
    return this.printer.drain();
  }

  private record(record: WireRecord): void {
    this.newDay(record.time);
    const source = this.origin.map((column) => printable(column.of(record)).padEnd(column.width)).join(' ');
    const value = record.value as JsonValue | undefined;
    const key = `${record.object}\0${record.map}\0${record.event}`;
    const table = value === undefined ? undefined : this.tableOf(key, record, value);
    if (table && value !== undefined) {
      const row = table.row({ ...record, value, stacks: stacksOf(record) }, source);
      if (this.headings.due(key)) this.line(table.heading());
      this.line(row);
      return;
    }
    this.line(recordLine(clockTime(record.time), source, this.source.width, withoutTable(record, value)));
  }

  private tableOf(key: string, { event, wall }: WireRecord, value: JsonValue): RecordTable | undefined {
    if (!this.tables.has(key)) {
      const columns = inferredColumns(value, event?.toUpperCase() ?? 'VALUE');
      const width = columns.slice(0, -1).reduce((sum, column) => sum + 1 + column.width, 0);
      const table = new RecordTable(columns, Object.keys(wall ?? {}), this.source);
      this.tables.set(key, width <= TABLE_WIDTH_MAX ? table : undefined);
    }
    return this.tables.get(key);
  }

  /** Times of day alone do not tell the days of a long history apart. */
  private newDay(time: string): void {
    const day = time.slice(0, 10);
    if (this.day !== '' && this.day !== day) this.line(`— ${day} —`);
    this.day = day;
  }

  private line(text: string): void {
    this.headings.count();
    this.printer.text(text);
  }
}

/** Stacks with frames as the tables take them. */
function stacksOf({ stacks }: WireRecord): RecordRow['stacks'] {
  return stacks && typedStacks(stacks);
}

function withoutTable({ map, raw = '', wall, explained }: WireRecord, value: JsonValue | undefined): string {
  return value === undefined ? `${map}: ${raw.length / 2} bytes ${raw}` : memberPairs(value, wall, explained);
}

function lostText({ time, node, object, map, cpu, count }: LostRecord): string {
  const where = cpu === undefined ? '' : ` on CPU ${cpu}`;
  return `${clockTime(time)} ${node} lost ${count} record${count === 1 ? '' : 's'}: ${object}/${map} was full${where}`;
}

/** A line of bpf_printk, with its node. */
export function traceLineText(line: TraceRecord): string {
  return `${plainCell(line.node)} ${traceText(line)}`;
}
