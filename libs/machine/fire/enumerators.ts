import type { Btf } from '@probed/btf';

const caches = new WeakMap<Btf, Map<string, number>>();

/** Value of a kernel's enumerator by its name, e.g. `TCP_ESTABLISHED`; undefined when no enum has it. */
export function enumerator(btf: Btf, name: string): number | undefined {
  let values = caches.get(btf);
  if (!values) {
    values = new Map();
    for (const kind of ['enum', 'enum64'] as const) {
      for (const id of btf.idsOfKind(kind)) {
        const type = btf.type(id);
        if (type.kind !== kind) continue;
        for (const { name: own, value } of type.values) if (!values.has(own)) values.set(own, Number(value));
      }
    }
    caches.set(btf, values);
  }
  return values.get(name);
}
