import { type BpfMap, ProgArrayMap } from '@probed/maps';
import { type BpfRuntime, LoadedProgram } from '@probed/runtime';
import { MapType } from '@probed/spec';
import type { Collection, Link } from '../collection';
import type { OutputDrain } from '../output/drain';
import type { Bpffs } from './bpffs';

/** What user space lets go of: it is destroyed unless something else still holds it. */
export interface LetGo {
  readonly links?: Iterable<Link>;
  readonly programs?: Iterable<LoadedProgram>;
  readonly maps?: Iterable<BpfMap>;
}

/** Objects that somebody holds. */
export interface Held {
  readonly links: ReadonlySet<Link>;
  readonly programs: ReadonlySet<LoadedProgram>;
  readonly maps: ReadonlySet<BpfMap>;
}

/**
 * Who holds what in the kernel of one node. User space holds what its collections have and what is pinned; a link
 * holds its program, a program its maps, a map-in-map its inner maps, a program array its programs. What nobody holds
 * any more is destroyed, as by the last `bpf_link_put`, `bpf_prog_put`, `bpf_map_put` (kernel/bpf/syscall.c). Links and
 * slots can change at any time, so nothing is counted: holders are looked up when something is let go of.
 */
export class References {
  private readonly links = new Set<Link>();
  private readonly programs = new Set<LoadedProgram>();
  private readonly maps = new Set<BpfMap>();
  private readonly mapsOf = new WeakMap<LoadedProgram, readonly BpfMap[]>();
  private readonly iterated = new WeakMap<Link, BpfMap>();

  constructor(
    private readonly collections: readonly Collection[],
    private readonly bpffs: Pick<Bpffs, 'pins'>,
    private readonly runtime: BpfRuntime,
    private readonly outputs: OutputDrain,
  ) {}

  /** A program has been loaded; it holds those of its collection's maps that it refers to. */
  loaded(program: LoadedProgram, maps: ReadonlyMap<string, BpfMap>): void {
    const names = new Set<string>();
    for (const ref of program.spec.refs.values())
      if (ref.kind === 'map' || ref.kind === 'map-value') names.add(ref.map);
    this.mapsOf.set(
      program,
      [...names].flatMap((name) => maps.get(name) ?? []),
    );
  }

  /** An iterator goes over the elements of a map; its link holds it (kernel/bpf/map_iter.c: bpf_iter_attach_map). */
  iterates(link: Link, map: BpfMap): void {
    this.iterated.set(link, map);
  }

  /** A collection or one of its links is given up: what nothing else holds goes, the rest goes with its last holder. */
  letGo({ links = [], programs = [], maps = [] }: LetGo): void {
    for (const link of links) this.links.add(link);
    for (const program of programs) this.programs.add(program);
    for (const map of maps) this.maps.add(map);
    this.sweep();
  }

  /** Destroys what was let go of and is held no more. */
  sweep(): void {
    if (this.links.size + this.programs.size + this.maps.size === 0) return;
    this.emptyProgArrays();
    const held = this.held();
    for (const link of this.links) {
      if (held.links.has(link)) continue;
      this.links.delete(link);
      link.attachment.detach();
    }
    for (const program of this.programs) {
      if (held.programs.has(program)) continue;
      this.programs.delete(program);
      this.runtime.unload(program);
    }
    for (const map of this.maps) {
      if (held.maps.has(map)) continue;
      this.maps.delete(map);
      this.outputs.remove(map);
      map.destroy();
    }
  }

  /**
   * A program array that user space holds no more is emptied, though programs may hold it: else programs that jump to
   * each other would never go (kernel/bpf/syscall.c: bpf_map_put_uref; kernel/bpf/arraymap.c: prog_array_map_clear).
   */
  private emptyProgArrays(): void {
    const byUser = new Set<BpfMap>(this.collections.flatMap(({ maps }) => [...maps.values()]));
    for (const { object } of this.bpffs.pins()) if (object.kind === 'map') byUser.add(object.map);
    for (const map of this.maps) {
      if (!(map instanceof ProgArrayMap) || byUser.has(map)) continue;
      for (const { key } of [...map.entries()]) map.deleteElem(key);
    }
  }

  /** All that somebody holds now, be it of an unloaded collection; or would hold without one of the collections. */
  held(without?: Collection): Held {
    const walk = new Walk(this.runtime, this.mapsOf, this.iterated);
    for (const collection of this.collections) {
      if (collection === without) continue;
      const { links, programs, maps } = collection;
      for (const link of links) walk.link(link);
      for (const program of programs) walk.program(program);
      for (const map of maps.values()) walk.map(map);
    }
    for (const { object } of this.bpffs.pins()) {
      if (object.kind === 'link') walk.link(object.link);
      else if (object.kind === 'prog') walk.program(object.program);
      else walk.map(object.map);
    }
    return walk;
  }
}

/** Follows references from what user space holds. */
class Walk implements Held {
  readonly links = new Set<Link>();
  readonly programs = new Set<LoadedProgram>();
  readonly maps = new Set<BpfMap>();

  constructor(
    private readonly runtime: BpfRuntime,
    private readonly mapsOf: WeakMap<LoadedProgram, readonly BpfMap[]>,
    private readonly iterated: WeakMap<Link, BpfMap>,
  ) {}

  link(link: Link): void {
    this.links.add(link);
    this.program(link.program);
    const map = this.iterated.get(link);
    if (map) this.map(map);
  }

  program(program: LoadedProgram): void {
    if (this.programs.has(program)) return;
    this.programs.add(program);
    for (const map of this.mapsOf.get(program) ?? []) this.map(map);
  }

  map(map: BpfMap): void {
    if (this.maps.has(map)) return;
    this.maps.add(map);
    if (map instanceof ProgArrayMap) this.slotsOfPrograms(map);
    else if (map.info.type === MapType.ARRAY_OF_MAPS || map.info.type === MapType.HASH_OF_MAPS)
      this.innerMaps(map);
  }

  private slotsOfPrograms(map: ProgArrayMap): void {
    for (const { key } of map.entries()) {
      const program = map.programAt(u32(key));
      if (program instanceof LoadedProgram) this.program(program);
    }
  }

  private innerMaps(map: BpfMap): void {
    for (const { value } of map.entries()) {
      const inner = this.runtime.maps.byId(u32(value));
      if (inner) this.map(inner);
    }
  }
}

function u32(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}
