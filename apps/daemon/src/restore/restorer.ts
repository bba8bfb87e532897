import type { LinkRow, ObjectRow } from '@probed/store';
import type { Logger } from '../app/logger';
import type { CreateLink } from '../kernel/commands';
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
 * Loads what is stored into a kernel that has just booted, under the ids that it had. What the kernel refuses stays
 * stored and listed as failed; the rest goes on.
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
      const objects = await this.store.call('object.list', null);
      const links = await this.store.call('link.list', null);
      let failed = 0;
      let linked = 0;
      for (const row of objects) {
        const object = new RegisteredObject(row);
        if (suspects.has(row.id)) this.fail(object, 'the kernel thread died while loading it');
        else await this.loadObject(row, object);
        if (object.state === 'failed') failed++;
        else linked += await this.makeLinks(object, links);
        // Only now: until then lists show it as the last boot had it.
        this.registry.add(object);
      }
      return { objects: objects.length - failed, links: linked, failed };
    });
  }

  private async loadObject(row: ObjectRow, object: RegisteredObject): Promise<void> {
    const { id, name, bytes, first_program_id, first_map_id, without } = row;
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
      });
      object.loaded(loaded);
    } catch (error) {
      if (!(error instanceof CommandRefused)) throw error;
      this.fail(object, error.message);
    }
  }

  private async makeLinks(object: RegisteredObject, rows: readonly LinkRow[]): Promise<number> {
    let made = 0;
    for (const row of rows) {
      if (row.object_id !== object.id || object.without.includes(row.program_id)) continue;
      const request = JSON.parse(row.request) as CreateLink;
      try {
        const link = await this.kernel.call('link.create', request);
        object.links.set(row.id, { link, request, created_at: row.created_at });
        made++;
      } catch (error) {
        if (!(error instanceof CommandRefused)) throw error;
        this.log.warn(`link ${row.id} of ${object.row.name} was not restored: ${error.message}`);
      }
    }
    return made;
  }

  private fail(object: RegisteredObject, error: string): void {
    object.failed(error);
    this.log.warn(`object ${object.row.name} (id ${object.id}) was not restored: ${error}`);
  }
}
