import type { Diagnostic } from '@probed/base';
import { type AttachOptions, attachesBySection, type Link, nearestHooks } from '@probed/machine';
import type { LoadOptions, AttachOptions as WireAttachOptions } from '@probed/protocol';
import type { LoadedProgram } from '@probed/runtime';
import type { CreateLink } from '../kernel/commands';
import { CommandRefused } from '../threads/rpc';
import { type KernelHost, partsOn } from './host';
import type { LinkEntry, ObjectEntry, ObjectOnNode, ProgramEntry } from './object-table';
import { orRefuse, refuse } from './refuse';

const ENOENT = 2;
const EINVAL = 22;

/** Attaches a program on the nodes that it is for: on all of them or on none. @throws CommandRefused */
export function createLink(host: KernelHost, program: ProgramEntry, request: CreateLink): LinkEntry {
  const { object, name } = program;
  const links = new Map<string, Link>();
  for (const [node, loaded] of partsOn(host, program.nodes, request.node, `program ${name}`)) {
    const on = object.nodes.find((one) => one.node === node)!;
    const options = attachOptions(host, node, request);
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
    object,
    program,
    request,
    hook: attachment.hook,
    state,
    nodes: links,
  };
  host.objects.addLink(entry);
  return entry;
}

export function detachLink({ id, object, nodes }: LinkEntry): void {
  for (const link of nodes.values()) link.detach();
  object.links.delete(id);
}

/** BPF_LINK_UPDATE on all nodes of a link or on none. @throws CommandRefused */
export function updateLink(link: LinkEntry, program: ProgramEntry): void {
  const missing = [...link.nodes.keys()].find((node) => !program.nodes.has(node));
  if (missing !== undefined)
    refuse('link-update', `program ${program.name} (id ${program.id}) is not on node ${missing}`, {
      errno: EINVAL,
      hint: `link ${link.id} is on ${[...link.nodes.keys()].join(', ')}`,
    });
  // Programs are alike on all nodes: what the first one takes, the others take.
  for (const [node, one] of link.nodes) orRefuse(one.update(program.nodes.get(node)!));
  link.program = program;
}

/** Attaches every program of an object where its section or the options say. */
export function attachAll(
  host: KernelHost,
  object: ObjectEntry,
  { targets = {} }: LoadOptions,
  firstLinkId: number,
): void {
  let nextId = firstLinkId;
  for (const program of object.programs.values()) {
    const [loaded] = program.nodes.values();
    const target = Object.hasOwn(targets, program.name) ? targets[program.name] : undefined;
    // Others are listed without links: their user sees what to do.
    if (!target && !attachesBySection(loaded)) continue;
    createLink(host, program, { ...target, link_id: nextId++, program_id: program.id });
  }
}

function attachOptions(host: KernelHost, node: string, request: WireAttachOptions): AttachOptions {
  const { target, symbols, cookie, cookies, pid, perf, iter } = request;
  return {
    ...(target !== undefined && { target }),
    ...(symbols !== undefined && { symbols }),
    ...(cookie !== undefined && { cookie }),
    ...(cookies !== undefined && { cookies }),
    ...(pid !== undefined && { pid }),
    ...(iter && { iter: iterOptions(host, node, iter) }),
    ...(perf && {
      perf: { event: perf.event, frequencyHz: perf.frequency_hz, period: perf.period },
    }),
  };
}

function iterOptions(
  host: KernelHost,
  node: string,
  { map_id, cgroup_id: cgroupId, ...more }: NonNullable<WireAttachOptions['iter']>,
): AttachOptions['iter'] {
  const map = map_id === undefined ? undefined : host.objects.map(map_id).nodes.get(node);
  if (map_id !== undefined && !map)
    refuse('no-such-map', `map ${map_id} is not on node ${node}`, { errno: ENOENT });
  return { ...more, ...(map && { map }), ...(cgroupId !== undefined && { cgroupId }) };
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
