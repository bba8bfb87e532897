import type { Link } from '@probed/protocol';
import { formatTable } from '../output/columns';
import { shortTime } from '../output/facts';
import { note, Printer } from '../output/printer';
import type { DaemonOptions } from './daemon-address';
import { DaemonClient } from './daemon-client';
import { findProgram } from './resolve';

/** `probectl link list`. */
export async function listLinks(options: DaemonOptions): Promise<void> {
  const { links } = await DaemonClient.open(options).call('listLinks');
  const printer = new Printer(options.json === true);
  for (const link of links) printer.document(link);
  printer.text(links.length ? linkTable(links) : 'no program is attached');
  await printer.drain();
}

function linkTable(links: readonly Link[]): string {
  return formatTable(
    [
      { title: 'ID', align: 'right' },
      { title: 'PROGRAM' },
      { title: 'OBJECT' },
      { title: 'HOOK' },
      { title: 'STATE' },
      { title: 'NODES' },
      { title: 'CREATED' },
    ],
    links.map((link) => [
      String(link.id),
      `${link.program} (${link.program_id})`,
      link.object,
      link.hook,
      link.state,
      link.nodes.join(','),
      shortTime(link.created_at),
    ]),
  );
}

export interface AttachLinkOptions extends DaemonOptions {
  readonly node?: string;
  readonly cookie?: number;
}

/** `probectl link attach`. */
export async function attachLink(
  wanted: string,
  target: string | undefined,
  { node, cookie, ...options }: AttachLinkOptions,
): Promise<void> {
  const client = DaemonClient.open(options);
  const program = await findProgram(client, wanted);
  const where = {
    ...(target !== undefined && { target }),
    ...(node !== undefined && { node }),
    ...(cookie !== undefined && { cookie }),
  };
  const link = await client.call('attach', { body: { program_id: program.id, ...where } });
  const printer = new Printer(options.json === true);
  printer.document(link);
  printer.text(`attached ${link.program} to ${link.hook} on ${link.nodes.join(', ')} (link id ${link.id})`);
  if (link.state === 'inert') {
    note(`warning: ${link.program} will not run: nothing in this kernel fires ${link.hook}`);
  }
}

/** `probectl link detach`. */
export async function detachLink(id: number, options: DaemonOptions): Promise<void> {
  await DaemonClient.open(options).call('detach', { params: { id } });
  const printer = new Printer(options.json === true);
  printer.document({ detached: { link_id: id } });
  printer.text(`detached link ${id}`);
}
