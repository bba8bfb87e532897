import type { Collection, Link, Machine, RecordDecoder } from '@probed/machine';
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
  readonly nodes: ReadonlyMap<string, LoadedProgram>;
}

export interface MapEntry {
  readonly id: number;
  readonly name: string;
  readonly object: ObjectEntry;
  /** By node. */
  readonly nodes: ReadonlyMap<string, BpfMap>;
}

export interface LinkEntry {
  readonly id: number;
  readonly program: ProgramEntry;
  readonly request: CreateLink;
  readonly hook: string;
  readonly state: 'live' | 'inert';
  /** By node. */
  readonly nodes: ReadonlyMap<string, Link>;
}

/** An object that user space has loaded. */
export interface ObjectEntry {
  readonly id: number;
  readonly name: string;
  readonly spec: ObjectSpec;
  readonly decoder: RecordDecoder;
  readonly nodes: readonly ObjectOnNode[];
  readonly programs: Map<number, ProgramEntry>;
  readonly maps: ReadonlyMap<number, MapEntry>;
  readonly links: Map<number, LinkEntry>;
}

/** Where the records of a map come from. */
export interface RecordSource {
  readonly object: ObjectEntry;
  readonly mapId: number;
  /** Ids of programs by name, also of those that have been unloaded since. */
  readonly programIds: ReadonlyMap<string, number>;
}

/** What user space has loaded, by the ids that it gave. */
export class ObjectTable {
  private readonly objects = new Map<number, ObjectEntry>();
  private readonly sources = new WeakMap<MapInfo, RecordSource>();

  add(object: ObjectEntry): void {
    this.objects.set(object.id, object);
    const programIds = new Map([...object.programs.values()].map(({ id, name }) => [name, id]));
    for (const { id, nodes } of object.maps.values())
      for (const map of nodes.values()) this.sources.set(map.info, { object, mapId: id, programIds });
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
    return this.find(({ maps }) => maps.get(id)) ?? noSuch('map', id);
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
