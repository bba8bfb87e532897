import type { HookEntry } from '@probed/hooks';
import { hookCatalogue, hookFormat, hookMatcher, hookText, type Machine } from '@probed/machine';
import type { Hook } from '@probed/protocol';
import type { KernelCommands } from '../../kernel/commands';
import type { CommandHandlers } from '../../threads/rpc';
import type { KernelHost } from '../host';

/** What can be attached to. */
export function hookCommands(host: KernelHost): Pick<CommandHandlers<KernelCommands>, 'hook.list'> {
  return {
    'hook.list': ({ pattern, kind, state, verbose, limit }) => {
      const matches = pattern === undefined ? () => true : hookMatcher(pattern);
      const [{ machine }] = host.nodes;
      const found = everywhere(host).filter(
        (entry) => (!kind || entry.kind === kind) && (!state || entry.state === state) && matches(entry),
      );
      const hooks = found.slice(0, limit).map((entry) => wireHook(machine, entry, verbose === 'true'));
      return { hooks, total: found.length };
    },
  };
}

/** The hooks of all nodes: their kernels are the same, what runs on them is not. */
function everywhere({ nodes }: KernelHost): HookEntry[] {
  const [first, ...others] = nodes;
  const entries = [...hookCatalogue(first.machine)];
  const names = new Set(entries.filter(({ kind }) => kind === 'uprobe').map(({ name }) => name));
  for (const { machine } of others)
    for (const entry of machine.kernel.hooks.userCatalogue()) {
      if (names.has(entry.name)) continue;
      names.add(entry.name);
      entries.push(entry);
    }
  return entries;
}

function wireHook(machine: Machine, entry: HookEntry, verbose: boolean): Hook {
  const { kind, state } = entry;
  const hook = { name: `${kind}:${entry.name}`, kind, state };
  if (!verbose) return hook;
  const format = hookFormat(machine, entry);
  if (format) {
    const fields = [...format.common, ...format.fields];
    return { ...hook, fields: fields.map(({ name, type, offset, size }) => ({ name, type, offset, size })) };
  }
  const prototype = hookText(machine, entry);
  return prototype === undefined ? hook : { ...hook, prototype };
}
