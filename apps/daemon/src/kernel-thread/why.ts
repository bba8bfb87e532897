import { explainLink, type Link } from '@probed/machine';
import type { LinkFinding } from '@probed/protocol';
import type { KernelHost } from './host';
import type { LinkEntry } from './object-table';

/** Why a link's program has not fired on a node, or has nothing to show. */
export function whyOnNode(host: KernelHost, entry: LinkEntry, node: string, link: Link): LinkFinding[] {
  // What is in the buffers has come of it.
  host.drain();
  const { machine, collection } = entry.program.object.nodes.find((one) => one.node === node)!;
  return explainLink(machine, collection, link).map(({ code, what, evidence, advice }) => ({
    code,
    what,
    evidence: code === 'nothing-came' ? [...evidence, ...firesElsewhere(entry)] : [...evidence],
    ...(advice !== undefined && { advice }),
  }));
}

/** Events come to the same link on other nodes: the workload is there. */
function firesElsewhere({ nodes }: LinkEntry): string[] {
  return [...nodes]
    .filter(([, { stats }]) => stats.events > 0)
    .map(([node, { stats }]) => `it has fired ${stats.events} times on ${node}`);
}
