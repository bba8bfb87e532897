import type { Remains } from '../kernel/commands';
import type { StorePort } from './ports';
import type { ProgramRegistry } from './program-registry';

/** Follows the kernel: what is gone of unloaded objects goes from registry and store too. */
export async function applyRemains(
  store: StorePort,
  registry: ProgramRegistry,
  remains: readonly Remains[],
): Promise<void> {
  for (const object of registry.all().filter(({ state }) => state === 'unloaded')) {
    const left = remains.find(({ object_id }) => object_id === object.id);
    if (left) {
      const links = left.links.map(({ id }) => id);
      if (links.length < object.links.size) await store.call('object.reduce', { id: object.id, links });
      object.reduced(left);
    } else {
      await store.call('object.delete', { id: object.id });
      registry.remove(object.id);
    }
  }
}
