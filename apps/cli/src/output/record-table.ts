import type { JsonValue } from '@probed/btf';
import type { TimestampMember } from '@probed/machine';
import type { EventType } from '@probed/object';
import { type Explained, explainedCell } from './explained-cell';
import { type MemberColumn, memberColumns } from './member-columns';

/** `HH:MM:SS.ffffff`. */
const TIME_WIDTH = 15;

/** Columns whose values turn out to be explained grow to this width at most. */
const EXPLAINED_WIDTH_MAX = 40;

/** What a row shows of a record. */
export interface RecordRow extends Explained {
  readonly time: string;
  readonly value?: JsonValue;
  readonly wall?: Readonly<Record<string, string>>;
  readonly raw?: string;
}

/** The column that says where a record comes from. */
export interface SourceColumn {
  readonly title: string;
  /** 0: there is no such column. */
  readonly width: number;
}

/** Lays the records of one event type out in columns whose widths are fixed before the first record comes. */
export class RecordTable {
  private columns: readonly MemberColumn[];
  /** The member whose moment is the TIME column. */
  private readonly timeMember: string | undefined;
  private readonly timestamps: ReadonlySet<string>;

  /** @param timestamps paths of the members that hold timestamps, `outer.inner` */
  constructor(
    columns: readonly MemberColumn[],
    timestamps: readonly string[],
    private readonly source: SourceColumn,
  ) {
    this.timeMember = timestamps[0];
    this.timestamps = new Set(timestamps);
    this.columns = columns
      .filter((column) => column.path.join('.') !== this.timeMember)
      .map((column) =>
        this.timestamps.has(column.path.join('.')) ? { ...column, width: TIME_WIDTH } : column,
      );
  }

  /** The columns of a type of the object's BTF. */
  static ofType(type: EventType, timestamps: readonly TimestampMember[], sourceWidth: number): RecordTable {
    return new RecordTable(
      memberColumns(type.btf, type.typeId, type.name.toUpperCase()),
      timestamps.map(({ path }) => path.join('.')),
      { title: 'SOURCE', width: sourceWidth },
    );
  }

  heading(): string {
    const cells = this.columns.map((column) => pad(column, column.title));
    return this.line('TIME', this.source.title, cells);
  }

  row(record: RecordRow, source: string): string {
    const time = (this.timeMember && record.wall?.[this.timeMember]) || record.time;
    const texts = this.columns.map((column) => this.cell(column, record));
    this.widen(record, texts);
    const cells = this.columns.map((column, i) => pad(column, texts[i]));
    if (record.raw !== undefined) cells.push(`+${record.raw}`);
    return this.line(clockTime(time), source, cells);
  }

  /** What is explained is longer than its number; the column stays as wide from then on. */
  private widen({ explained, stacks }: RecordRow, texts: readonly string[]): void {
    if (!explained && !stacks) return;
    this.columns = this.columns.map((column, i) => {
      const path = column.path.join('.');
      const longer = texts[i].length > column.width && texts[i].length <= EXPLAINED_WIDTH_MAX;
      const told = explained?.[path] !== undefined || stacks?.[path] !== undefined;
      return longer && told && !column.long ? { ...column, width: texts[i].length } : column;
    });
  }

  private cell(column: MemberColumn, record: RecordRow): string {
    const { value, wall } = record;
    const path = column.path.join('.');
    const moment = this.timestamps.has(path) ? wall?.[path] : undefined;
    return moment === undefined ? explainedCell(column, value, record) : clockTime(moment);
  }

  private line(time: string, source: string, cells: readonly string[]): string {
    return recordLine(time, source, this.source.width, cells.join(' '));
  }
}

/** A line of the live output: time, source when there are several, and the rest. */
export function recordLine(time: string, source: string, sourceWidth: number, rest: string): string {
  const from = sourceWidth > 0 ? `${source.padEnd(sourceWidth)} ` : '';
  return `${time.padEnd(TIME_WIDTH)} ${from}${rest}`.trimEnd();
}

/** `2026-01-01T03:25:00.123456789Z` as `03:25:00.123456`. */
export function clockTime(time: string): string {
  return time.slice(11, 26).replace('Z', '');
}

function pad(column: MemberColumn, text: string): string {
  const width = Math.max(column.width, column.title.length);
  return column.align === 'right' ? text.padStart(width) : text.padEnd(width);
}
