import type { JsonValue } from '@probed/btf';
import { ipv4, plainCell, printable } from './cells';
import { ADDRESS_NAMES } from './inferred-columns';
import { clockTime } from './record-table';

/** What says nothing: members that this kind of event does not use are zero or empty. */
const EMPTY: ReadonlySet<string> = new Set(['', '0', '-', 'false', '0x0']);

/**
 * A value of many members on one line: `name=value` of those that are not zero or empty.
 *
 * @param wall wall time of members that hold timestamps; the first of them is the line's own time
 * @param explained what members mean
 */
export function memberPairs(
  value: JsonValue,
  wall: Readonly<Record<string, string>> = {},
  explained: Readonly<Record<string, string>> = {},
): string {
  const [own] = Object.keys(wall);
  const pairs = [...members(value, '')].flatMap(([path, member]) => {
    if (path === own) return [];
    const plain = wall[path] === undefined ? memberText(path, member) : clockTime(wall[path]);
    const text = explained[path] === undefined ? plain : printable(explained[path]);
    if (EMPTY.has(text) || /^(00)+$/.test(text)) return [];
    return [`${path}=${quoted(text)}`];
  });
  return pairs.join(' ');
}

function* members(value: JsonValue, path: string): Generator<[path: string, value: JsonValue]> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    yield [path || 'value', value];
    return;
  }
  for (const [name, member] of Object.entries(value)) yield* members(member, path ? `${path}.${name}` : name);
}

function memberText(path: string, value: JsonValue): string {
  return typeof value === 'number' && value !== 0 && ADDRESS_NAMES.test(path)
    ? ipv4(value)
    : plainCell(value);
}

function quoted(text: string): string {
  return / /.test(text) ? `"${text}"` : text;
}
