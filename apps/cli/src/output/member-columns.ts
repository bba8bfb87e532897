import type { Btf, JsonValue } from '@probed/btf';
import { memberAt } from '@probed/machine';
import { type CellFormat, cellFormat } from './cells';

/** A member of a struct as a column. */
export interface MemberColumn extends CellFormat {
  readonly title: string;
  /** Names from the struct inwards; empty for a value that is no struct. */
  readonly path: readonly string[];
}

const NESTING_MAX = 2;
/** Structs with more members than this are nested structs' own cells as JSON, lest a table grow without end. */
const COLUMNS_MAX = 24;

/**
 * Columns of a value: the members of a struct, those of nested structs as `outer.inner`, long text last; one column
 * called `title` for anything else.
 */
export function memberColumns(btf: Btf, typeId: number, title: string): MemberColumn[] {
  const type = btf.resolve(typeId);
  if (type.kind !== 'struct' && type.kind !== 'union') {
    return [{ ...cellFormat(btf, typeId, title), title, path: [] }];
  }
  let columns = collect(btf, typeId, [], NESTING_MAX);
  if (columns.length > COLUMNS_MAX) columns = collect(btf, typeId, [], 0);
  return [...columns.filter((column) => !column.long), ...columns.filter((column) => column.long)];
}

function collect(btf: Btf, typeId: number, path: readonly string[], depth: number): MemberColumn[] {
  const type = btf.resolve(typeId);
  if (type.kind !== 'struct' && type.kind !== 'union') return [];
  return type.members.flatMap((member) => {
    const inner = member.name === '' ? path : [...path, member.name];
    const resolved = btf.resolve(member.typeId);
    const anonymous = member.name === '';
    const opened = resolved.kind === 'struct' && resolved.name !== 'in6_addr' && depth > 0;
    if (anonymous) return collect(btf, member.typeId, path, depth);
    if (opened) return collect(btf, member.typeId, inner, depth - 1);
    return [
      { ...cellFormat(btf, member.typeId, member.name), title: inner.join('.').toUpperCase(), path: inner },
    ];
  });
}

/** The text of a column for a decoded value. */
export function memberCell(column: MemberColumn, value: JsonValue | undefined): string {
  return column.format(value === undefined ? undefined : memberAt(value, column.path));
}
