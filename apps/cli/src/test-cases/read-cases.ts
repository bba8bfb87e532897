import { dirname, isAbsolute, join } from 'node:path';
import { type Diagnostic, diagnostic, err, ok, type Result } from '@probed/base';
import type { EncodeInput } from '@probed/btf';
import type { z } from 'zod';
import type { InitEntry } from '../input/map-init-file';
import type { EventStep, Expectation, ListExpectation, TestCase } from './case';
import { readCaseFile } from './case-file';
import { type CaseDocument, caseFileSchema, type ExpectationDocument } from './case-schema';
import type { Pattern } from './match';

/** The cases of a file, in order. Errors: one, naming the file and the member at fault. */
export async function readCases(file: string): Promise<Result<TestCase[]>> {
  const content = await readCaseFile(file);
  if (!content.ok) return content;
  if (content.value === null) return err(diagnostic('case-file', 'holds no case', { where: file }));
  const parsed = caseFileSchema.safeParse(
    Array.isArray(content.value) ? { cases: content.value } : content.value,
  );
  if (!parsed.success) return err(schemaFault(file, parsed.error));
  const { cases, ...defaults } = parsed.data;
  const documents = cases ?? [defaults];
  const made: TestCase[] = [];
  for (const [i, own] of documents.entries()) {
    const name = own.name ?? (cases ? `case ${i + 1}` : baseName(file));
    const merged = merge(cases ? { ...defaults, name: undefined } : {}, own);
    const one = makeCase(file, name, merged);
    if (!one.ok) return one;
    made.push(one.value);
  }
  const twice = made.find(({ name }, i) => made.findIndex((other) => other.name === name) !== i);
  if (twice) return err(diagnostic('case-file', `two cases are called "${twice.name}"`, { where: file }));
  return ok(made);
}

function baseName(file: string): string {
  return file.replace(/^.*\//, '').replace(/\.probed\.(ya?ml|json)$/, '');
}

/** A case adds to what the file says of the tables `set`, `maps` and so on, and replaces the rest. */
function merge(defaults: CaseDocument, own: CaseDocument): CaseDocument {
  const tables = ['set', 'maps', 'attach', 'event_types'] as const;
  const merged: CaseDocument = { ...defaults, ...own };
  for (const table of tables) {
    if (defaults[table] && own[table])
      Object.assign(merged, { [table]: { ...defaults[table], ...own[table] } });
  }
  return merged;
}

/** The first thing that is wrong, with where it is. */
function schemaFault(where: string, { issues }: z.ZodError): Diagnostic {
  const issue = deepest(issues[0]);
  const place = issue.path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('');
  return diagnostic('case-file', `${place.replace(/^\./, '') || 'the file'}: ${words(issue)}`, { where });
}

type Issue = { readonly path: readonly PropertyKey[]; readonly message: string; readonly code?: string };

/** Of the ways that something can be written, the complaint of the one that came furthest. */
function deepest(issue: z.core.$ZodIssue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const inner = issue.errors
    .flatMap((issues) => issues.slice(0, 1))
    .sort((a, b) => b.path.length - a.path.length)[0];
  if (!inner || inner.path.length === 0) return issue;
  return { ...deepest(inner), path: [...issue.path, ...deepest(inner).path] };
}

function words({ message, code }: Issue): string {
  const text = message.replace(/^Invalid input: /, '');
  return code === 'unrecognized_keys' ? text.replace(/^Unrecognized keys?:/, 'nothing is called') : text;
}

const EVENTS_DURATION_NS = 10e6;

function makeCase(file: string, name: string, document: CaseDocument): Result<TestCase> {
  const fault = (message: string, hint?: string) =>
    err(diagnostic('case-file', message, { where: `${file}: ${name}`, ...(hint && { hint }) }));
  const folder = dirname(file);
  const objects = document.objects ?? (document.object === undefined ? [] : [document.object]);
  if (objects.length === 0) return fault('no object to load', 'object: my.bpf.o, relative to the file');
  const expect = expectationOf(document.expect ?? {});
  if (Object.keys(expect).length === 0) return fault('nothing is expected', 'expect: { records: […] }');
  const events = (document.events ?? []).map((event) => eventStep(event, document.task));
  const { timeout, duration, skip } = document;
  // With a script of its own, a case needs no workload and no more time than the script.
  const scripted = events.length > 0 && document.scenario === undefined;
  const last = Math.max(0, ...events.map(({ atNs }) => atNs ?? 0));
  return ok({
    name,
    file,
    objects: objects.map((object) => beside(folder, object)),
    scenario: document.scenario ?? (scripted ? 'none' : 'demo'),
    seed: document.seed ?? 1,
    cpus: document.cpus ?? 4,
    engine: document.engine,
    durationNs: duration ?? (scripted ? last + EVENTS_DURATION_NS : undefined),
    timeoutNs: timeout,
    set: new Map(Object.entries(document.set ?? {})),
    mapSizes: mapSizes(document),
    mapEntries: mapEntries(document),
    attach: Object.entries(document.attach ?? {}).flatMap(([program, targets]) =>
      [targets].flat().map((value) => ({ name: program, value })),
    ),
    eventTypes: Object.entries(document.event_types ?? {}).map(([map, struct]) => ({ map, struct })),
    faults: [document.faults ?? []].flat(),
    btf: document.btf === undefined ? undefined : beside(folder, document.btf),
    release: document.release,
    events,
    expect,
    skip: skip === true ? '' : skip === false ? undefined : skip,
    only: document.only ?? false,
  });
}

/** Paths in a file are relative to it. */
function beside(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

function mapSizes({ maps }: CaseDocument): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const [map, { max_entries }] of Object.entries(maps ?? {})) {
    if (max_entries !== undefined) sizes.set(map, max_entries);
  }
  return sizes;
}

function mapEntries({ maps }: CaseDocument): Map<string, readonly InitEntry[]> {
  const all = new Map<string, readonly InitEntry[]>();
  for (const [map, { entries }] of Object.entries(maps ?? {})) {
    if (entries === undefined) continue;
    const list = Array.isArray(entries)
      ? entries
      : Object.entries(entries).map(([key, value]) => ({ key, value }));
    all.set(
      map,
      list as readonly { key: EncodeInput; value?: EncodeInput; values?: readonly EncodeInput[] }[],
    );
  }
  return all;
}

type EventDocument = NonNullable<CaseDocument['events']>[number];

function eventStep(event: EventDocument, task: CaseDocument['task']): EventStep {
  return {
    fire: event.fire,
    payload: (event.fields ?? event.args ?? {}) as Pattern,
    ret: event.ret,
    atNs: event.at,
    repeat: event.repeat ?? 1,
    cpu: event.cpu ?? 0,
    task: { ...task, ...event.task },
  };
}

function expectationOf(document: ExpectationDocument): Expectation {
  const { records, maps, variables, trace, programs, faults, ...rest } = document;
  const table = <T, U>(members: Readonly<Record<string, T>>, make: (value: T) => U) =>
    new Map(Object.entries(members).map(([key, value]) => [key, make(value)]));
  const same = <T>(value: T) => value;
  return {
    ...rest,
    ...(records && { records: table(records, listOf) }),
    ...(maps && { maps: table(maps, same) }),
    ...(variables && { variables: table(variables, same) }),
    ...(trace && { trace: listOf(trace) }),
    ...(programs && { programs: table(programs, same) }),
    ...(faults && { faults: table(faults, same) }),
  };
}

/** `contain` is another word for `in_order`. */
function listOf({
  contain,
  in_order: inOrder,
  ...rest
}: NonNullable<ExpectationDocument['trace']>): ListExpectation {
  const ordered = inOrder || contain ? [...(inOrder ?? []), ...(contain ?? [])] : undefined;
  return { ...rest, ...(ordered && { in_order: ordered }) };
}
