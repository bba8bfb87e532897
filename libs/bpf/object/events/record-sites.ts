import type { ProgramSpec } from '@probed/spec';
import type { Place } from './abstract-value';
import { type OutputSite, type ProgramFlow, programFlow, type WriteSite } from './flow';
import { LineTable } from './line-table';
import {
  assignedMember,
  declaredStruct,
  measuredTypes,
  type NamedMember,
  passedMembers,
} from './source-line';

/** One way in which a program writes a part of a record. */
export interface FieldEvidence {
  /** From the start of the record. */
  readonly offset: number;
  /** 0 when unknown. */
  readonly bytes: number;
  readonly as: WriteSite['as'];
  readonly constant?: number;
  /** What lines of C call that part, each with how much it counts. */
  readonly names: readonly { readonly member: NamedMember; readonly weight: number }[];
}

/** A place in the code that sends records, and what it tells of them. */
export interface RecordSite {
  readonly program: ProgramSpec;
  readonly maps: readonly string[];
  readonly sizes: readonly number[];
  readonly fields: readonly FieldEvidence[];
  /** Names of types that the source gives the record, likeliest first. */
  readonly typeNames: readonly string[];
  /** The record is the whole value of one of these maps. */
  readonly wholeValueOf: readonly string[];
  /** Subprogram parameters that the record is passed by: function at a slot, parameter 1–5. */
  readonly parameters: readonly { readonly callee: number; readonly parameter: number }[];
}

/** Weight of a name whose line begins at this very instruction. */
export const EXACT = 4;
const INHERITED = 2;
/** The value was computed under such a line. */
const COMPUTED = 1.5;

/** Places in one program that are looked into, and writes of each: hostile programs have any number. */
const SITES_MAX = 256;
const WRITES_MAX = 4096;

interface Analysed {
  readonly program: ProgramSpec;
  readonly flow: ProgramFlow;
  readonly lines: LineTable;
}

/** Every place where a program of the collection sends a record. */
export function recordSites(programs: readonly ProgramSpec[]): RecordSite[] {
  const analysed = programs.map((program) => ({
    program,
    flow: programFlow(program),
    lines: new LineTable(program),
  }));
  return analysed.flatMap((one) =>
    one.flow.outputs.slice(0, SITES_MAX).map((output) => siteOf(output, one, analysed)),
  );
}

function siteOf(output: OutputSite, own: Analysed, all: readonly Analysed[]): RecordSite {
  const fields = output.data.flatMap((start) => {
    const writers = start.base.startsWith('map:') ? all : [own];
    return writers.flatMap((writer) => fieldsFrom(start, output, writer));
  });
  return {
    program: own.program,
    maps: output.maps,
    sizes: output.sizes,
    fields,
    typeNames: typeNames(output, own, fields),
    wholeValueOf: output.data.flatMap(({ base, offset }) =>
      base.startsWith('map:') && offset === 0 ? [base.slice('map:'.length)] : [],
    ),
    parameters: parametersOf(output.data, own.flow),
  };
}

function parametersOf(data: readonly Place[], { passed }: ProgramFlow): RecordSite['parameters'] {
  return data.flatMap(({ base, offset }) => {
    const match = /^arg@(\d+):(\d)$/.exec(base);
    if (match && offset === 0) return [{ callee: Number(match[1]), parameter: Number(match[2]) }];
    return passed.filter(({ place }) => place.base === base && place.offset === offset);
  });
}

/** Writes into the record that begins at a place. */
function fieldsFrom(start: Place, output: OutputSite, { flow, lines }: Analysed): FieldEvidence[] {
  const end = output.sizes.length > 0 ? Math.max(...output.sizes) : Number.POSITIVE_INFINITY;
  const writes = flow.writes
    .filter(({ place }) => place.base === start.base)
    .map((write) => ({ ...write, offset: write.place.offset - start.offset }))
    .filter(({ offset, bytes }) => offset >= 0 && offset + bytes <= end)
    .slice(0, WRITES_MAX);
  const variables = variablesOf(writes, start, output, lines);
  return writes.map(({ offset, bytes, as, constant, slot, from }) => ({
    offset,
    bytes,
    as,
    ...(constant !== undefined && { constant }),
    names:
      as === 'store' ? storeNames(lines, slot, from, variables) : passedNames(lines, slot, from, variables),
  }));
}

type Write = WriteSite & { readonly offset: number };

/**
 * What the source calls the record. A reservation has it to itself under any names; a place on the stack may have held
 * another variable before, so there the one counts that the sending line names, else the one with the most members.
 */
function variablesOf(
  writes: readonly Write[],
  start: Place,
  output: OutputSite,
  lines: LineTable,
): ReadonlySet<string> {
  const members = new Map<string, Set<string>>();
  for (const { as, slot } of writes) {
    const member = as === 'store' ? assignedAt(lines, slot) : undefined;
    if (!member) continue;
    members.set(member.variable, (members.get(member.variable) ?? new Set()).add(member.path));
  }
  if (!start.base.startsWith('stack@') || members.size < 2) return new Set(members.keys());
  const sent = lines.all.filter(({ insn }) => insn <= output.slot && insn > output.slot - SENDING_SLOTS);
  const byMembers = [...members].sort(([, a], [, b]) => b.size - a.size).map(([variable]) => variable);
  const named = byMembers.find((variable) =>
    sent.some(({ text }) => new RegExp(`&\\s*${variable}\\b(?!\\s*(?:->|\\.))`).test(text)),
  );
  return new Set([named ?? byMembers[0]]);
}

/** The arguments of a call are set up in so many slots before it. */
const SENDING_SLOTS = 12;

function assignedAt(lines: LineTable, slot: number): NamedMember | undefined {
  const line = lines.at(slot);
  return line && assignedMember(line.text);
}

function storeNames(
  lines: LineTable,
  slot: number,
  from: readonly number[],
  variables: ReadonlySet<string>,
): FieldEvidence['names'] {
  const names: { member: NamedMember; weight: number }[] = [];
  const line = lines.at(slot);
  const member = line && (assignedMember(line.text) ?? copiedMember(line.text));
  if (member && isOne(member, variables))
    names.push({ member, weight: line.insn === slot ? EXACT : INHERITED });
  for (const origin of from) {
    const earlier = assignedAt(lines, origin);
    if (earlier && isOne(earlier, variables)) names.push({ member: earlier, weight: COMPUTED });
  }
  return names;
}

function isOne({ variable }: NamedMember, variables: ReadonlySet<string>): boolean {
  return variables.size === 0 || variables.has(variable);
}

/** What a `memcpy` that compilers turn into stores copies to. */
function copiedMember(line: string): NamedMember | undefined {
  return /\bmemcpy\b|_memcpy\b|probe_read/.test(line) ? passedMembers(line)[0] : undefined;
}

/** The first member of a known variable that the call's line, or that of its address, passes. */
function passedNames(
  lines: LineTable,
  slot: number,
  from: readonly number[],
  variables: ReadonlySet<string>,
): FieldEvidence['names'] {
  const seen = new Set<string>();
  for (const [at, weight] of [
    [slot, EXACT] as const,
    ...from.map((origin) => [origin, INHERITED] as const),
  ]) {
    const text = lines.at(at)?.text;
    if (text === undefined || seen.has(text)) continue;
    seen.add(text);
    const members = passedMembers(text);
    const member =
      members.find(({ variable }) => variables.has(variable)) ??
      (variables.size === 0 ? members[0] : undefined);
    if (member) return [{ member: { ...member, indexed: false }, weight }];
    const assigned = assignedMember(text);
    if (assigned && variables.has(assigned.variable)) return [{ member: assigned, weight: COMPUTED }];
  }
  return [];
}

/** Types by what the source calls the record: `sizeof(struct event)` where it is sent, `struct event *e` elsewhere. */
function typeNames(output: OutputSite, { lines }: Analysed, fields: readonly FieldEvidence[]): string[] {
  const line = lines.at(output.slot)?.text ?? '';
  const names = new Set(measuredTypes(line));
  const variables = new Set(fields.flatMap(({ names: all }) => all.map(({ member }) => member.variable)));
  for (const measured of [...names]) variables.add(measured);
  for (const { text } of lines.all) {
    const declared = declaredStruct(text);
    if (declared && variables.has(declared.variable)) names.add(declared.struct);
  }
  return [...names].filter((name) => !variables.has(name) || fields.length === 0);
}
