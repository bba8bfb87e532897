import { explainLink, type Link } from '@probed/machine';
import type { LinkFinding } from '@probed/protocol';
import type { KernelHost } from './host';
import type { LinkEntry } from './object-table';

/** Why a link's program has not fired on a node, or has nothing to show. */
export function whyOnNode(host: KernelHost, { program }: LinkEntry, node: string, link: Link): LinkFinding[] {
  // What is in the buffers has come of it.
  host.drain();
  const { machine, collection } = program.object.nodes.find((one) => one.node === node)!;
  return explainLink(machine, collection, link).map(({ code, what, evidence, advice }) => ({
    code,
    what,
    evidence: [...evidence],
    ...(advice !== undefined && { advice }),
  }));
}
