import type { HookBus } from '@probed/hooks';
import type { AttachOptions, Collection, Link } from '@probed/machine';
import type { LoadedProgram } from '@probed/runtime';
import { parseSectionName, type SectionKind } from '@probed/spec';
import { CommandError, fail } from '../errors';
import { nearest, suggestion } from '../input/suggest';
import type { Assignment } from '../input/values';
import { note } from '../output/printer';

/** A collection and the name its output goes by. */
export interface NamedCollection {
  readonly label: string;
  readonly collection: Collection;
}

/** Kinds that loaders leave alone when they attach all programs of an object: someone attaches them by other means. */
const NOT_BY_SECTION: ReadonlySet<SectionKind> = new Set([
  'xdp',
  'tc',
  'socket',
  'cgroup',
  'struct_ops',
  'syscall',
  'freplace',
  'other',
]);

/** Attaches every program where its section or `--attach` says, in order; a missing hook ends the command. */
export function attachPrograms(
  collections: readonly NamedCollection[],
  targets: readonly Assignment[],
  hooks: HookBus,
  remarks: string[],
): Map<NamedCollection, Link[]> {
  checkTargets(collections, targets);
  const links = new Map<NamedCollection, Link[]>();
  for (const named of collections) {
    const made = named.collection.programs.flatMap((program) =>
      attachOne(named, program, targets, hooks, remarks),
    );
    links.set(named, made);
  }
  return links;
}

function checkTargets(collections: readonly NamedCollection[], targets: readonly Assignment[]): void {
  const names = collections.flatMap(({ collection }) => collection.programs.map((program) => program.name));
  for (const { name } of targets) {
    if (names.includes(name)) continue;
    const hint = suggestion(name, names);
    fail('no-such-program', `no program ${name} to attach`, { errno: 2, hint });
  }
}

function attachOne(
  named: NamedCollection,
  program: LoadedProgram,
  targets: readonly Assignment[],
  hooks: HookBus,
  remarks: string[],
): Link[] {
  const given = targets.filter(({ name }) => name === program.name);
  if (given.length === 0) {
    if (!attachesBySection(program)) {
      const what = `${named.label}: program ${program.name} (${program.spec.section})`;
      remarks.push(
        `${what} is loaded, not attached: its section names no hook; --attach ${program.name}=TARGET does`,
      );
      return [];
    }
    return [attach(named, program, {}, hooks)];
  }
  return given.map(({ value }) => attach(named, program, { target: value }, hooks));
}

/** Sections without a target are for programs that their loader attaches itself, as with libbpf. */
function attachesBySection(program: LoadedProgram): boolean {
  const section = parseSectionName(program.spec.section);
  if (!section.ok) return true;
  const { kind, attachTo } = section.value;
  return !NOT_BY_SECTION.has(kind) && (attachTo !== '' || kind === 'perf_event');
}

function attach(
  { collection }: NamedCollection,
  program: LoadedProgram,
  options: AttachOptions,
  hooks: HookBus,
): Link {
  const link = collection.attach(program, options);
  if (link.ok) return link.value;
  const { error } = link;
  const place = `${collection.spec.name}: ${error.where ?? `program ${program.name}`}`;
  const near = error.code === 'no-such-hook' ? nearestHooks(program, options, hooks) : undefined;
  const elsewhere =
    error.code === 'not-supported' ? undefined : `attach it elsewhere: --attach ${program.name}=TARGET`;
  const hint = near ?? error.hint ?? elsewhere;
  throw new CommandError({ ...error, where: place, hint });
}

/** Hooks whose last name is near to that of the target that does not exist. */
function nearestHooks(program: LoadedProgram, options: AttachOptions, hooks: HookBus): string | undefined {
  const section = parseSectionName(program.spec.section);
  if (!section.ok) return undefined;
  const { kind, attachTo } = section.value;
  const hookKind = /^(tracepoint|raw_tracepoint|tp_btf)$/.test(kind)
    ? 'tracepoint'
    : kind.startsWith('u')
      ? 'uprobe'
      : 'kprobe';
  const lastName = (name: string) => name.split(/[:/]/).at(-1)!;
  const candidates = [...hooks.catalogue()].filter((entry) => entry.kind === hookKind);
  const wanted = lastName(options.target ?? attachTo);
  const near = nearest(
    wanted,
    candidates.map(({ name }) => lastName(name)),
  );
  if (near.length === 0) return undefined;
  const named = candidates.filter(({ name }) => near.includes(lastName(name))).slice(0, NEAREST_MAX);
  return `did you mean ${named.map(({ name }) => name).join(' or ')}?`;
}

const NEAREST_MAX = 3;

/** What happened, for people: where each program hangs, and which will never run. */
export function reportAttachments(links: ReadonlyMap<NamedCollection, readonly Link[]>): void {
  for (const [{ label }, made] of links) {
    for (const { program, attachment } of made) {
      const inert =
        attachment.state === 'inert' ? ', which nothing in this kernel fires: it will not run' : '';
      note(`${label}: ${program.name} attached to ${attachment.hook}${inert}`);
    }
  }
}

/** The warnings alone. */
export function reportInert(links: ReadonlyMap<NamedCollection, readonly Link[]>): void {
  for (const [{ label }, made] of links) {
    for (const { program, attachment } of made) {
      if (attachment.state === 'live') continue;
      note(
        `warning: ${label}: ${program.name} will not run: nothing in this kernel fires ${attachment.hook}`,
      );
    }
  }
}
