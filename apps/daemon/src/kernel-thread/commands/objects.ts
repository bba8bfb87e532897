import type { KernelCommands } from '../../kernel/commands';
import { type CommandHandlers, CommandRefused } from '../../threads/rpc';
import type { KernelHost } from '../host';
import { attachAll, detachLink } from '../links';
import { loadObject } from '../load-object';
import type { ObjectEntry } from '../object-table';
import { refuse } from '../refuse';
import { kernelLink, kernelProgram, wireMap } from '../wire';

const EEXIST = 17;

type ObjectCommands = 'object.load' | 'object.unload';

/** Objects come and go as a whole. */
export function objectCommands(host: KernelHost): Pick<CommandHandlers<KernelCommands>, ObjectCommands> {
  const { objects } = host;
  return {
    'object.load': (params) => {
      if (objects.has(params.object_id))
        refuse('object-exists', `there is an object of id ${params.object_id} already`, { errno: EEXIST });
      const { entry, remarks } = withoutFaults(() => loadObject(host, params));
      const allRemarks = [...remarks];
      objects.add(entry);
      try {
        if (params.options.attach) attachAll(host, entry, params.options, params.first_link_id, allRemarks);
      } catch (error) {
        unload(host, entry);
        throw error;
      }
      return {
        programs: [...entry.programs.values()].map(kernelProgram),
        maps: [...entry.maps.values()].map(wireMap),
        links: [...entry.links.values()].map((link) => ({ link: kernelLink(link), request: link.request })),
        remarks: allRemarks,
      };
    },
    'object.unload': ({ object_id }) => {
      unload(host, objects.object(object_id));
      return null;
    },
  };
}

function unload(host: KernelHost, object: ObjectEntry): void {
  // What it has emitted so far still counts.
  host.drain();
  for (const link of [...object.links.values()]) detachLink(link);
  for (const { collection } of object.nodes) collection.unload();
  host.objects.remove(object);
}

/** An object that brings a fault of ours to light is refused: it is no reason to take everybody else's down. */
function withoutFaults<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    if (error instanceof CommandRefused) throw error;
    const { message, stack = message } = error as Error;
    return refuse('load-fault', `probed failed to load it, which is a fault of probed: ${message}`, {
      log: stack.split('\n'),
    });
  }
}
