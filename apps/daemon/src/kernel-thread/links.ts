import type { Diagnostic } from '@probed/base';
import { type AttachOptions, attachesBySection, type Link, nearestHooks } from '@probed/machine';
import type { LoadOptions, AttachOptions as WireAttachOptions } from '@probed/protocol';
import type { LoadedProgram } from '@probed/runtime';
import type { CreateLink } from '../kernel/commands';
import { CommandRefused } from '../threads/rpc';
import { type KernelHost, partsOn } from './host';
import type { LinkEntry, ObjectEntry, ObjectOnNode, ProgramEntry } from './object-table';

/** Attaches a program on the nodes that it is for: on all of them or on none. @throws CommandRefused */
export function createLink(host: KernelHost, program: ProgramEntry, request: CreateLink): LinkEntry {
  const { object, name } = program;
  const options = attachOptions(request);
  const links = new Map<string, Link>();
  for (const [node, loaded] of partsOn(host, program.nodes, request.node, `program ${name}`)) {
    const on = object.nodes.find((one) => one.node === node)!;
    const made = on.collection.attach(loaded, options);
    if (made.ok) {
      links.set(node, made.value);
      continue;
    }
    for (const link of links.values()) link.detach();
    throw new CommandRefused(explained(made.error, on, loaded, options));
  }
  const [{ attachment }] = links.values();
  const live = [...links.values()].some((link) => link.attachment.state === 'live');
  const state = live ? 'live' : 'inert';
  const entry: LinkEntry = {
    id: request.link_id,
    program,
    request,
    hook: attachment.hook,
    state,
    nodes: links,
  };
  object.links.set(entry.id, entry);
  return entry;
}

export function detachLink({ id, program, nodes }: LinkEntry): void {
  for (const link of nodes.values()) link.detach();
  program.object.links.delete(id);
}

/** Attaches every program of an object where its section or the options say. */
export function attachAll(
  host: KernelHost,
  object: ObjectEntry,
  { targets = {} }: LoadOptions,
  firstLinkId: number,
  remarks: string[],
): readonly LinkEntry[] {
  let nextId = firstLinkId;
  const made: LinkEntry[] = [];
  for (const program of object.programs.values()) {
    const [loaded] = program.nodes.values();
    const target = Object.hasOwn(targets, program.name) ? targets[program.name] : undefined;
    if (target || attachesBySection(loaded)) {
      const request = { ...target, link_id: nextId++, program_id: program.id };
      made.push(createLink(host, program, request));
    } else
      remarks.push(`program ${program.name} (${loaded.spec.section}) is loaded, not attached: ${WHY_NOT}`);
  }
  return made;
}

const WHY_NOT = 'its section names no hook';

function attachOptions({ target, cookie, perf }: WireAttachOptions): AttachOptions {
  return {
    ...(target !== undefined && { target }),
    ...(cookie !== undefined && { cookie }),
    ...(perf && {
      perf: { event: perf.event, frequencyHz: perf.frequency_hz, period: perf.period },
    }),
  };
}

function explained(
  error: Diagnostic,
  { collection, machine }: ObjectOnNode,
  program: LoadedProgram,
  options: AttachOptions,
): Diagnostic {
  const near =
    error.code === 'no-such-hook' ? nearestHooks(program, options, machine.kernel.hooks) : undefined;
  const where = `${collection.spec.name}: ${error.where ?? `program ${program.name}`}`;
  return { ...error, where, hint: near ?? error.hint };
}
