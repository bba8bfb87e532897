import { suggestion } from '@probed/base';
import type { HookBus } from '@probed/hooks';
import {
  type AttachOptions,
  attachesBySection,
  type Collection,
  type Link,
  nearestHooks,
} from '@probed/machine';
import type { LoadedProgram } from '@probed/runtime';
import { CommandError, fail } from '../errors';
import type { Assignment } from '../input/values';
import { note } from '../output/printer';

/** A collection and the name its output goes by. */
export interface NamedCollection {
  readonly label: string;
  readonly collection: Collection;
}

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
