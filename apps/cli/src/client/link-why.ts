import type { LinkWhy } from '@probed/protocol';
import { Printer } from '../output/printer';
import { findingLines } from '../output/why-text';
import type { DaemonOptions } from './daemon-address';
import { DaemonClient } from './daemon-client';
import { findLink } from './resolve';

/** `probectl link why`. */
export async function explainLink(wanted: string, options: DaemonOptions): Promise<void> {
  const client = DaemonClient.open(options);
  const { id } = await findLink(client, wanted);
  const why = await client.call('explainLink', { params: { id } });
  const printer = new Printer(options.json === true);
  printer.document(why);
  printer.text(whyText(why));
  await printer.drain();
}

/** Findings; of nodes that find the same, once. */
function whyText({ link, nodes }: LinkWhy): string {
  const groups = new Map<string, string[]>();
  for (const { node, findings } of nodes) {
    const text = findingLines(findings).join('\n');
    groups.set(text, [...(groups.get(text) ?? []), node]);
  }
  const title = `link ${link.id}: ${link.object}/${link.program} at ${link.hook}`;
  const parts = [...groups].map(([text, names]) => `${names.join(', ')}:\n${text}`);
  return [title, ...parts].join('\n\n');
}
