import { diagnostic } from '@probed/base';
import {
  type Collection,
  chooseAlternatives,
  leftOutRemarks,
  RecordDecoder,
  unsizedMapRemarks,
} from '@probed/machine';
import type { BpfMap } from '@probed/maps';
import { MemoryLimitError } from '@probed/memory';
import type { ObjectSpec } from '@probed/object';
import type { ReusedMaps } from '@probed/store';
import type { LoadObject } from '../kernel/commands';
import { CommandRefused } from '../threads/rpc';
import { type ClusterNode, NODE_MEMORY_BYTES } from './cluster-boot';
import { type ConfiguredObject, configureObject } from './configure';
import { type KernelHost, nodesNamed } from './host';
import type { MapEntry, ObjectEntry, ObjectOnNode, ProgramEntry } from './object-table';
import { unpinMapsOf } from './pins';
import { orRefuse } from './refuse';

const ENOMEM = 12;
/** `attr.log_level` (include/linux/bpf_verifier.h): BPF_LOG_LEVEL1, BPF_LOG_STATS. */
const LOG_ALL = 1;
const LOG_STATS = 4;
/** Memory of a node that programs and maps leave to the kernel itself, bytes. */
const KERNEL_RESERVE_BYTES = 96 * 1024 * 1024;

/** Loads an object on the nodes that it is for: on all of them or on none. @throws CommandRefused */
export function loadObject(host: KernelHost, params: LoadObject): LoadedEntry {
  const nodes = nodesNamed(host, params.options.node);
  const configured = configureObject(params.bytes, params.name, params.options);
  const all = programIds(configured.spec, params);
  const { spec, leftOut, remarks } = choosePrograms(nodes[0], configured, new Set(all.keys()), params);
  const ids = new Map([...all].filter(([name]) => !leftOut.has(name)));
  const decoder = makeDecoder(nodes[0], { ...configured, spec });
  const loaded: ObjectOnNode[] = [];
  try {
    for (const node of nodes) {
      const reuse = params.reused && reusedOn(host, node.name, params.reused);
      loaded.push(loadOn(node, spec, loaded[0]?.collection, reuse, configured.pinByName));
    }
  } catch (error) {
    for (const { machine, collection } of loaded) giveBack(machine, collection);
    throw error;
  }
  const entry = makeEntry(host, params, spec, decoder, loaded, ids);
  const without = [...all].flatMap(([name, id]) => (leftOut.has(name) ? [id] : []));
  const sized = unsizedMapRemarks(spec, loaded[0].collection.spec);
  return { entry, without, remarks: [...configured.remarks, ...remarks, ...sized] };
}

interface LoadedEntry {
  readonly entry: ObjectEntry;
  /** Ids of programs that were left out; a restore leaves them out too. */
  readonly without: readonly number[];
  /** One line each. */
  readonly remarks: readonly string[];
}

/** Which of an object's programs this kernel takes; what is restored has been chosen before. */
function choosePrograms(
  { machine }: ClusterNode,
  { spec, named }: ConfiguredObject,
  names: ReadonlySet<string>,
  { reused, options }: LoadObject,
) {
  const loadable = withPrograms(spec, names);
  if (reused || options.strict) return { spec: loadable, leftOut: new Set<string>(), remarks: [] };
  const { kernel, facts } = machine;
  const targets = { btf: facts.btf, hooks: kernel.hooks };
  const { object, leftOut } = chooseAlternatives(loadable, targets, (program) => named.has(program));
  const gone = new Set(leftOut.map(({ program }) => program.name));
  return { spec: object, leftOut: gone, remarks: leftOutRemarks(leftOut) };
}

/** Programs count up from the object's first id, whether or not some are not loaded any more. */
function programIds(spec: ObjectSpec, { first_program_id, without = [] }: LoadObject): Map<string, number> {
  const ids = spec.programs.map(({ name }, index) => [name, first_program_id + index] as const);
  return new Map(ids.filter(([, id]) => !without.includes(id)));
}

function withPrograms(spec: ObjectSpec, names: ReadonlySet<string>): ObjectSpec {
  return { ...spec, programs: spec.programs.filter(({ name }) => names.has(name)) };
}

function makeDecoder({ machine }: ClusterNode, { spec, choices }: ConfiguredObject): RecordDecoder {
  return orRefuse(RecordDecoder.create(spec, machine.facts.btf, machine.kernel, choices));
}

/** The maps of others that a restored object had; one that is gone is made anew. */
function reusedOn(host: KernelHost, node: string, reused: ReusedMaps): Map<string, BpfMap> {
  const maps = new Map<string, BpfMap>();
  for (const [name, ids] of Object.entries(reused)) {
    const map = ids[node] === undefined ? undefined : host.objects.findMap(ids[node])?.nodes.get(node);
    if (map) maps.set(name, map);
  }
  return maps;
}

/**
 * @param like the object on another node, where it has been verified
 * @param reuse given when it is restored: nothing is pinned then
 */
function loadOn(
  { name, machine }: ClusterNode,
  object: ObjectSpec,
  like: Collection | undefined,
  reuse: ReadonlyMap<string, BpfMap> | undefined,
  pinByName: boolean,
): ObjectOnNode {
  const collection = withinMemory(() => {
    const options = { object, reuse, pinByName: pinByName && reuse === undefined };
    const loaded = machine.load({ ...options, like, logLevel: LOG_STATS });
    // As libbpf: the log, which takes its time, only when there is something to explain.
    return orRefuse(loaded.ok ? loaded : machine.load({ ...options, logLevel: LOG_ALL }));
  });
  const { usedBytes } = machine.memory;
  if (usedBytes > NODE_MEMORY_BYTES - KERNEL_RESERVE_BYTES) {
    giveBack(machine, collection);
    throw noMemory(`its maps leave too little of node ${name}'s memory to the kernel`);
  }
  return { node: name, machine, collection };
}

/** Takes back a load, with what it has pinned by name. */
function giveBack(machine: ClusterNode['machine'], collection: Collection): void {
  unpinMapsOf(machine, collection);
  collection.unload();
}

function withinMemory(load: () => Collection): Collection {
  try {
    return load();
  } catch (error) {
    if (error instanceof MemoryLimitError) throw noMemory(error.message);
    throw error;
  }
}

function noMemory(why: string): CommandRefused {
  return new CommandRefused(
    diagnostic('no-memory', `${why} (ENOMEM)`, {
      errno: ENOMEM,
      hint: 'lower max_entries, or unload something',
    }),
  );
}

function makeEntry(
  host: KernelHost,
  { object_id, name, first_map_id }: LoadObject,
  spec: ObjectSpec,
  decoder: RecordDecoder,
  nodes: readonly ObjectOnNode[],
  ids: ReadonlyMap<string, number>,
): ObjectEntry {
  const programs = new Map<number, ProgramEntry>();
  const maps = new Map<number, MapEntry>();
  const links = new Map();
  const entry: ObjectEntry = {
    id: object_id,
    name,
    spec,
    decoder,
    nodes,
    programs,
    maps,
    links,
    unloaded: false,
  };
  const [{ collection: first }] = nodes;
  first.programs.forEach((program, index) => {
    const id = ids.get(program.name)!;
    const perNode = new Map(nodes.map(({ node, collection }) => [node, collection.programs[index]]));
    programs.set(id, { id, name: program.name, object: entry, nodes: perNode });
  });
  [...first.maps.keys()].forEach((map, index) => {
    const id = first_map_id + index;
    const own = new Map<string, BpfMap>();
    for (const { node, collection } of nodes) {
      const made = collection.maps.get(map)!;
      const shared = host.objects.entryOfMap(made);
      if (shared) maps.set(shared.id, shared);
      else own.set(node, made);
    }
    if (own.size > 0) maps.set(id, { id, name: map, object: entry, nodes: own });
  });
  return entry;
}
