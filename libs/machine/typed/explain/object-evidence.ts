import type { CollectionSpec } from '@probed/spec';
import { configuredNumber } from '../configured-number';
import { type PortOrder, portOrder } from './port-order';

/** What the programs of an object tell about the numbers that they write. */
export interface ObjectEvidence {
  /** Sections of all programs, a line each: the hooks they hang at. */
  readonly hooks: string;
  /** Number of a configuration variable whose name fits; undefined when there is none. */
  setting(name: RegExp): number | undefined;
  /** Byte order in which a member keeps a port, when the source shows it. */
  portOrder(member: string): PortOrder | undefined;
}

export function objectEvidence(collection: CollectionSpec): ObjectEvidence {
  const { programs } = collection;
  const hooks = programs.map(({ section, attachTo }) => `${section} ${attachTo}`).join('\n');
  const orders = new Map<string, PortOrder | undefined>();
  let lines: readonly string[] | undefined;
  return {
    hooks,
    setting: (name) => configuredNumber(collection, name),
    portOrder: (member) => {
      if (!orders.has(member)) {
        lines ??= [...new Set(programs.flatMap(({ lineInfo }) => lineInfo.map(({ text }) => text)))];
        orders.set(member, portOrder(member, lines, programs));
      }
      return orders.get(member);
    },
  };
}
