import type { ReusedMaps } from '@probed/store';
import type { KernelCommands, KernelPin } from '../../kernel/commands';
import { type CommandHandlers, CommandRefused } from '../../threads/rpc';
import type { KernelHost } from '../host';
import { attachAll } from '../links';
import { loadObject } from '../load-object';
import type { ObjectEntry } from '../object-table';
import { pinsOfObject, unpinMapsOf } from '../pins';
import { refuse } from '../refuse';
import { remaining, wouldRemain } from '../remains';
import { kernelLink, kernelProgram, wireMap } from '../wire';

const EEXIST = 17;

type ObjectCommands = Extract<keyof KernelCommands, `object.${string}`>;

/** Objects come and go as a whole. */
export function objectCommands(host: KernelHost): Pick<CommandHandlers<KernelCommands>, ObjectCommands> {
  const { objects } = host;
  return {
    'object.load': (params) => {
      if (objects.has(params.object_id))
        refuse('object-exists', `there is an object of id ${params.object_id} already`, { errno: EEXIST });
      const { entry, without, remarks } = withoutFaults(() => loadObject(host, params));
      objects.add(entry);
      let pins: KernelPin[];
      try {
        pins = params.reused ? [] : pinsOfObject(host, entry, params.options.pin_maps);
        if (params.options.attach) attachAll(host, entry, params.options, params.first_link_id);
      } catch (error) {
        for (const { machine, collection } of entry.nodes) unpinMapsOf(machine, collection);
        unload(host, entry);
        remaining(host);
        throw error;
      }
      return {
        programs: [...entry.programs.values()].map(kernelProgram),
        maps: [...entry.maps.values()].map(wireMap),
        links: [...entry.links.values()].map((link) => ({
          link: kernelLink(link, host.wallTime),
          request: link.request,
        })),
        pins,
        reused: reusedMaps(entry),
        without,
        remarks,
      };
    },
    'object.remains': ({ object_id }) => wouldRemain(host, objects.object(object_id)),
    'object.unload': ({ object_id }) => {
      unload(host, objects.object(object_id));
      return { remains: remaining(host) };
    },
  };
}

/** Ids of other objects' maps that an object has in place of its own. */
function reusedMaps(object: ObjectEntry): ReusedMaps {
  const reused: Record<string, Record<string, number>> = {};
  for (const { id, name, object: owner, nodes } of object.maps.values()) {
    if (owner === object) continue;
    for (const node of nodes.keys())
      if (object.nodes.some((one) => one.node === node)) (reused[name] ??= {})[node] = id;
  }
  return reused;
}

function unload(host: KernelHost, object: ObjectEntry): void {
  // What it has emitted so far still counts.
  host.drain();
  for (const { collection } of object.nodes) collection.unload();
  object.unloaded = true;
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
