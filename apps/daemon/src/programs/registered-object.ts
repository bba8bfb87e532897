import type { Link, LoadOptions, MapInfo, ObjectInfo, Program } from '@probed/protocol';
import type { LinkRow, ObjectRow } from '@probed/store';
import type { CreateLink, KernelLink, KernelProgram, LoadedObject } from '../kernel/commands';

/** A link with what made it and when. */
export interface RegisteredLink {
  readonly link: KernelLink;
  readonly created_at: string;
  readonly request: CreateLink;
}

/** An uploaded object as user space knows it: its row in the store and what the kernel of this boot made of it. */
export class RegisteredObject {
  /** `failed`: stored, but this boot's kernel refused it. */
  state: 'loaded' | 'failed' = 'failed';
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

  wireLinks(): Link[] {
    return [...this.links.values()].map(({ link, created_at }) => ({ ...link, created_at }));
  }

  wirePrograms(): Program[] {
    const links = this.wireLinks();
    return this.programs.map((program) => ({
      ...program,
      loaded_at: this.row.loaded_at,
      link_ids: links.filter((link) => link.program_id === program.id).map((link) => link.id),
    }));
  }

  wire(): ObjectInfo {
    const { id, name, sha256, loaded_at } = this.row;
    return {
      id,
      name,
      sha256,
      size: this.size,
      loaded_at,
      state: this.state,
      ...(this.error !== undefined && { error: this.error }),
      programs: this.wirePrograms(),
      maps: [...this.maps],
      links: this.wireLinks(),
    };
  }
}

/** The row that makes a link again at the next boot. */
export function linkRow(objectId: number, { request, created_at }: RegisteredLink): LinkRow {
  const { link_id, program_id } = request;
  return {
    id: link_id,
    object_id: objectId,
    program_id,
    created_at,
    request: JSON.stringify(request),
  };
}
