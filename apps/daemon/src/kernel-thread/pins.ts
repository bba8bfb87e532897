import { BPFFS_ROOT, type Collection, type PinnedObject } from '@probed/machine';
import type { BpffsEntry, PinKind } from '@probed/protocol';
import type { KernelPin } from '../kernel/commands';
import type { ClusterNode } from './cluster-boot';
import type { KernelHost } from './host';
import type { LinkEntry, MapEntry, ObjectEntry, Pinnable, ProgramEntry } from './object-table';
import { orRefuse } from './refuse';

/** By kind, what `BPF_OBJ_PIN` takes of an entry on one node. */
const PINNED: Readonly<Record<PinKind, (entry: Pinnable, node: string) => PinnedObject>> = {
  prog: (entry, node) => ({ kind: 'prog', program: (entry as ProgramEntry).nodes.get(node)! }),
  map: (entry, node) => ({ kind: 'map', map: (entry as MapEntry).nodes.get(node)! }),
  link: (entry, node) => ({ kind: 'link', link: (entry as LinkEntry).nodes.get(node)! }),
};

/** A program, map or link by id. @throws CommandRefused `no-such-…` */
export function pinnable(host: KernelHost, kind: PinKind, id: number): Pinnable {
  const { objects } = host;
  return kind === 'prog' ? objects.program(id) : kind === 'map' ? objects.map(id) : objects.link(id);
}

/** Pins on each of some nodes or on none. @throws CommandRefused as Linux refuses it */
export function pinOn(
  nodes: readonly ClusterNode[],
  path: string,
  kind: PinKind,
  entry: Pinnable,
): KernelPin[] {
  return onAll(
    nodes,
    ({ name, machine }) => orRefuse(machine.bpffs.pin(path, PINNED[kind](entry, name))),
    ({ machine }) => machine.bpffs.unlink(path),
  ).map(({ name, machine }) => ({ node: name, path: storedPath(machine, path), kind, target: entry.id }));
}

/** mkdir on each of some nodes or on none. @throws CommandRefused */
export function makeDirectoryOn(nodes: readonly ClusterNode[], path: string): KernelPin[] {
  return onAll(
    nodes,
    ({ machine }) => orRefuse(machine.bpffs.mkdir(path)),
    ({ machine }) => machine.bpffs.rmdir(path),
  ).map(({ name, machine }) => ({ node: name, path: storedPath(machine, path), kind: 'dir', target: 0 }));
}

function onAll(
  nodes: readonly ClusterNode[],
  work: (node: ClusterNode) => void,
  undo: (node: ClusterNode) => void,
): readonly ClusterNode[] {
  const done: ClusterNode[] = [];
  try {
    for (const node of nodes) {
      work(node);
      done.push(node);
    }
  } catch (error) {
    for (const node of done) undo(node);
    throw error;
  }
  return nodes;
}

/** A path without `.`, `..` and doubled slashes. */
function storedPath({ bpffs }: ClusterNode['machine'], path: string): string {
  const found = bpffs.resolve(path);
  return found.ok ? found.value : path;
}

/**
 * The pins that loading an object has made: of its maps with LIBBPF_PIN_BY_NAME, and of all its maps in a directory that
 * its user names. @throws CommandRefused
 */
export function pinsOfObject(
  host: KernelHost,
  object: ObjectEntry,
  directory: string | undefined,
): KernelPin[] {
  const own = [...object.maps.values()].filter((map) => map.object === object);
  const pins = own.flatMap((map) => pinsOf(host, map));
  if (directory === undefined) return pins;
  const nodes = host.nodes.filter(({ name }) => object.nodes.some(({ node }) => node === name));
  for (const path of foldersOf(directory)) {
    const lacking = nodes.filter(
      ({ machine }) => machine.bpffs.get(path).ok === false && !isDirectory(machine, path),
    );
    pins.push(...makeDirectoryOn(lacking, path));
  }
  for (const map of own) {
    if (pins.some(({ kind, target }) => kind === 'map' && target === map.id)) continue;
    const on = nodes.filter(({ name }) => map.nodes.has(name));
    // tools/lib/bpf/libbpf.c: sanitize_pin_path
    pins.push(...pinOn(on, `${directory}/${map.name.replaceAll('.', '_')}`, 'map', map));
  }
  return pins;
}

/** Takes all pins away from the maps that a collection has made. */
export function unpinMapsOf({ bpffs }: ClusterNode['machine'], { maps, reused }: Collection): void {
  const own = new Set([...maps].flatMap(([name, map]) => (reused.has(name) ? [] : [map])));
  for (const { path, object } of [...bpffs.pins()])
    if (object.kind === 'map' && own.has(object.map)) bpffs.unlink(path);
}

function pinsOf({ nodes }: KernelHost, map: MapEntry): KernelPin[] {
  return nodes.flatMap(({ name, machine }) =>
    [...machine.bpffs.pins()]
      .filter(({ object }) => object.kind === 'map' && object.map === map.nodes.get(name))
      .map(({ path }) => ({ node: name, path, kind: 'map' as const, target: map.id })),
  );
}

/** The directories on the way to one, bpffs itself excepted. */
function foldersOf(directory: string): string[] {
  const below = directory.startsWith(`${BPFFS_ROOT}/`) ? directory.slice(BPFFS_ROOT.length + 1) : undefined;
  if (below === undefined) return directory === BPFFS_ROOT ? [] : [directory];
  const names = below.split('/').filter((name) => name !== '');
  return names.map((_, depth) => [BPFFS_ROOT, ...names.slice(0, depth + 1)].join('/'));
}

function isDirectory({ bpffs }: ClusterNode['machine'], path: string): boolean {
  const listed = bpffs.list(`${path}/`);
  return listed.ok;
}

/** Names as they are on several nodes, each once. */
export function listEntries(
  host: KernelHost,
  nodes: readonly ClusterNode[],
  path: string,
  recursive: boolean,
): BpffsEntry[] {
  const merged = new Map<string, BpffsEntry>();
  let refusal: (() => never) | undefined;
  let found = false;
  for (const { name, machine } of nodes) {
    const listed = recursive ? machine.bpffs.tree(path) : machine.bpffs.list(path);
    if (!listed.ok) {
      refusal = () => orRefuse(listed) as never;
      continue;
    }
    found = true;
    for (const entry of listed.value) {
      const target = entry.kind === 'dir' ? undefined : host.objects.entryOf(entry.object);
      const key = `${entry.path} ${entry.kind} ${target?.id ?? ''}`;
      const known = merged.get(key);
      if (known) known.nodes.push(name);
      else merged.set(key, wireEntry(entry.path, entry.kind, target, [name]));
    }
  }
  if (!found) refusal?.();
  return [...merged.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

export function wireEntry(
  path: string,
  kind: BpffsEntry['kind'],
  target: Pinnable | undefined,
  nodes: string[],
): BpffsEntry {
  if (!target) return { path, kind, nodes };
  const name = 'program' in target ? target.program.name : target.name;
  return { path, kind, id: target.id, name, object: target.object.name, nodes };
}
