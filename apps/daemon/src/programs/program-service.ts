import { createHash } from 'node:crypto';
import { diagnostic } from '@probed/base';
import type { AttachOptions, Link, LoadOptions, ObjectInfo } from '@probed/protocol';
import type { NextIds, ObjectRow } from '@probed/store';
import type { CreateLink, LoadedObject } from '../kernel/commands';
import { CommandRefused, ThreadUnavailable } from '../threads/rpc';
import { Mutex } from './mutex';
import type { KernelPort, StorePort } from './ports';
import type { ProgramRegistry } from './program-registry';
import { linkRow, RegisteredObject } from './registered-object';

/** Who uploaded an object: it decides whether the demo loads its own again. */
export type ObjectOrigin = 'user' | 'demo';

export interface Upload {
  readonly bytes: Uint8Array;
  readonly options: LoadOptions;
  readonly origin: ObjectOrigin;
}

/** Far beyond what anybody watches; guards against a client that loads in a loop. */
const OBJECTS_MAX = 512;

/**
 * What changes programs and links: kernel and store together, one change at a time. A change is answered only when it
 * is committed; a change that can't be stored is undone.
 */
export class ProgramService {
  private readonly mutex = new Mutex();

  /** @param now wall time, for `loaded_at` and `created_at` */
  constructor(
    private readonly kernel: KernelPort,
    private readonly store: StorePort,
    private readonly registry: ProgramRegistry,
    private readonly now: () => Date = () => new Date(),
  ) {}

  /** Runs while nothing is being loaded, unloaded, attached or detached: restoring does. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    return this.mutex.run(work);
  }

  /** Verifies, compiles, attaches, stores. @throws CommandRefused, ThreadUnavailable */
  load(upload: Upload): Promise<ObjectInfo> {
    return this.mutex.run(async () => {
      if (this.registry.all().length >= OBJECTS_MAX) {
        const hint = 'unload some: DELETE /api/v1/objects/ID';
        throw new CommandRefused(
          diagnostic('too-many-objects', `${OBJECTS_MAX} objects are loaded`, { hint }),
        );
      }
      const ids = await this.store.call('ids.next', null);
      const loaded = await this.loadIntoKernel(upload, ids);
      const object = this.registered(upload, ids, loaded);
      const links = [...object.links.values()].map((link) => linkRow(object.id, link));
      const row: ObjectRow = { ...object.row, bytes: upload.bytes };
      await this.orUndo(
        () => this.store.call('object.save', { object: row, links }),
        () => this.kernel.call('object.unload', { object_id: object.id }),
      );
      this.registry.add(object);
      return object.wire();
    });
  }

  unload(objectId: number): Promise<void> {
    return this.mutex.run(() => this.unloadNow(this.registry.object(objectId)));
  }

  /** Unloads one program; with the last one its object goes. */
  unloadProgram(programId: number): Promise<void> {
    return this.mutex.run(async () => {
      const owner = this.registry.ownerOfProgram(programId);
      if (owner.programs.length === 1) return this.unloadNow(owner);
      this.ensureKernel();
      const without = [...owner.without, programId];
      await this.store.call('object.set_without', { id: owner.id, without });
      await this.whatIsStored(() => this.kernel.call('program.unload', { program_id: programId }));
      const links = owner.wireLinks().filter((link) => link.program_id === programId);
      owner.removeProgram(programId);
      for (const { id } of links) await this.store.call('link.delete', { id });
    });
  }

  attach(programId: number, options: AttachOptions, node?: string): Promise<Link> {
    return this.mutex.run(async () => {
      const owner = this.registry.ownerOfProgram(programId);
      const { link: link_id } = await this.store.call('ids.next', null);
      const request: CreateLink = { ...options, link_id, program_id: programId, ...(node && { node }) };
      const link = await this.kernel.call('link.create', request);
      const made = { link, request, created_at: this.now().toISOString() };
      await this.orUndo(
        () => this.store.call('link.save', linkRow(owner.id, made)),
        () => this.kernel.call('link.detach', { link_id }),
      );
      owner.links.set(link_id, made);
      return { ...link, created_at: made.created_at };
    });
  }

  detach(linkId: number): Promise<void> {
    return this.mutex.run(async () => {
      const owner = this.registry.ownerOfLink(linkId);
      this.ensureKernel();
      await this.store.call('link.delete', { id: linkId });
      await this.whatIsStored(() => this.kernel.call('link.detach', { link_id: linkId }));
      owner.links.delete(linkId);
    });
  }

  private async unloadNow(object: RegisteredObject): Promise<void> {
    const inKernel = object.state === 'loaded';
    if (inKernel) this.ensureKernel();
    await this.store.call('object.delete', { id: object.id });
    if (inKernel) await this.whatIsStored(() => this.kernel.call('object.unload', { object_id: object.id }));
    this.registry.remove(object.id);
  }

  private async loadIntoKernel({ bytes, options }: Upload, ids: NextIds): Promise<LoadedObject> {
    const object_id = ids.object;
    try {
      return await this.kernel.call('object.load', {
        object_id,
        name: options.name ?? `object-${object_id}`,
        bytes,
        first_program_id: ids.program,
        first_map_id: ids.map,
        first_link_id: ids.link,
        options,
      });
    } catch (error) {
      // The thread may finish the load after all, with nobody who knows of it.
      if (error instanceof ThreadUnavailable) this.forget(object_id);
      throw error;
    }
  }

  private forget(object_id: number): void {
    this.kernel.call('object.unload', { object_id }).catch(() => undefined);
  }

  private registered({ bytes, options, origin }: Upload, ids: NextIds, made: LoadedObject): RegisteredObject {
    const loaded_at = this.now().toISOString();
    const object = new RegisteredObject({
      id: ids.object,
      name: options.name ?? `object-${ids.object}`,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      bytes,
      loaded_at,
      options: JSON.stringify(options),
      first_program_id: ids.program,
      program_count: span(made.programs, ids.program),
      first_map_id: ids.map,
      map_count: span(made.maps, ids.map),
      origin,
      without: [],
    });
    object.loaded(made);
    for (const { link, request } of made.links) {
      object.links.set(link.id, { link, request, created_at: loaded_at });
    }
    return object;
  }

  /** A change that is in the kernel but can't be stored is taken back; its user hears why. */
  private async orUndo(store: () => Promise<unknown>, undo: () => Promise<unknown>): Promise<void> {
    try {
      await store();
    } catch (error) {
      await undo().catch(() => undefined);
      throw error;
    }
  }

  /** Refuses before anything is stored, so that a client may simply try again. */
  private ensureKernel(): void {
    const { state } = this.kernel.state;
    if (state === 'running') return;
    throw new ThreadUnavailable(`kernel-${state}`, `the emulated kernel is ${state}; try again in a moment`);
  }

  /**
   * Carries out in the kernel what is stored already. A thread that dies or hangs meanwhile does not change the
   * outcome: its next boot follows the store.
   */
  private async whatIsStored(command: () => Promise<unknown>): Promise<void> {
    try {
      await command();
    } catch (error) {
      if (error instanceof ThreadUnavailable || error instanceof CommandRefused) return;
      throw error;
    }
  }
}

/** How many ids were taken, those of left-out ones in between included. */
function span(made: readonly { readonly id: number }[], first: number): number {
  return made.reduce((count, { id }) => Math.max(count, id - first + 1), 0);
}
