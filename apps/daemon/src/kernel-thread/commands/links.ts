import type { KernelCommands } from '../../kernel/commands';
import type { CommandHandlers } from '../../threads/rpc';
import { type KernelHost, partsOn } from '../host';
import { createLink, detachLink, updateLink } from '../links';
import { readLink } from '../read-link';
import { refuse } from '../refuse';
import { remaining } from '../remains';
import { whyOnNode } from '../why';
import { kernelLink } from '../wire';

const EEXIST = 17;

type LinkCommands = Extract<keyof KernelCommands, `link.${string}`>;

/** Where programs are attached. */
export function linkCommands(host: KernelHost): Pick<CommandHandlers<KernelCommands>, LinkCommands> {
  const { objects, wallTime } = host;
  return {
    'link.create': (request) => {
      if (objects.hasLink(request.link_id))
        refuse('link-exists', `there is a link of id ${request.link_id} already`, { errno: EEXIST });
      return kernelLink(createLink(host, objects.program(request.program_id), request), wallTime);
    },
    'link.list': () =>
      [...objects.all()].flatMap(({ links }) =>
        [...links.values()].map((link) => kernelLink(link, wallTime)),
      ),
    'link.update': ({ link_id, program_id }) => {
      const link = objects.link(link_id);
      updateLink(link, objects.program(program_id));
      return { link: kernelLink(link, wallTime), remains: remaining(host) };
    },
    'link.why': ({ link_id }) => {
      const link = objects.link(link_id);
      return [...link.nodes].map(([node, one]) => ({ node, findings: whyOnNode(host, link, node, one) }));
    },
    'link.read': ({ link_id, node }) => {
      const link = objects.link(link_id);
      return partsOn(host, link.nodes, node, `link ${link_id}`).map(([name, one]) =>
        readLink(name, link, one),
      );
    },
    'link.detach': ({ link_id }) => {
      detachLink(objects.link(link_id));
      return { remains: remaining(host) };
    },
  };
}
