import { errnoName, strerror } from '@probed/abi';
import type { EncodeInput } from '@probed/btf';
import { encodeMapKey, encodeMapValue, entryDecoder, type ValueInput } from '@probed/machine';
import type { BpfMap } from '@probed/maps';
import type { MapEntry as WireEntry } from '@probed/protocol';
import { mapType } from '@probed/spec';
import type { KernelCommands } from '../../kernel/commands';
import type { CommandHandlers } from '../../threads/rpc';
import { type KernelHost, partsOn } from '../host';
import { dumpOnNode, wireEntry } from '../map-contents';
import type { MapEntry } from '../object-table';
import { orRefuse, refuse } from '../refuse';

type MapCommands = 'map.dump' | 'map.lookup' | 'map.update' | 'map.delete';
type EntryOnNode = WireEntry & { node: string };

const ENOENT = 2;
const EEXIST = 17;
/** Flags of BPF_MAP_UPDATE_ELEM (include/uapi/linux/bpf.h). */
const UPDATE_FLAGS = { any: 0, noexist: 1, exist: 2 } as const;

/** What maps hold, read and written as user space does with bpf(2). */
export function mapCommands(host: KernelHost): Pick<CommandHandlers<KernelCommands>, MapCommands> {
  const find = (id: number, node: string | undefined) => {
    const map = host.objects.map(id);
    return { map, parts: partsOn(host, map.nodes, node, `map ${map.name}`) };
  };
  return {
    'map.dump': async ({ map_id, node, limit }) => {
      const { map, parts } = find(map_id, node);
      const contents = [];
      for (const [name] of parts) contents.push(await dumpOnNode(host, map, name, limit));
      return contents;
    },
    'map.lookup': ({ map_id, key, node }) => {
      const { map, parts } = find(map_id, node);
      const found = parts.flatMap(([name, part]) => entryOn(map, name, part, keyBytes(map, part, key)));
      return found.length > 0 ? found : noSuchKey(map, key);
    },
    'map.update': ({ map_id, key, value, node, flags }) => {
      const { map, parts } = find(map_id, node);
      const updates = parts.map(([name, part]) => ({
        name,
        part,
        key: keyBytes(map, part, key),
        value: valueBytes(host, map, part, value),
      }));
      for (const update of updates)
        check(map, update.name, update.part.updateElem(update.key, update.value, UPDATE_FLAGS[flags]));
      return updates.flatMap((update) => entryOn(map, update.name, update.part, update.key));
    },
    'map.delete': ({ map_id, key, node }) => {
      const { map, parts } = find(map_id, node);
      const results = parts.map(([name, part]) => [name, part.deleteElem(keyBytes(map, part, key))] as const);
      // What one node does not have may be on the other.
      if (results.every(([, result]) => result === -ENOENT)) noSuchKey(map, key);
      for (const [name, result] of results) if (result !== -ENOENT) check(map, name, result);
      return null;
    },
  };
}

function keyBytes({ name, object }: MapEntry, map: BpfMap, key: unknown): Uint8Array {
  const bytes = encodeMapKey(map, key as EncodeInput, object.spec.btf);
  return bytes.ok
    ? bytes.value
    : orRefuse({ ok: false, error: { ...bytes.error, where: whereIn(name, bytes.error) } });
}

function valueBytes(host: KernelHost, { name, object }: MapEntry, map: BpfMap, value: unknown): Uint8Array {
  const [{ machine }] = host.nodes;
  const bytes = encodeMapValue(map, valueInput(map, value), object.spec.btf, machine.kernel.cpus);
  return bytes.ok
    ? bytes.value
    : orRefuse({ ok: false, error: { ...bytes.error, where: whereIn(name, bytes.error) } });
}

function whereIn(map: string, { where }: { readonly where?: string }): string {
  return where ? `map ${map}, ${where}` : `map ${map}`;
}

/** Per-CPU maps: `{ "values": […] }` has one for each CPU, as a dump has them; any other value is every CPU's. */
function valueInput(map: BpfMap, value: unknown): ValueInput {
  const perCpu = mapType(map.info.type)?.perCpu === true;
  const { values } = (value ?? {}) as { readonly values?: unknown };
  if (perCpu && Array.isArray(values)) return { values: values as EncodeInput[] };
  return { value: value as EncodeInput };
}

function entryOn({ object }: MapEntry, node: string, map: BpfMap, key: Uint8Array): EntryOnNode[] {
  const value = map.lookup(key);
  if (!value) return [];
  return [{ node, ...wireEntry(entryDecoder(map.info, object.spec.btf)({ key, value })) }];
}

function noSuchKey({ name }: MapEntry, key: unknown): never {
  return refuse('no-such-key', `map ${name} has no key ${JSON.stringify(key)}`, { errno: ENOENT });
}

/** @param result 0 or a negative errno of a map operation */
function check({ name }: MapEntry, node: string, result: number): void {
  if (result >= 0) return;
  const code = -result === EEXIST ? 'key-exists' : 'map-refused';
  const message = `map ${name} refuses it: ${strerror(result)} (${errnoName(result) ?? -result})`;
  refuse(code, message, { where: `node ${node}`, errno: -result });
}
