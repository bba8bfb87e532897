import type { HookBus, HookEntry } from '@probed/hooks';

const RELATED_MAX = 4;
/** Words that say nothing of what a function is about. */
const NOISE: ReadonlySet<string> = new Set([
  '',
  'x64',
  'sys',
  'do',
  'ksys',
  'compat',
  'se',
  'enter',
  'exit',
  'syscalls',
  'inline',
  'internal',
  'common',
  'generic',
  'bpf',
  'trace',
]);

/** A hook that fires, in the words of `probectl hooks`. */
interface Candidate {
  readonly label: string;
  readonly score: number;
}

/**
 * Live hooks that tell of the same thing as one that nothing fires, best first: those whose names share the most words
 * with it (`do_sys_open` and `tracepoint:syscalls:sys_enter_open`).
 */
export function relatedHooks(name: string, hooks: HookBus): string[] {
  const wanted = wordsOf(name);
  const found: Candidate[] = [];
  for (const entry of liveHooks(hooks)) {
    const score = likeness(wanted, wordsOf(entry.name));
    if (score > 0) found.push({ label: `${entry.kind}:${entry.name}`, score });
  }
  found.sort((a, b) => b.score - a.score || a.label.length - b.label.length || (a.label < b.label ? -1 : 1));
  return found.slice(0, RELATED_MAX).map(({ label }) => label);
}

function* liveHooks(hooks: HookBus): Generator<HookEntry> {
  for (const entry of hooks.tracepointCatalogue()) if (entry.state === 'live') yield entry;
  for (const entry of hooks.functionCatalogue()) if (entry.state === 'live') yield entry;
}

function wordsOf(name: string): Set<string> {
  const words = name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => word.replace(/(at)?\d*$/, (tail) => (word.length - tail.length > 2 ? '' : tail)));
  return new Set(words.filter((word) => !NOISE.has(word)));
}

/** Words in common, of all that either has; 0 when none is. */
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const common = [...a].filter((word) => b.has(word)).length;
  return common === 0 ? 0 : common / (a.size + b.size - common);
}
