import { type Column, Columns, cellOf } from '../../format/columns';
import { wholeValue } from '../../format/histogram';
import { inline } from '../../format/value';
import type { LiveEntry } from './map-model';

export interface EntryRow {
  readonly entry: LiveEntry;
  /** The value, with the CPUs of a per-CPU map added up. */
  readonly value: unknown;
  /** Lower case, to be searched. */
  readonly text: string;
}

export interface EntryTable {
  readonly keys: readonly Column[];
  readonly values: readonly Column[];
  /** CPUs whose values have columns of their own; 0 for none. */
  readonly cpus: number;
  readonly rows: readonly EntryRow[];
}

export interface Order {
  /** `key.NAME`, `value.NAME`, `cpu.N` or `node`. */
  readonly column: string;
  readonly descending: boolean;
}

/** More CPUs would make the table unreadable; their values are in an entry's details. */
const CPU_COLUMNS_MAX = 16;

/** Entries as a table: members of structs become columns. */
export function entryTable(entries: readonly LiveEntry[]): EntryTable {
  const [keys, values] = [new Columns(), new Columns()];
  let cpus = 0;
  const rows = entries.map((entry) => {
    const value = wholeValue(entry);
    keys.add(entry.key);
    values.add(value);
    if (entry.sum !== undefined && entry.values) cpus = Math.max(cpus, entry.values.length);
    return { entry, value, text: `${inline(entry.key)} ${inline(value)}`.toLowerCase() };
  });
  return {
    keys: named(keys.list, 'key'),
    values: named(values.list, cpus > 0 ? 'sum' : 'value'),
    cpus: cpus <= CPU_COLUMNS_MAX ? cpus : 0,
    rows,
  };
}

/** A plain key or value is called what it is. */
function named(columns: readonly Column[], name: string): readonly Column[] {
  return columns.map((column) => (column.name === 'value' ? { ...column, name } : column));
}

/** The cell of a key or value column. */
export function memberOf(value: unknown, name: string): unknown {
  const member = cellOf(value, name);
  return member !== undefined || typeof value === 'object'
    ? (member ?? (Array.isArray(value) ? value : undefined))
    : value;
}

/** What is shown: rows that contain the text, in order. */
export function arranged(
  rows: readonly EntryRow[],
  text: string,
  order: Order | undefined,
): readonly EntryRow[] {
  const wanted = text.toLowerCase();
  const matching = wanted ? rows.filter((row) => row.text.includes(wanted)) : rows;
  if (!order) return matching;
  const sign = order.descending ? -1 : 1;
  return [...matching].sort((a, b) => sign * compare(cell(a, order.column), cell(b, order.column)));
}

function cell({ entry, value }: EntryRow, column: string): unknown {
  const [place, ...rest] = column.split('.');
  const name = rest.join('.');
  if (place === 'node') return entry.node;
  if (place === 'cpu') return entry.values?.[Number(name)];
  return memberOf(place === 'key' ? entry.key : value, name);
}

/** Numbers, decimal strings included, by value; anything else as text. */
function compare(a: unknown, b: unknown): number {
  const [x, y] = [Number(a), Number(b)];
  if (a !== '' && b !== '' && !Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  return inline(a).localeCompare(inline(b));
}
