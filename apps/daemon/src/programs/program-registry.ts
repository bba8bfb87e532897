import { diagnostic } from '@probed/base';
import type { Link, MapInfo, ObjectInfo, Program } from '@probed/protocol';
import type { KernelLink } from '../kernel/commands';
import { CommandRefused, ThreadUnavailable } from '../threads/rpc';
import { PinTable } from './pin-table';
import type { KernelPort } from './ports';
import type { RegisteredObject } from './registered-object';

/** A list shows older counters rather than keep its reader waiting for a busy kernel. */
const COUNTERS_TIMEOUT_MS = 1_000;

/**
 * Objects, programs, maps and links that are loaded or stored, by id and by name. It answers while the kernel thread
 * is busy or restarting; counters are then the last known ones.
 */
export class ProgramRegistry {
  /** What is pinned where. */
  readonly pins = new PinTable();
  private readonly objects = new Map<number, RegisteredObject>();
  private refreshing: Promise<void> | undefined;

  constructor(private readonly kernel: KernelPort) {}

  add(object: RegisteredObject): void {
    this.objects.set(object.id, object);
  }

  remove(objectId: number): void {
    this.objects.delete(objectId);
  }

  /** All of them, by id. */
  all(): readonly RegisteredObject[] {
    return [...this.objects.values()].sort((a, b) => a.id - b.id);
  }

  async listObjects(): Promise<ObjectInfo[]> {
    await this.refreshCounters();
    const links = this.listLinks();
    return this.all().map((object) => object.wire(this.pins, links));
  }

  async listPrograms(): Promise<Program[]> {
    await this.refreshCounters();
    const links = this.listLinks();
    return this.all().flatMap((object) => object.wirePrograms(this.pins, links));
  }

  listLinks(): Link[] {
    return this.all().flatMap((object) => object.wireLinks(this.pins));
  }

  listMaps(): MapInfo[] {
    const maps = new Map<number, MapInfo>();
    // A map that several objects share is listed once.
    for (const object of this.all()) for (const map of object.wireMaps(this.pins)) maps.set(map.id, map);
    return [...maps.values()];
  }

  /** @throws CommandRefused `no-such-object` */
  object(id: number): RegisteredObject {
    return this.objects.get(id) ?? missing('object', id);
  }

  /** @throws CommandRefused `no-such-program` */
  async program(id: number): Promise<Program> {
    await this.refreshCounters();
    return this.ownerOfProgram(id)
      .wirePrograms(this.pins, this.listLinks())
      .find((program) => program.id === id)!;
  }

  /** One object as it goes over the wire. */
  wire(object: RegisteredObject): ObjectInfo {
    return object.wire(this.pins, this.listLinks());
  }

  /** @throws CommandRefused `no-such-link` */
  link(id: number): Link {
    return this.ownerOfLink(id)
      .wireLinks(this.pins)
      .find((link) => link.id === id)!;
  }

  /** The object that a loaded program came with. @throws CommandRefused `no-such-program` */
  ownerOfProgram(id: number): RegisteredObject {
    const owner = this.all().find((object) => object.programs.some((program) => program.id === id));
    return owner ?? missing('program', id);
  }

  /** The object that a link came with. @throws CommandRefused `no-such-link` */
  ownerOfLink(id: number): RegisteredObject {
    return this.all().find((object) => object.links.has(id)) ?? missing('link', id);
  }

  /** @throws CommandRefused `no-such-map` */
  map(id: number): MapInfo {
    return this.listMaps().find((map) => map.id === id) ?? missing('map', id);
  }

  /** A map by decimal id, `NAME`, or `OBJECT/NAME`; of several by a name the newest. */
  findMap(nameOrId: string): MapInfo | undefined {
    const maps = this.listMaps();
    const byId = /^\d+$/.test(nameOrId) ? maps.find((map) => map.id === Number(nameOrId)) : undefined;
    return (
      byId ??
      maps.findLast(({ name, object }) => name === nameOrId || `${object}/${name}` === nameOrId) ??
      this.findSharedMap(nameOrId)
    );
  }

  /** One that several objects have is listed with one of them, and goes by the names of the others too. */
  private findSharedMap(fullName: string): MapInfo | undefined {
    for (const object of this.all())
      for (const map of object.wireMaps(this.pins))
        if (`${object.row.name}/${map.name}` === fullName) return map;
    return undefined;
  }

  /** Run counts from the kernel; when it can't say them, those of last time stay. */
  refreshCounters(): Promise<void> {
    this.refreshing ??= this.readCounters().finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  private async readCounters(): Promise<void> {
    if (this.kernel.state.state !== 'running') return;
    try {
      const listed = await this.kernel.call('program.list', null, { timeoutMs: COUNTERS_TIMEOUT_MS });
      const byId = new Map(listed.map((program) => [program.id, program]));
      for (const object of this.objects.values()) {
        object.programs = object.programs.map((program) => byId.get(program.id) ?? program);
      }
      this.refreshLinks(await this.kernel.call('link.list', null, { timeoutMs: COUNTERS_TIMEOUT_MS }));
    } catch (error) {
      if (!(error instanceof ThreadUnavailable)) throw error;
    }
  }

  private refreshLinks(listed: readonly KernelLink[]): void {
    const byId = new Map(listed.map((link) => [link.id, link]));
    for (const { links } of this.objects.values()) {
      for (const [id, known] of links) {
        const link = byId.get(id);
        if (link) links.set(id, { ...known, link });
      }
    }
  }
}

const LISTED_BY: Readonly<Record<string, string>> = {
  object: 'GET /api/v1/objects',
  program: 'GET /api/v1/programs',
  map: 'GET /api/v1/maps',
  link: 'GET /api/v1/links',
};

function missing(what: string, id: number): never {
  const hint = `${LISTED_BY[what]} lists them`;
  throw new CommandRefused(diagnostic(`no-such-${what}`, `no ${what} ${id}`, { errno: 2, hint }));
}
