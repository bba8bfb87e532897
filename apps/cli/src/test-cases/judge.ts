import { suggestion } from '@probed/base';
import { errnoText } from '../output/fault-text';
import type { Expectation, MapExpectation } from './case';
import { diffLines, show } from './diff-text';
import { judgeList } from './judge-list';
import { isMembers, matches, operatorsOf, type Pattern } from './match';
import type { Failure, Outcome } from './outcome';
import { mapItems, type Snapshots } from './snapshots';

/** Lines of the verifier's log under a failure. */
const LOG_LINES = 10;

/** What of a case's expectations does not hold; a failed load that nobody expects is the first failure. */
export function judge(expect: Expectation, outcome: Outcome, snapshots: Snapshots): Failure[] {
  const { error } = outcome;
  if (expect.load_error !== undefined) return judgeLoadError(expect.load_error, outcome);
  if (error) {
    const place = error.where ? `${error.where}: ` : '';
    return [
      {
        what: `${place}${error.message}`,
        detail: [...(error.hint ? [error.hint] : []), ...(error.log ?? []).slice(-LOG_LINES)],
      },
    ];
  }
  return PARTS.flatMap((part) => part(expect, outcome, snapshots));
}

type Part = (expect: Expectation, outcome: Outcome, snapshots: Snapshots) => Failure[];

const PARTS: readonly Part[] = [
  judgeRecords,
  ({ trace }, outcome) => {
    if (!trace) return [];
    const items = outcome.trace.map(({ text }) => text.replace(/\n$/, ''));
    const within = (pattern: Pattern): Pattern =>
      typeof pattern === 'string' ? { $contains: pattern } : pattern;
    const patterns = {
      ...trace,
      in_order: trace.in_order?.map(within),
      any_order: trace.any_order?.map(within),
      none: trace.none?.map(within),
      ...(trace.every !== undefined && { every: within(trace.every) }),
    };
    return judgeList(patterns, { noun: 'trace line', nouns: 'trace lines', of: '', items, show });
  },
  judgeMaps,
  judgeVariables,
  ({ lost }, outcome) =>
    judgeValue(
      'records lost',
      lost,
      outcome.lost.reduce((sum, { count }) => sum + count, 0),
    ),
  ({ programs }, outcome) =>
    byName(
      programs,
      'program',
      outcome.programs.map(({ program }) => program),
      (name) => outcome.programs.find(({ program }) => program === name),
    ),
  ({ faults }, outcome) =>
    byName(
      faults,
      'fault',
      outcome.faults.map(({ fault }) => fault),
      (name) => outcome.faults.find(({ fault }) => fault === name),
    ),
  ({ fired }, outcome) =>
    (fired ?? []).flatMap((pattern, i) => judgeValue(`event ${i + 1}`, pattern, outcome.fired[i])),
];

function judgeLoadError(pattern: Pattern, { error }: Outcome): Failure[] {
  if (!error) return [{ what: 'loading was to fail, and did not', detail: [`- ${show(pattern)}`] }];
  const said = [error.message, ...(error.log ?? []), error.where ?? ''].join('\n');
  const { message, where, code } = error;
  const facts = { message, where, errno: errnoText(error.errno ?? 0), code, log: said };
  const isText = typeof pattern === 'string';
  const members = isText || operatorsOf(pattern) ? undefined : pattern;
  const fits = isText
    ? said.includes(pattern) || isRegexFor(pattern, said)
    : matches(pattern, members ? facts : said);
  if (fits) return [];
  const lines = members
    ? diffLines(members, facts)
    : [`- ${show(pattern)}`, `+ ${where ? `${where}: ` : ''}${message}`];
  const log = (error.log ?? []).slice(-LOG_LINES).map((line) => `  ${line}`);
  return [{ what: 'loading failed, but not as expected', detail: [...lines, ...log] }];
}

/** Text is looked for as it is, or as a regular expression. */
function isRegexFor(pattern: string, said: string): boolean {
  try {
    return new RegExp(pattern, 'um').test(said);
  } catch {
    return false;
  }
}

function judgeValue(what: string, pattern: Pattern | undefined, actual: unknown): Failure[] {
  if (pattern === undefined || matches(pattern, actual)) return [];
  return [{ what: `${what}: not as expected`, detail: diffLines(pattern, actual) }];
}

function byName(
  expected: ReadonlyMap<string, Pattern> | undefined,
  noun: string,
  known: readonly string[],
  find: (name: string) => unknown,
): Failure[] {
  return [...(expected ?? [])].flatMap(([name, pattern]) => {
    const actual = find(name);
    if (actual === undefined && pattern !== null) return [unknownName(noun, name, known)];
    return judgeValue(`${noun} ${name}`, pattern, actual);
  });
}

function unknownName(noun: string, name: string, known: readonly string[]): Failure {
  const hint = suggestion(name, [...new Set(known)]);
  return { what: `there is no ${noun} ${name}`, detail: hint ? [hint] : [] };
}

/** Members of a record's document that a pattern means; all others are the record's own. */
const RECORD_MEMBERS: ReadonlySet<string> = new Set([
  'value',
  'raw',
  'event',
  'task',
  'program',
  'hook',
  'map',
  'object',
  'node',
]);

/** `{ comm: cat }` stands for `{ value: { comm: cat } }`. */
function recordPattern(pattern: Pattern): Pattern {
  if (!isMembers(pattern) || operatorsOf(pattern)) return { value: pattern };
  const own = Object.entries(pattern).filter(([name]) => !RECORD_MEMBERS.has(name));
  if (own.length === 0) return pattern;
  const rest = Object.entries(pattern).filter(([name]) => RECORD_MEMBERS.has(name));
  const { value } = Object.fromEntries(rest);
  return {
    ...Object.fromEntries(rest),
    value: { ...(isMembers(value) ? value : {}), ...Object.fromEntries(own) },
  };
}

function judgeRecords({ records }: Expectation, outcome: Outcome, snapshots: Snapshots): Failure[] {
  return [...(records ?? [])].flatMap(([map, expected]) => {
    const items = map === '' ? outcome.records : outcome.records.filter((record) => record.map === map);
    const of = map === '' ? '' : ` of ${map}`;
    const all = (patterns: readonly Pattern[] | undefined) => patterns?.map(recordPattern);
    const patterns = {
      ...expected,
      in_order: all(expected.in_order),
      any_order: all(expected.any_order),
      exactly: all(expected.exactly),
      none: all(expected.none),
      ...(expected.every !== undefined && { every: recordPattern(expected.every) }),
    };
    const failures = judgeList(patterns, {
      noun: 'record',
      nouns: 'records',
      of,
      items,
      show: (item) => show((item as { value?: unknown }).value ?? item),
    });
    if (!expected.snapshot) return failures;
    const kept = items.map(({ program, map: of, event, value, raw }) => ({
      program,
      map: of,
      event,
      value,
      raw,
    }));
    return [...failures, ...snapshots.judge(map === '' ? 'records' : `records.${map}`, kept)];
  });
}

function judgeMaps({ maps }: Expectation, outcome: Outcome, snapshots: Snapshots): Failure[] {
  return [...(maps ?? [])].flatMap(([name, expected]) => {
    const document = outcome.maps.find(({ map }) => map === name);
    if (!document)
      return [
        unknownName(
          'map',
          name,
          outcome.maps.map(({ map }) => map),
        ),
      ];
    const items = mapItems(document);
    const failures = judgeList(entryPatterns(expected, items), {
      noun: 'entry',
      nouns: 'entries',
      of: ` of ${name}`,
      items,
      show,
    });
    return expected.snapshot ? [...failures, ...snapshots.judge(`maps.${name}`, items)] : failures;
  });
}

function entryPatterns({ entries, exactly, count, every, none }: MapExpectation, items: readonly unknown[]) {
  const size = exactly && entries ? entries.length : undefined;
  return {
    any_order: entries?.map((pattern) => entryPattern(pattern, items)),
    ...((count ?? size) !== undefined && { count: count ?? size }),
    ...(every !== undefined && { every: entryPattern(every, items) }),
    none: none?.map((pattern) => entryPattern(pattern, items)),
  };
}

/** In a per-CPU map, `value` that is a number is that of all CPUs together. */
function entryPattern(pattern: Pattern, items: readonly unknown[]): Pattern {
  if (!isMembers(pattern) || !('value' in pattern)) return pattern;
  const [first] = items;
  const perCpu = isMembers(first) && !('value' in first) && 'sum' in first;
  if (!perCpu) return pattern;
  const { value, ...rest } = pattern;
  return { ...rest, sum: value };
}

function judgeVariables({ variables }: Expectation, outcome: Outcome): Failure[] {
  const all = outcome.maps.flatMap((map) => map.variables ?? []);
  return [...(variables ?? [])].flatMap(([name, pattern]) => {
    const variable = all.find((candidate) => candidate.name === name);
    if (!variable)
      return [
        unknownName(
          'global variable',
          name,
          all.map((candidate) => candidate.name),
        ),
      ];
    return judgeValue(`variable ${name}`, pattern, variable.value);
  });
}
