import type { Link, LoadOptions, MapInfo, ObjectInfo, Program } from '@probed/protocol';
import type { LinkRow, ObjectRow } from '@probed/store';
import type { CreateLink, KernelLink, KernelProgram, LoadedObject, Remains } from '../kernel/commands';
import type { PinTable } from './pin-table';

/** A link with what made it and when. */
export interface RegisteredLink {
  readonly link: KernelLink;
  readonly created_at: string;
  readonly request: CreateLink;
}

/** An uploaded object as user space knows it: its row in the store and what the kernel of this boot made of it. */
export class RegisteredObject {
  /** `failed`: stored, but this boot's kernel refused it. `unloaded`: what is still here is pinned, or needed by what is. */
  state: 'loaded' | 'failed' | 'unloaded' = 'failed';
  error: string | undefined;
  programs: readonly KernelProgram[] = [];
  maps: readonly MapInfo[] = [];
  readonly links = new Map<number, RegisteredLink>();
  without: readonly number[];
  readonly size: number;
  readonly options: LoadOptions;
  readonly row: Omit<ObjectRow, 'bytes'>;

  constructor({ bytes, ...row }: ObjectRow) {
    this.row = row;
    this.without = row.without;
    this.size = bytes.length;
    this.options = JSON.parse(row.options) as LoadOptions;
  }

  get id(): number {
    return this.row.id;
  }

  /** The kernel took it. Links are entered one by one. */
  loaded({ programs, maps }: Pick<LoadedObject, 'programs' | 'maps'>): void {
    this.state = 'loaded';
    this.error = undefined;
    this.programs = programs;
    this.maps = maps;
    this.links.clear();
  }

  /** It is unloaded; this is what there still is of it. */
  reduced({ programs, maps, links }: Pick<Remains, 'programs' | 'maps' | 'links'>): void {
    this.state = 'unloaded';
    this.programs = programs;
    this.maps = maps;
    const ids = new Set(links.map(({ id }) => id));
    for (const id of this.links.keys()) if (!ids.has(id)) this.links.delete(id);
  }

  /** The kernel of this boot does not have it. */
  failed(error: string): void {
    this.state = 'failed';
    this.error = error;
    this.programs = [];
    this.maps = [];
    this.links.clear();
  }

  removeProgram(programId: number): void {
    this.programs = this.programs.filter((program) => program.id !== programId);
    this.without = [...this.without, programId];
    for (const [id, { link }] of this.links) if (link.program_id === programId) this.links.delete(id);
  }

  wireLinks(pins: PinTable): Link[] {
    return [...this.links.values()].map(({ link, created_at }) => ({
      ...link,
      created_at,
      ...pinned(pins.pathsOf('link', link.id)),
    }));
  }

  /** @param links of all objects: one of another object may run a program of this one */
  wirePrograms(pins: PinTable, links: readonly Link[]): Program[] {
    return this.programs.map((program) => ({
      ...program,
      loaded_at: this.row.loaded_at,
      link_ids: links.filter((link) => link.program_id === program.id).map((link) => link.id),
      ...pinned(pins.pathsOf('prog', program.id)),
    }));
  }

  wireMaps(pins: PinTable): MapInfo[] {
    return this.maps.map((map) => ({ ...map, ...pinned(pins.pathsOf('map', map.id)) }));
  }

  wire(pins: PinTable, links: readonly Link[]): ObjectInfo {
    const { id, name, sha256, loaded_at } = this.row;
    return {
      id,
      name,
      sha256,
      size: this.size,
      loaded_at,
      state: this.state,
      ...(this.error !== undefined && { error: this.error }),
      programs: this.wirePrograms(pins, links),
      maps: this.wireMaps(pins),
      links: this.wireLinks(pins),
    };
  }
}

/** Left out where it is pinned nowhere. */
function pinned(paths: string[]): { pinned?: string[] } {
  return paths.length > 0 ? { pinned: paths } : {};
}

/** The row that makes a link again at the next boot. */
export function linkRow(objectId: number, { link, request, created_at }: RegisteredLink): LinkRow {
  return {
    id: request.link_id,
    object_id: objectId,
    // What runs there now; the request has the program that it was made with.
    program_id: link.program_id,
    created_at,
    request: JSON.stringify(request),
  };
}
