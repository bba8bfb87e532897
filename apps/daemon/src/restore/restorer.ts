import type { BpffsRow, LinkRow, ObjectRow } from '@probed/store';
import type { Logger } from '../app/logger';
import type { CreateLink, KernelLink } from '../kernel/commands';
import type { KernelPort, StorePort } from '../programs/ports';
import type { ProgramRegistry } from '../programs/program-registry';
import type { ProgramService } from '../programs/program-service';
import { RegisteredObject } from '../programs/registered-object';
import { CommandRefused } from '../threads/rpc';

/** What a boot came back with. */
export interface Restored {
  readonly objects: number;
  readonly links: number;
  readonly failed: number;
}

/**
 * Loads what is stored into a kernel that has just booted, under the ids that it had: objects, links, pins, what pinned
 * maps held. What the kernel refuses stays stored and listed as failed; the rest goes on.
 */
export class Restorer {
  constructor(
    private readonly kernel: KernelPort,
    private readonly store: StorePort,
    private readonly registry: ProgramRegistry,
    private readonly programs: ProgramService,
    private readonly log: Logger,
  ) {}

  /**
   * @param suspects ids of objects in whose loading the thread died before
   * @throws ThreadUnavailable when the thread dies on the way
   */
  restore(suspects: ReadonlySet<number> = new Set()): Promise<Restored> {
    return this.programs.exclusively(async () => {
      const objects: RegisteredObject[] = [];
      for (const row of await this.store.call('object.list', null)) {
        const object = new RegisteredObject(row);
        if (suspects.has(row.id)) this.fail(object, 'the kernel thread died while loading it');
        else await this.loadObject(row, object);
        objects.push(object);
      }
      const links = await this.makeLinks(objects, await this.store.call('link.list', null));
      const pins = await this.store.call('bpffs.list', null);
      await this.pin(pins);
      await this.fillMaps();
      await this.unloadAgain(objects);
      // Only now: until then lists show it as the last boot had it.
      for (const object of objects) this.registry.add(object);
      this.registry.pins.set(pins);
      const failed = objects.filter(({ state }) => state === 'failed').length;
      return { objects: objects.length - failed, links, failed };
    });
  }

  private async loadObject(row: ObjectRow, object: RegisteredObject): Promise<void> {
    const { id, name, bytes, first_program_id, first_map_id, without, reused } = row;
    try {
      const loaded = await this.kernel.call('object.load', {
        object_id: id,
        name,
        bytes,
        first_program_id,
        first_map_id,
        first_link_id: 0,
        // Links are made one by one, as they were when the last boot ended.
        options: { ...object.options, attach: false },
        without,
        reused,
      });
      object.loaded(loaded);
    } catch (error) {
      if (!(error instanceof CommandRefused)) throw error;
      this.fail(object, error.message);
    }
  }

  /** Once all objects are loaded: a link of one may run a program of another. */
  private async makeLinks(objects: readonly RegisteredObject[], rows: readonly LinkRow[]): Promise<number> {
    let made = 0;
    for (const row of rows) {
      const object = objects.find(({ id }) => id === row.object_id);
      if (!object || object.state === 'failed' || object.without.includes(row.program_id)) continue;
      const request = JSON.parse(row.request) as CreateLink;
      try {
        const link = await this.makeLink(row, request, object);
        object.links.set(row.id, { link, request, created_at: row.created_at });
        made++;
      } catch (error) {
        if (!(error instanceof CommandRefused)) throw error;
        this.log.warn(`link ${row.id} of ${object.row.name} was not restored: ${error.message}`);
      }
    }
    return made;
  }

  private async makeLink(row: LinkRow, request: CreateLink, object: RegisteredObject): Promise<KernelLink> {
    const { program_id } = row;
    // The program that it was made with may have been unloaded since another one is behind it.
    if (object.without.includes(request.program_id))
      return this.kernel.call('link.create', { ...request, program_id });
    const link = await this.kernel.call('link.create', request);
    if (program_id === request.program_id) return link;
    return (await this.kernel.call('link.update', { link_id: row.id, program_id })).link;
  }

  private async pin(rows: readonly BpffsRow[]): Promise<void> {
    if (rows.length === 0) return;
    const pins = rows.map(({ created_at: _, ...pin }) => pin);
    const failed = await this.kernel.call('bpffs.restore', { pins });
    for (const { pin, error } of failed)
      this.log.warn(`${pin.path} on ${pin.node} was not restored: ${error}`);
  }

  private async fillMaps(): Promise<void> {
    for (const { map_id, node, bytes } of await this.store.call('contents.list', null))
      await this.kernel.call('map.restore', { map_id, node, bytes: Uint8Array.from(bytes) });
  }

  /** Of objects that were unloaded, only what is pinned is to be there. */
  private async unloadAgain(objects: readonly RegisteredObject[]): Promise<void> {
    const unloaded = objects.filter(({ row, state }) => row.unloaded && state === 'loaded');
    let remains: Awaited<ReturnType<typeof this.unload>> = [];
    for (const { id } of unloaded) remains = await this.unload(id);
    for (const object of unloaded) {
      const left = remains.find(({ object_id }) => object_id === object.id);
      if (left) object.reduced(left);
      else this.fail(object, 'nothing of it that is pinned came back');
    }
  }

  private async unload(object_id: number) {
    return (await this.kernel.call('object.unload', { object_id })).remains;
  }

  private fail(object: RegisteredObject, error: string): void {
    object.failed(error);
    this.log.warn(`object ${object.row.name} (id ${object.id}) was not restored: ${error}`);
  }
}
