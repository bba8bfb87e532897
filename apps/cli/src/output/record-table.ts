import type { TimestampMember } from '@probed/machine';
import type { EventType } from '@probed/object';
import type { RecordDocument } from './documents';
import { type MemberColumn, memberCell, memberColumns } from './member-columns';

/** `HH:MM:SS.ffffff`. */
const TIME_WIDTH = 15;

/** Lays the records of one event type out in columns whose widths are fixed before the first record comes. */
export class RecordTable {
  private readonly columns: readonly MemberColumn[];
  /** The member whose moment is the TIME column. */
  private readonly timeMember: string | undefined;
  private readonly timestamps: ReadonlySet<string>;

  constructor(
    type: EventType,
    timestamps: readonly TimestampMember[],
    /** Width of a column that says where a record comes from; 0 for none. */
    private readonly sourceWidth: number,
  ) {
    const paths = timestamps.map(({ path }) => path.join('.'));
    this.timeMember = paths[0];
    this.timestamps = new Set(paths);
    const columns = memberColumns(type.btf, type.typeId, type.name.toUpperCase());
    this.columns = columns
      .filter((column) => column.path.join('.') !== this.timeMember)
      .map((column) =>
        this.timestamps.has(column.path.join('.')) ? { ...column, width: TIME_WIDTH } : column,
      );
  }

  heading(): string {
    const cells = this.columns.map((column) => pad(column, column.title));
    return this.line('TIME', 'SOURCE', cells);
  }

  row(record: RecordDocument, source: string): string {
    const time = (this.timeMember && record.wall?.[this.timeMember]) || record.time;
    const cells = this.columns.map((column) => pad(column, this.cell(column, record)));
    if (record.raw !== undefined) cells.push(`+${record.raw}`);
    return this.line(clockTime(time), source, cells);
  }

  private cell(column: MemberColumn, { value, wall }: RecordDocument): string {
    const path = column.path.join('.');
    const moment = this.timestamps.has(path) ? wall?.[path] : undefined;
    return moment === undefined ? memberCell(column, value) : clockTime(moment);
  }

  private line(time: string, source: string, cells: readonly string[]): string {
    return recordLine(time, source, this.sourceWidth, cells.join(' '));
  }
}

/** A line of the live output: time, source when there are several, and the rest. */
export function recordLine(time: string, source: string, sourceWidth: number, rest: string): string {
  const from = sourceWidth > 0 ? `${source.padEnd(sourceWidth)} ` : '';
  return `${time.padEnd(TIME_WIDTH)} ${from}${rest}`.trimEnd();
}

/** `2026-01-01T03:25:00.123456789Z` as `03:25:00.123456`. */
export function clockTime(time: string): string {
  return time.slice(11, 26);
}

function pad(column: MemberColumn, text: string): string {
  const width = Math.max(column.width, column.title.length);
  return column.align === 'right' ? text.padStart(width) : text.padEnd(width);
}
