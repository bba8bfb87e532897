import type { Collection, Link, Machine, PinnedObject, RecordDecoder } from '@probed/machine';
import type { BpfMap } from '@probed/maps';
import type { ObjectSpec } from '@probed/object';
import type { LoadedProgram } from '@probed/runtime';
import type { MapInfo } from '@probed/spec';
import type { CreateLink } from '../kernel/commands';
import { refuse } from './refuse';

const ENOENT = 2;

/** An object on one node. */
export interface ObjectOnNode {
  readonly node: string;
  readonly machine: Machine;
  readonly collection: Collection;
}

/** A program, the same on all nodes of its object. */
export interface ProgramEntry {
  readonly id: number;
  readonly name: string;
  readonly object: ObjectEntry;
  /** By node. */
  readonly nodes: Map<string, LoadedProgram>;
}

/** A map; `object` made it, others may have it as well. */
export interface MapEntry {
  readonly id: number;
  readonly name: string;
  readonly object: ObjectEntry;
  /** By node. */
  readonly nodes: Map<string, BpfMap>;
}

export interface LinkEntry {
  readonly id: number;
  /** The object that it came with; after an update, not always its program's. */
  readonly object: ObjectEntry;
  /** What runs there now. */
  program: ProgramEntry;
  readonly request: CreateLink;
  readonly hook: string;
  readonly state: 'live' | 'inert';
  /** By node. */
  readonly nodes: Map<string, Link>;
}

export type Pinnable = ProgramEntry | MapEntry | LinkEntry;

/** An object that user space has loaded. */
export interface ObjectEntry {
  readonly id: number;
  readonly name: string;
  readonly spec: ObjectSpec;
  readonly decoder: RecordDecoder;
  readonly nodes: readonly ObjectOnNode[];
  readonly programs: Map<number, ProgramEntry>;
  readonly maps: Map<number, MapEntry>;
  readonly links: Map<number, LinkEntry>;
  /** Unloaded: what is still here is pinned, or held by what is. */
  unloaded: boolean;
}

/** Where the records of a map come from. */
export interface RecordSource {
  readonly object: ObjectEntry;
  readonly mapId: number;
}

/** What user space has loaded, by the ids that it gave. */
export class ObjectTable {
  private readonly objects = new Map<number, ObjectEntry>();
  private readonly sources = new WeakMap<MapInfo, RecordSource>();
  private readonly entries = new WeakMap<LoadedProgram | BpfMap | Link, Pinnable>();
  /** Ids of programs by node and the machine's own id, also of those that have been unloaded since. */
  private readonly programIds = new Map<string, Map<number, number>>();

  add(object: ObjectEntry): void {
    this.objects.set(object.id, object);
    for (const program of object.programs.values()) {
      for (const [node, loaded] of program.nodes) {
        this.entries.set(loaded, program);
        this.idsOn(node).set(loaded.id, program.id);
      }
    }
    for (const map of object.maps.values()) {
      if (map.object !== object) continue;
      for (const one of map.nodes.values()) {
        this.entries.set(one, map);
        this.sources.set(one.info, { object, mapId: map.id });
      }
    }
  }

  addLink(link: LinkEntry): void {
    link.object.links.set(link.id, link);
    for (const one of link.nodes.values()) this.entries.set(one, link);
  }

  /** Who has a map, as far as somebody here loaded it. */
  entryOfMap(map: BpfMap): MapEntry | undefined {
    return this.entries.get(map) as MapEntry | undefined;
  }

  /** What a pin is of, by the ids of user space. */
  entryOf(object: PinnedObject): Pinnable | undefined {
    return this.entries.get(
      object.kind === 'prog' ? object.program : object.kind === 'map' ? object.map : object.link,
    );
  }

  /** @returns 0 when nobody here loaded it */
  programId(node: string, loadedId: number): number {
    return this.idsOn(node).get(loadedId) ?? 0;
  }

  private idsOn(node: string): Map<number, number> {
    let ids = this.programIds.get(node);
    if (!ids) {
      ids = new Map();
      this.programIds.set(node, ids);
    }
    return ids;
  }

  remove(object: ObjectEntry): void {
    this.objects.delete(object.id);
  }

  all(): Iterable<ObjectEntry> {
    return this.objects.values();
  }

  has(id: number): boolean {
    return this.objects.has(id);
  }

  /** @throws CommandRefused `no-such-object` */
  object(id: number): ObjectEntry {
    return this.objects.get(id) ?? noSuch('object', id);
  }

  /** @throws CommandRefused `no-such-program` */
  program(id: number): ProgramEntry {
    return this.find(({ programs }) => programs.get(id)) ?? noSuch('program', id);
  }

  /** @throws CommandRefused `no-such-map` */
  map(id: number): MapEntry {
    return this.findMap(id) ?? noSuch('map', id);
  }

  findMap(id: number): MapEntry | undefined {
    return this.find(({ maps }) => maps.get(id));
  }

  /** @throws CommandRefused `no-such-link` */
  link(id: number): LinkEntry {
    return this.find(({ links }) => links.get(id)) ?? noSuch('link', id);
  }

  hasLink(id: number): boolean {
    return this.find(({ links }) => links.get(id)) !== undefined;
  }

  /** Of a map that some object has or had. */
  sourceOf(map: MapInfo): RecordSource {
    const source = this.sources.get(map);
    if (!source) throw new Error(`invariant broken: records come from map ${map.name}, which nobody loaded`);
    return source;
  }

  private find<T>(look: (object: ObjectEntry) => T | undefined): T | undefined {
    for (const object of this.objects.values()) {
      const found = look(object);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function noSuch(what: string, id: number): never {
  return refuse(`no-such-${what}`, `no ${what} of id ${id}`, { errno: ENOENT });
}
