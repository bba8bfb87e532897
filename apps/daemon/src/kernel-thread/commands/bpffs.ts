import { createHash } from 'node:crypto';
import { restoreMap, saveMap } from '@probed/machine';
import type { KernelCommands, KernelPin } from '../../kernel/commands';
import { type CommandHandlers, CommandRefused } from '../../threads/rpc';
import { type KernelHost, nodesNamed, partsOn } from '../host';
import { listEntries, makeDirectoryOn, pinnable, pinOn, wireEntry } from '../pins';
import { orRefuse } from '../refuse';
import { remaining } from '../remains';

/** What is kept of a map at most, bytes a node. */
const SAVED_BYTES_MAX = 1024 * 1024;

type BpffsCommands = Extract<keyof KernelCommands, `bpffs.${string}`> | 'map.save' | 'map.restore';

/** The BPF file systems of the nodes. */
export function bpffsCommands(host: KernelHost): Pick<CommandHandlers<KernelCommands>, BpffsCommands> {
  const { objects } = host;
  return {
    'bpffs.list': ({ path, recursive, node }) => listEntries(host, nodesNamed(host, node), path, recursive),
    'bpffs.pin': ({ path, kind, id, node }) => {
      const entry = pinnable(host, kind, id);
      const parts = partsOn<unknown>(host, entry.nodes, node, `${kind} ${id}`).map(([name]) => name);
      const nodes = host.nodes.filter(({ name }) => parts.includes(name));
      const pins = pinOn(nodes, path, kind, entry);
      return { entry: wireEntry(pins[0].path, kind, entry, parts), pins };
    },
    'bpffs.mkdir': ({ path, node }) => {
      const nodes = nodesNamed(host, node);
      const pins = makeDirectoryOn(nodes, path);
      const names = nodes.map(({ name }) => name);
      return { entry: wireEntry(pins[0].path, 'dir', undefined, names), pins };
    },
    'bpffs.check': ({ path, kind, node }) => check(host, path, kind, node),
    'bpffs.remove': ({ path, nodes }) => {
      // What came out of a map so far still counts.
      host.drain();
      for (const { machine } of host.nodes.filter(({ name }) => nodes.includes(name)))
        orRefuse(machine.bpffs.remove(path));
      return { remains: remaining(host) };
    },
    'bpffs.restore': ({ pins }) => pins.flatMap((pin) => restorePin(host, pin)),
    'map.save': ({ map_id, node, digest }) => {
      const saved = saveMap(objects.map(map_id).nodes.get(node)!, SAVED_BYTES_MAX);
      if (!saved) return { digest: '', too_large: true };
      const now = createHash('sha256').update(saved).digest('hex');
      return now === digest ? { digest: now } : { digest: now, bytes: saved };
    },
    'map.restore': ({ map_id, node, bytes }) => {
      const map = objects.findMap(map_id)?.nodes.get(node);
      return map ? restoreMap(map, bytes) : 0;
    },
  };
}

/** On which nodes a name can be taken away; where none has it, or it may not go anywhere, the refusal is the first node's. */
function check(host: KernelHost, path: string, kind: 'pin' | 'dir', node: string | undefined) {
  const found: string[] = [];
  let stored = path;
  let refusal: (() => never) | undefined;
  for (const { name, machine } of nodesNamed(host, node)) {
    const removable = machine.bpffs.removable(path, kind);
    if (removable.ok) {
      found.push(name);
      stored = removable.value;
    } else if (removable.error.code !== 'no-such-path') return orRefuse(removable) as never;
    else refusal ??= () => orRefuse(removable) as never;
  }
  if (found.length === 0) refusal?.();
  return { path: stored, nodes: found };
}

function restorePin(host: KernelHost, pin: KernelPin): { pin: KernelPin; error: string }[] {
  const { node, path, kind, target } = pin;
  try {
    const nodes = nodesNamed(host, node);
    if (kind === 'dir') makeDirectoryOn(nodes, path);
    else {
      const entry = pinnable(host, kind, target);
      partsOn<unknown>(host, entry.nodes, node, `${kind} ${target}`);
      pinOn(nodes, path, kind, entry);
    }
    return [];
  } catch (error) {
    if (!(error instanceof CommandRefused)) throw error;
    return [{ pin, error: error.message }];
  }
}
