import type { JsonValue } from '@probed/btf';
import type { StackFrame, TypedEntry } from '@probed/machine';
import { printable } from './cells';

/** Members of a value that say how much a stack weighs, best first. */
const WEIGHTS = /^(count|cnt|samples|delta|total(_ns|_us)?|sum|value|hits|bytes)$/;
/** Stacks of user space come before those of the kernel: the kernel was called from there. */
const USER = /user|ustack|u_stack/;

/**
 * Stacks of a map's entries, one a line, outermost frame first, with their weights: what flamegraph.pl and speedscope
 * read: `comm;main;read;entry_SYSCALL_64_after_hwframe;ksys_read 42`. Entries whose key has no stack are left out.
 */
export function foldedLines(entries: readonly TypedEntry[]): string[] {
  const weights = new Map<string, number>();
  for (const entry of entries) {
    const frames = framesOf(entry);
    if (frames.length === 0) continue;
    const line = [...commOf(entry), ...frames.map(frameName)].join(';');
    weights.set(line, (weights.get(line) ?? 0) + weightOf(entry));
  }
  return [...weights].sort(([a], [b]) => (a < b ? -1 : 1)).map(([line, weight]) => `${line} ${weight}`);
}

function framesOf({ stacks }: TypedEntry): StackFrame[] {
  const paths = Object.keys(stacks ?? {})
    .filter((path) => path.startsWith('key'))
    .sort((a, b) => Number(USER.test(b)) - Number(USER.test(a)));
  return paths.flatMap((path) => [...(stacks?.[path] ?? [])].reverse());
}

function frameName({ symbol, ip }: StackFrame): string {
  return printable(symbol ?? ip).replaceAll(';', ':');
}

function commOf({ key, value }: TypedEntry): string[] {
  const [comm] = [member(key, /^(comm|name|task)$/), member(value, /^(comm|name|task)$/)].filter(
    (text): text is string => typeof text === 'string' && text !== '',
  );
  return comm === undefined ? [] : [printable(comm).replaceAll(';', ':')];
}

function weightOf({ value, sum, merged }: TypedEntry): number {
  const held = sum ?? value ?? merged;
  const weight = typeof held === 'object' ? member(held, WEIGHTS) : held;
  return Number(weight ?? 1) || 0;
}

function member(value: JsonValue | undefined, name: RegExp): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const found = Object.keys(value).find((key) => name.test(key));
  return found === undefined ? undefined : value[found];
}
