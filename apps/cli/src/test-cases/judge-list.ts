import type { ListExpectation } from './case';
import { diffLines, show } from './diff-text';
import { match, matches, type Pattern } from './match';
import type { Failure } from './outcome';

/** A list of things to judge, and how to call them. */
export interface Judged {
  /** Singular, e.g. `record`. */
  readonly noun: string;
  readonly nouns: string;
  /** Which, e.g. ` of events`; empty for all. */
  readonly of: string;
  readonly items: readonly unknown[];
  /** An item in one line. */
  readonly show: (item: unknown) => string;
}

/** Far behind this, nobody looks for a likeness. */
const NEAREST_AMONG_MAX = 20_000;
const OTHERS_SHOWN_MAX = 5;

/** What of an expectation does not hold; snapshots are judged elsewhere. */
export function judgeList(expected: ListExpectation, judged: Judged): Failure[] {
  const { in_order, any_order, exactly, none, every, count } = expected;
  return [
    ...(count === undefined ? [] : judgeCount(count, judged)),
    ...(in_order ? judgeOrder(in_order, judged) : []),
    ...(any_order ? judgeAnyOrder(any_order, judged) : []),
    ...(exactly ? judgeExactly(exactly, judged) : []),
    ...(none ?? []).flatMap((pattern) => judgeNone(pattern, judged)),
    ...(every === undefined ? [] : judgeEvery(every, judged)),
  ];
}

function judgeCount(count: Pattern, { nouns, of, items }: Judged): Failure[] {
  if (matches(count, items.length)) return [];
  return [{ what: `number of ${nouns}${of}`, detail: [`- ${show(count)}`, `+ ${items.length}`] }];
}

function judgeOrder(patterns: readonly Pattern[], judged: Judged): Failure[] {
  let from = 0;
  for (const [i, pattern] of patterns.entries()) {
    const at = judged.items.findIndex((item, index) => index >= from && matches(pattern, item));
    if (at < 0) return [missing(judged, pattern, `${i + 1} of ${patterns.length}`, from)];
    from = at + 1;
  }
  return [];
}

/** Gives each pattern an item of its own, moving others aside where that makes room (Kuhn's algorithm). */
function judgeAnyOrder(patterns: readonly Pattern[], judged: Judged): Failure[] {
  const { items } = judged;
  const takenBy = new Map<number, number>();
  const fitting = patterns.map((pattern) =>
    items.flatMap((item, index) => (matches(pattern, item) ? [index] : [])),
  );
  const place = (pattern: number, tried: Set<number>): boolean => {
    for (const index of fitting[pattern]) {
      if (tried.has(index)) continue;
      tried.add(index);
      const holder = takenBy.get(index);
      if (holder !== undefined && !place(holder, tried)) continue;
      takenBy.set(index, pattern);
      return true;
    }
    return false;
  };
  return patterns.flatMap((pattern, i) =>
    place(i, new Set())
      ? []
      : [missing(judged, pattern, `${i + 1} of ${patterns.length}`, 0, [...takenBy.keys()])],
  );
}

function judgeExactly(patterns: readonly Pattern[], judged: Judged): Failure[] {
  const { items, noun, nouns, of } = judged;
  const first = patterns.findIndex((pattern, i) => i >= items.length || !matches(pattern, items[i]));
  if (first >= 0) {
    const what = `${noun} ${first + 1} of exactly ${patterns.length}${of} is not as expected`;
    if (first >= items.length)
      return [{ what, detail: [`- ${show(patterns[first])}`, `+ (no more ${nouns})`] }];
    return [{ what, detail: diffLines(patterns[first], items[first]) }];
  }
  const extra = items.slice(patterns.length);
  if (extra.length === 0) return [];
  return [{ what: `${extra.length} ${nouns} more${of} than expected`, detail: shown(extra, judged, '+ ') }];
}

function judgeNone(pattern: Pattern, judged: Judged): Failure[] {
  const found = judged.items.filter((item) => matches(pattern, item));
  if (found.length === 0) return [];
  const what = `${found.length} ${found.length === 1 ? judged.noun : judged.nouns}${judged.of} like ${show(pattern)}, none expected`;
  return [{ what, detail: shown(found, judged, '+ ') }];
}

function judgeEvery(pattern: Pattern, judged: Judged): Failure[] {
  const at = judged.items.findIndex((item) => !matches(pattern, item));
  if (at < 0) return [];
  return [
    {
      what: `${judged.noun} ${at + 1}${judged.of} is unlike what every one is to be`,
      detail: diffLines(pattern, judged.items[at]),
    },
  ];
}

/** @param taken items that other patterns have */
function missing(
  judged: Judged,
  pattern: Pattern,
  which: string,
  from: number,
  taken: readonly number[] = [],
): Failure {
  const { noun, of, items } = judged;
  const what = `no ${noun}${of} as expected (${which})`;
  if (items.length === 0) return { what, detail: [`- ${show(pattern)}`, `+ (there is none at all)`] };
  const earlier = from > 0 && items.slice(0, from).some((item) => matches(pattern, item));
  const free = items.map((_, index) => index).filter((index) => index >= from && !taken.includes(index));
  const at = nearestOf(pattern, items, free.length > 0 ? free : [...items.keys()]);
  const order = earlier ? ['one like it came earlier, but not after those expected before it'] : [];
  return {
    what,
    detail: [...order, `nearest is ${noun} ${at + 1} of ${items.length}:`, ...diffLines(pattern, items[at])],
  };
}

function nearestOf(pattern: Pattern, items: readonly unknown[], candidates: readonly number[]): number {
  let best = candidates[0];
  let least = Number.POSITIVE_INFINITY;
  for (const index of candidates.slice(0, NEAREST_AMONG_MAX)) {
    const differing = match(pattern, items[index]).length;
    if (differing >= least) continue;
    least = differing;
    best = index;
  }
  return best;
}

function shown(items: readonly unknown[], judged: Judged, mark: string): string[] {
  const lines = items.slice(0, OTHERS_SHOWN_MAX).map((item) => `${mark}${judged.show(item)}`);
  const left = items.length - lines.length;
  return left > 0 ? [...lines, `  … and ${left} more`] : lines;
}
