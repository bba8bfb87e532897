import { z } from 'zod';
import { parseDuration } from '../input/values';
import { type Pattern, patternFault } from './match';

/** Any value; what is wrong with its matchers is an issue of the file. */
const pattern = z
  .custom<Pattern>((value) => value !== undefined)
  .superRefine((value, context) => {
    const fault = patternFault(value, 'value');
    if (fault) context.addIssue({ code: 'custom', message: fault });
  });
const patterns = z.array(pattern);
const byName = <T extends z.ZodType>(value: T) => z.record(z.string(), value);
const name = z.string().min(1).max(200);
const path = z.string().min(1).max(4096);
const oneOrMore = <T extends z.ZodType>(item: T) => z.union([item, z.array(item)]);
const whole = (low: number, high: number) => z.number().int().min(low).max(high);

/** `500ms`, `2s`, or seconds as a number. */
const duration = z.union([z.string(), z.number()]).transform((value, context) => {
  try {
    return parseDuration(String(value));
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

const LIST_WORDS = ['in_order', 'contain', 'any_order', 'exactly', 'none', 'every', 'count', 'snapshot'];

const listWords = z.strictObject({
  in_order: patterns.optional(),
  contain: patterns.optional(),
  any_order: patterns.optional(),
  exactly: patterns.optional(),
  none: patterns.optional(),
  every: pattern.optional(),
  count: pattern.optional(),
  snapshot: z.boolean().optional(),
});

/** A list is what comes in order; `snapshot` is all of it as it was. */
const listExpectation = z.preprocess(
  (value) => (Array.isArray(value) ? { in_order: value } : value === 'snapshot' ? { snapshot: true } : value),
  listWords,
);

/** True for what {@link listExpectation} takes; else it is by map. */
function isListExpectation(value: unknown): boolean {
  if (Array.isArray(value) || value === 'snapshot') return true;
  if (typeof value !== 'object' || value === null) return false;
  const names = Object.keys(value);
  return names.length > 0 && names.every((word) => LIST_WORDS.includes(word));
}

const records = z.preprocess(
  (value) => (isListExpectation(value) ? { '': value } : value),
  byName(listExpectation),
);

const mapWords = z.strictObject({
  entries: patterns.optional(),
  exactly: z.boolean().optional(),
  count: pattern.optional(),
  every: pattern.optional(),
  none: patterns.optional(),
  snapshot: z.boolean().optional(),
});
const MAP_WORDS = Object.keys(mapWords.shape);

/** A list is entries; an object without words of ours is value by key. */
const mapExpectation = z.preprocess((value) => {
  if (Array.isArray(value)) return { entries: value };
  if (value === 'snapshot') return { snapshot: true };
  if (typeof value !== 'object' || value === null) return value;
  const names = Object.keys(value);
  if (names.length > 0 && names.every((word) => MAP_WORDS.includes(word))) return value;
  return { entries: Object.entries(value).map(([key, item]) => ({ key: keyOf(key), value: item })) };
}, mapWords);

/** Names of members are text, keys of maps often numbers. */
function keyOf(text: string): Pattern {
  return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}

const expectation = z.strictObject({
  load_error: pattern.optional(),
  records: records.optional(),
  maps: byName(mapExpectation).optional(),
  variables: byName(pattern).optional(),
  trace: listExpectation.optional(),
  lost: pattern.optional(),
  programs: byName(pattern).optional(),
  faults: byName(pattern).optional(),
  fired: patterns.optional(),
});

const mapSetting = z.strictObject({
  max_entries: whole(1, 0xffff_ffff).optional(),
  entries: z
    .union([
      z.array(
        z.strictObject({ key: pattern, value: pattern.optional(), values: z.array(pattern).optional() }),
      ),
      byName(pattern),
    ])
    .optional(),
});

const task = z.strictObject({
  pid: whole(1, 4_194_303).optional(),
  tgid: whole(1, 4_194_303).optional(),
  ppid: whole(1, 4_194_303).optional(),
  comm: z.string().optional(),
  uid: whole(0, 0xffff_ffff).optional(),
  gid: whole(0, 0xffff_ffff).optional(),
  cgroup: z.string().optional(),
  exe: path.optional(),
  argv: z.array(z.string()).optional(),
});

const REPEAT_MAX = 1_000_000;
const EVENTS_MAX = 100_000;

const event = z.strictObject({
  fire: name,
  fields: byName(pattern).optional(),
  args: z.union([patterns, byName(pattern)]).optional(),
  ret: z.union([z.number(), z.bigint(), z.string()]).optional(),
  at: duration.optional(),
  repeat: whole(1, REPEAT_MAX).optional(),
  cpu: whole(0, 63).optional(),
  task: task.optional(),
});

/** What a case may say; the file's own members are defaults of its cases. */
const caseMembers = {
  name: name.optional(),
  object: path.optional(),
  objects: z.array(path).min(1).optional(),
  scenario: name.optional(),
  seed: whole(0, Number.MAX_SAFE_INTEGER).optional(),
  cpus: whole(1, 64).optional(),
  engine: z.enum(['jit', 'interp']).optional(),
  duration: duration.optional(),
  timeout: duration.optional(),
  set: byName(pattern).optional(),
  maps: byName(mapSetting).optional(),
  attach: byName(oneOrMore(name)).optional(),
  event_types: byName(name).optional(),
  faults: oneOrMore(name).optional(),
  btf: path.optional(),
  release: name.optional(),
  events: z.array(event).max(EVENTS_MAX).optional(),
  task: task.optional(),
  expect: expectation.optional(),
  skip: z.union([z.boolean(), z.string()]).optional(),
  only: z.boolean().optional(),
};

export const caseSchema = z.strictObject(caseMembers);
export const caseFileSchema = z.strictObject({
  ...caseMembers,
  cases: z.array(caseSchema).min(1).optional(),
});
export type CaseDocument = z.output<typeof caseSchema>;
export type ExpectationDocument = z.output<typeof expectation>;
