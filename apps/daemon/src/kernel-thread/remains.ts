import type { Held } from '@probed/machine';
import type { Remains } from '../kernel/commands';
import type { KernelHost } from './host';
import type { ObjectEntry } from './object-table';
import { kernelLink, kernelProgram, wireMap } from './wire';

/**
 * What there still is of unloaded objects; call it whenever something has been let go of. Objects of which nothing
 * remains are forgotten.
 */
export function remaining(host: KernelHost): readonly Remains[] {
  const unloaded = [...host.objects.all()].filter((object) => object.unloaded);
  if (unloaded.length === 0) return [];
  const held = new Map(host.nodes.map(({ name, machine }) => [name, machine.references.held()]));
  return unloaded.flatMap((object) => {
    prune(object, held);
    const { programs, maps, links } = object;
    if (programs.size + maps.size + links.size > 0) return remainsOf(host, object);
    host.objects.remove(object);
    return [];
  });
}

/** What there would still be of an object after its unload; null: nothing. */
export function wouldRemain(host: KernelHost, object: ObjectEntry): Remains | null {
  const held = new Map(
    object.nodes.map(({ node, machine, collection }) => [node, machine.references.held(collection)]),
  );
  const copy: ObjectEntry = {
    ...object,
    programs: copied(object.programs),
    maps: copied(object.maps),
    links: copied(object.links),
  };
  prune(copy, held, object);
  const { programs, maps, links } = copy;
  return programs.size + maps.size + links.size > 0 ? remainsOf(host, copy) : null;
}

/** Entries whose nodes can be changed without harm. */
function copied<E extends { readonly nodes: Map<string, unknown> }>(
  entries: ReadonlyMap<number, E>,
): Map<number, E> {
  return new Map([...entries].map(([id, entry]) => [id, { ...entry, nodes: new Map(entry.nodes) }]));
}

function remainsOf(host: KernelHost, { id, programs, maps, links }: ObjectEntry): Remains {
  return {
    object_id: id,
    programs: [...programs.values()].map(kernelProgram),
    maps: [...maps.values()].map(wireMap),
    links: [...links.values()].map((link) => kernelLink(link, host.wallTime)),
  };
}

/** Takes out of an object what nobody holds any more. */
function prune(object: ObjectEntry, held: ReadonlyMap<string, Held>, owner = object): void {
  const kinds = [
    [object.programs, (on: Held) => on.programs],
    [object.maps, (on: Held) => on.maps],
    [object.links, (on: Held) => on.links],
  ] as const;
  for (const [entries, heldOf] of kinds) {
    for (const [id, { nodes }] of entries) {
      for (const [node, one] of nodes) {
        const on = held.get(node);
        if (!on || !(heldOf(on) as ReadonlySet<unknown>).has(one)) nodes.delete(node);
      }
      if (nodes.size === 0) entries.delete(id);
    }
  }
  // Shared maps are listed with the object that made them, or that still has them loaded.
  for (const [id, map] of object.maps) if (map.object !== owner) object.maps.delete(id);
}
