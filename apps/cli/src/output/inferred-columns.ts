import type { JsonValue } from '@probed/btf';
import { ipv4, plainCell } from './cells';
import type { MemberColumn } from './member-columns';

/** Nested structs have columns of their own down to this depth. */
const NESTING_MAX = 2;
/** Values with more members than this show nested ones as JSON, lest a table grow without end. */
const COLUMNS_MAX = 24;
/** Members that hold text of any length: they go last, whatever the first value is. */
const LONG_NAMES =
  /(^|_)(argv|args|file|filename|fname|path|line|text|msg|message|data|cmd|cmdline|target|name)$/;
const LONG_TEXT_CHARS = 24;
const LONG_WIDTH = 32;
/** Width of a member by what it is called; numbers otherwise by their size, text by its length. */
const NAMED_WIDTH: Readonly<Record<string, number>> = { comm: 16, pid: 8, tgid: 8, ppid: 8, uid: 6, gid: 6 };
const SMALL_WIDTH = 8;
const LARGE_WIDTH = 12;
const ENUM_WIDTH = 14;
/** Members of socket addresses, which the kernel keeps in network order. */
export const ADDRESS_NAMES = /(^|[._])[sd]addr$/;

type Members = Readonly<Record<string, JsonValue>>;

/**
 * Columns for values whose types are not at hand, by the first of them: the members of a struct, those of nested structs
 * as `outer.inner`, long text last; one column called `title` for anything else.
 */
export function inferredColumns(value: JsonValue | undefined, title: string): MemberColumn[] {
  if (!isMembers(value)) return [column(value, [], title)];
  let columns = collect(value, [], NESTING_MAX);
  if (columns.length > COLUMNS_MAX) columns = collect(value, [], 0);
  return [...columns.filter(({ long }) => !long), ...columns.filter(({ long }) => long)];
}

function collect(members: Members, path: readonly string[], depth: number): MemberColumn[] {
  return Object.entries(members).flatMap(([name, member]) => {
    const inner = [...path, name];
    if (isMembers(member) && depth > 0) return collect(member, inner, depth - 1);
    return [column(member, inner, inner.join('.').toUpperCase())];
  });
}

function isMembers(value: JsonValue | undefined): value is Members {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
  );
}

function column(value: JsonValue | undefined, path: readonly string[], title: string): MemberColumn {
  const name = path.at(-1) ?? '';
  const base = { title, path, align: 'left', long: false, format: plainCell } as const;
  if (typeof value === 'number') {
    if (ADDRESS_NAMES.test(name)) return { ...base, width: 15, format: ipv4 };
    const width = NAMED_WIDTH[name] ?? (Math.abs(value) < 1e6 ? SMALL_WIDTH : LARGE_WIDTH);
    return { ...base, align: 'right', width };
  }
  if (typeof value === 'boolean') return { ...base, width: 5 };
  if (typeof value === 'object' && value !== null) return { ...base, width: LONG_WIDTH, long: true };
  const text = plainCell(value);
  if (LONG_NAMES.test(name) || text.length > LONG_TEXT_CHARS)
    return { ...base, width: LONG_WIDTH, long: true };
  return { ...base, width: NAMED_WIDTH[name] ?? Math.max(ENUM_WIDTH, text.length) };
}
