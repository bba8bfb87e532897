import type { AttachOptions, Link, Program } from '@probed/protocol';
import { failUsage } from '../errors';
import { formatTable } from '../output/columns';
import { formatFacts, shortTime } from '../output/facts';
import { note, Printer } from '../output/printer';
import { clockTime } from '../output/record-table';
import { TextWriter } from '../output/text-writer';
import type { DaemonOptions } from './daemon-address';
import { DaemonClient } from './daemon-client';
import { findLink, findMap, findProgram } from './resolve';

export interface ListOptions extends DaemonOptions {
  /** Also where each is pinned. */
  readonly bpffs?: boolean;
}

/** `probectl link list`. */
export async function listLinks(options: ListOptions): Promise<void> {
  const { links } = await DaemonClient.open(options).call('listLinks');
  const printer = new Printer(options.json === true);
  for (const link of links) printer.document(link);
  printer.text(links.length ? linkTable(links, options.bpffs === true) : 'no program is attached');
  await printer.drain();
}

function linkTable(links: readonly Link[], bpffs: boolean): string {
  return formatTable(
    [
      { title: 'ID', align: 'right' },
      { title: 'PROGRAM' },
      { title: 'OBJECT' },
      { title: 'HOOK' },
      { title: 'STATE' },
      { title: 'EVENTS', align: 'right' },
      { title: 'NODES' },
      { title: 'CREATED' },
      ...(bpffs ? [{ title: 'PINNED' }] : []),
    ],
    links.map((link) => [
      String(link.id),
      `${link.program} (${link.program_id})`,
      link.object,
      link.hook,
      link.state,
      link.stats === undefined ? '-' : String(link.stats.events),
      link.nodes.join(','),
      shortTime(link.created_at),
      ...(bpffs ? [pinnedText(link)] : []),
    ]),
  );
}

/** Paths in bpffs, for a column. */
export function pinnedText({ pinned = [] }: { readonly pinned?: readonly string[] }): string {
  return pinned.join(', ') || '-';
}

/** `probectl link show`. */
export async function showLink(wanted: string, options: DaemonOptions): Promise<void> {
  const client = DaemonClient.open(options);
  const { id } = await findLink(client, wanted);
  const link = await client.call('getLink', { params: { id } });
  const printer = new Printer(options.json === true);
  printer.document(link);
  printer.text(linkText(link));
}

function linkText(link: Link): string {
  const { stats, node_stats: perNode = [] } = link;
  const facts = formatFacts([
    ['id', String(link.id)],
    ['program', `${link.program} (id ${link.program_id})`],
    ['object', `${link.object} (id ${link.object_id})`],
    ['hook', link.hook],
    ['state', link.state === 'inert' ? 'inert: nothing in this kernel fires the hook' : link.state],
    ['places', link.places === undefined ? undefined : String(link.places)],
    ['cookie', link.cookie === undefined ? undefined : String(link.cookie)],
    ['created', shortTime(link.created_at)],
    ['pinned', link.pinned?.join(', ')],
    ['last event', stats?.last_time && shortTime(stats.last_time)],
    ['last result', stats?.last_result === undefined ? undefined : String(stats.last_result)],
  ]);
  const table = formatTable(
    [
      { title: 'NODE' },
      { title: 'EVENTS', align: 'right' },
      { title: 'SKIPPED', align: 'right' },
      { title: 'LOST', align: 'right' },
      { title: 'LAST EVENT' },
      { title: 'LAST RESULT', align: 'right' },
    ],
    perNode.map((one) => [
      one.node,
      String(one.events),
      String(one.skipped),
      String(one.lost),
      one.last_time === undefined ? '-' : clockTime(one.last_time),
      one.last_result === undefined ? '-' : String(one.last_result),
    ]),
  );
  return perNode.length > 0 ? `${facts}\n\n${table}` : facts;
}

/** `probectl link update`. */
export async function updateLink(wanted: string, program: string, options: DaemonOptions): Promise<void> {
  const client = DaemonClient.open(options);
  const before = await findLink(client, wanted);
  const { id: program_id } = await findProgram(client, program);
  const link = await client.call('updateLink', { params: { id: before.id }, body: { program_id } });
  const printer = new Printer(options.json === true);
  printer.document(link);
  printer.text(
    `link ${link.id} at ${link.hook} runs ${link.program} (id ${link.program_id}) in place of ${before.program} (id ${before.program_id})`,
  );
}

/** `probectl link read`, `probectl iter read`. */
export async function readLink(
  wanted: string,
  { node, ...options }: DaemonOptions & { readonly node?: string },
): Promise<void> {
  const client = DaemonClient.open(options);
  const { id } = await findLink(client, wanted);
  const read = await client.call('readLink', { params: { id }, query: node === undefined ? {} : { node } });
  if (options.json) {
    await new TextWriter().writeLines([JSON.stringify(read)]);
    return;
  }
  const several = read.nodes.length > 1;
  await new TextWriter().writeLines(
    read.nodes.flatMap(({ node: name, text, truncated }) => [
      ...(several ? [`==> ${name} <==`] : []),
      ...text.replace(/\n$/, '').split('\n'),
      ...(truncated ? ['… and more'] : []),
      ...(several ? [''] : []),
    ]),
  );
}

export interface AttachLinkOptions extends DaemonOptions {
  readonly node?: string;
  readonly cookie?: number;
  readonly symbol?: readonly string[];
  readonly cookies?: readonly number[];
  readonly pid?: number;
  readonly tid?: number;
  readonly map?: string;
}

/** `probectl link attach`. */
export async function attachLink(
  wanted: string,
  target: string | undefined,
  { node, cookie, cookies, symbol, pid, tid, map, ...options }: AttachLinkOptions,
): Promise<void> {
  const client = DaemonClient.open(options);
  const program = await findProgram(client, wanted);
  const map_id = map === undefined ? undefined : (await findMap(client, map)).id;
  const where = {
    ...(target !== undefined && { target }),
    ...(node !== undefined && { node }),
    ...(cookie !== undefined && { cookie }),
    ...(symbol !== undefined && { symbols: [...symbol] }),
    ...(cookies !== undefined && { cookies: [...cookies] }),
    ...tasksOf(program, { pid, tid, map_id }),
  };
  const link = await client.call('attach', { body: { program_id: program.id, ...where } });
  const printer = new Printer(options.json === true);
  printer.document(link);
  printer.text(`attached ${link.program} to ${link.hook} on ${link.nodes.join(', ')} (link id ${link.id})`);
  if (link.state === 'inert') {
    note(`warning: ${link.program} will not run: nothing in this kernel fires ${link.hook}`);
  }
}

/** An iterator goes over the threads of a process; other programs are attached in it. */
function tasksOf({ section }: Program, { pid, tid, map_id }: Pick<IterTarget, 'pid' | 'tid' | 'map_id'>) {
  const isIterator = /^\??iter(\.s)?(\/|$)/.test(section);
  if (!isIterator && (tid ?? map_id) !== undefined)
    failUsage(`--${tid === undefined ? 'map' : 'tid'} goes with iterators`, `its section is ${section}`);
  const given = {
    ...(pid !== undefined && { pid }),
    ...(tid !== undefined && { tid }),
    ...(map_id !== undefined && { map_id }),
  };
  return isIterator && Object.keys(given).length > 0 ? { iter: given } : given;
}

type IterTarget = NonNullable<AttachOptions['iter']>;

/** `probectl link detach`. */
export async function detachLink(wanted: string, options: DaemonOptions): Promise<void> {
  const client = DaemonClient.open(options);
  const id = /^\d+$/.test(wanted) ? Number(wanted) : (await findLink(client, wanted)).id;
  await client.call('detach', { params: { id } });
  const printer = new Printer(options.json === true);
  printer.document({ detached: { link_id: id } });
  printer.text(`detached link ${id}`);
}
