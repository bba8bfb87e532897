import type { Btf, JsonValue } from '@probed/btf';
import { type WallClock, wallTimeOf } from './wall-time';

/** A member of an event that holds a moment on the kernel's monotonic clock. */
export interface TimestampMember {
  /** Names from the event's struct inwards. */
  readonly path: readonly string[];
  readonly nsPerUnit: number;
}

/** Words that say a member is a moment, wherever they stand in its name. */
const MOMENT = new Set(['ktime', 'ts', 'time', 'timestamp', 'tstamp', 'clock', 'when', 'seen', 'at']);
/** Words that say so only together with a unit: `start_ns`, but not `start`, which may be an address. */
const MOMENT_WITH_UNIT = new Set(['start', 'begin', 'end', 'stop', 'enter', 'exit', 'first', 'last', 'now']);
/** Words that say a member is a span of time. */
const SPAN = new Set(
  'delta latency lat duration dur elapsed diff cpu run on off spent took total sum avg min max slack interval wait idle out'.split(
    ' ',
  ),
);
const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  nsec: 1,
  nsecs: 1,
  us: 1e3,
  usec: 1e3,
  ms: 1e6,
  msec: 1e6,
};
/** Spans are short and moments are not: what lies within the first second after boot is taken for a span. */
const MOMENT_NS_MIN = 1e9;
const NESTING_MAX = 4;

/** Members of a struct that are 64-bit integers and whose names say that they are moments, nested structs included. */
export function timestampMembers(btf: Btf, typeId: number): TimestampMember[] {
  const found: TimestampMember[] = [];
  collect(btf, typeId, [], found);
  return found;
}

function collect(btf: Btf, typeId: number, path: readonly string[], found: TimestampMember[]): void {
  const type = btf.resolve(typeId);
  if (type.kind !== 'struct' || path.length >= NESTING_MAX) return;
  for (const member of type.members) {
    const inner = member.name ? [...path, member.name] : path;
    const resolved = btf.resolve(member.typeId);
    if (resolved.kind === 'struct') collect(btf, resolved.id, inner, found);
    if (resolved.kind !== 'int' || resolved.size !== 8 || member.bits !== 0) continue;
    const nsPerUnit = momentUnit(member.name);
    if (nsPerUnit !== undefined) found.push({ path: inner, nsPerUnit });
  }
}

/** Nanoseconds of one unit of a member that is a moment by its name; undefined when it is none. */
function momentUnit(name: string): number | undefined {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[_\d]+/)
    .filter(Boolean);
  if (words.some((word) => SPAN.has(word))) return undefined;
  const unit = UNITS[words.at(-1) ?? ''];
  const says = (word: string) => MOMENT.has(word) || (unit !== undefined && MOMENT_WITH_UNIT.has(word));
  return words.some(says) ? (unit ?? 1) : undefined;
}

/**
 * Wall times of those members that hold a moment between boot and `nowNs`, by path (`start.ts`); undefined when there
 * is none.
 */
export function wallTimes(
  members: readonly TimestampMember[],
  value: JsonValue,
  nowNs: number,
  clock: WallClock,
): Record<string, string> | undefined {
  let times: Record<string, string> | undefined;
  for (const { path, nsPerUnit } of members) {
    const count = memberAt(value, path);
    const ns = typeof count === 'number' ? count * nsPerUnit : Number.NaN;
    if (!(ns >= MOMENT_NS_MIN && ns <= nowNs)) continue;
    times ??= {};
    times[path.join('.')] = wallTimeOf(clock, ns);
  }
  return times;
}

/** A member of a decoded value by path; undefined when there is none. */
export function memberAt(value: JsonValue, path: readonly string[]): JsonValue | undefined {
  let at: JsonValue | undefined = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || Array.isArray(at)) return undefined;
    at = at[name];
  }
  return at;
}
