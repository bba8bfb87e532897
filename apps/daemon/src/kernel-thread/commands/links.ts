import type { KernelCommands } from '../../kernel/commands';
import type { CommandHandlers } from '../../threads/rpc';
import type { KernelHost } from '../host';
import { createLink, detachLink } from '../links';
import { refuse } from '../refuse';
import { kernelLink } from '../wire';

const EEXIST = 17;

type LinkCommands = 'link.create' | 'link.detach';

export function linkCommands(host: KernelHost): Pick<CommandHandlers<KernelCommands>, LinkCommands> {
  const { objects } = host;
  return {
    'link.create': (request) => {
      if (objects.hasLink(request.link_id))
        refuse('link-exists', `there is a link of id ${request.link_id} already`, { errno: EEXIST });
      return kernelLink(createLink(host, objects.program(request.program_id), request));
    },
    'link.detach': ({ link_id }) => {
      detachLink(objects.link(link_id));
      return null;
    },
  };
}
