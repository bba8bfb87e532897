import { createHash } from 'node:crypto';
import { diagnostic } from '@probed/base';
import type { AttachOptions, Link, LoadOptions, ObjectInfo } from '@probed/protocol';
import type { NextIds, ObjectRow } from '@probed/store';
import type { CreateLink, KernelPin, LetGo, LoadedObject } from '../kernel/commands';
import { CommandRefused, ThreadUnavailable } from '../threads/rpc';
import { pinRows } from './bpffs-service';
import { Mutex } from './mutex';
import type { KernelPort, StorePort } from './ports';
import type { ProgramRegistry } from './program-registry';
import { linkRow, RegisteredObject } from './registered-object';
import { applyRemains } from './remains';

/** Who uploaded an object: it decides whether the demo loads its own again. */
export type ObjectOrigin = 'user' | 'demo';

export interface Upload {
  readonly bytes: Uint8Array;
  readonly options: LoadOptions;
  readonly origin: ObjectOrigin;
}

/** Far beyond what anybody watches; guards against a client that loads in a loop. */
const OBJECTS_MAX = 512;
const EBUSY = 16;

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
      const pins = pinRows(loaded.pins, this.now());
      await this.orUndo(
        () => this.store.call('object.save', { object: row, links, pins }),
        () => this.unloadFromKernel(object.id, loaded.pins),
      );
      this.registry.add(object);
      this.registry.pins.add(pins);
      const { remarks } = loaded;
      return { ...this.registry.wire(object), ...(remarks.length > 0 && { remarks: [...remarks] }) };
    });
  }

  unload(objectId: number): Promise<void> {
    return this.mutex.run(() => {
      const object = this.registry.object(objectId);
      if (object.state === 'unloaded') refuseUnloaded(this.registry.wire(object));
      return this.unloadNow(object);
    });
  }

  /** Unloads one program; with the last one its object goes. */
  unloadProgram(programId: number): Promise<void> {
    return this.mutex.run(async () => {
      const owner = this.registry.ownerOfProgram(programId);
      this.refusePinned('prog', programId);
      const links = this.registry.listLinks().filter((link) => link.program_id === programId);
      for (const link of links) {
        this.refusePinned('link', link.id);
        if (link.object_id !== owner.id) refuseInUse(link);
      }
      if (owner.state === 'loaded' && owner.programs.length === 1) return this.unloadNow(owner);
      this.ensureKernel();
      const without = [...owner.without, programId];
      await this.store.call('object.set_without', { id: owner.id, without });
      const gone = await this.whatIsStored(() =>
        this.kernel.call('program.unload', { program_id: programId }),
      );
      owner.removeProgram(programId);
      for (const { id } of links) await this.store.call('link.delete', { id });
      await this.follow(gone);
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

  /** Puts another program behind a link; the next boot does so too. */
  updateLink(linkId: number, programId: number): Promise<Link> {
    return this.mutex.run(async () => {
      const owner = this.registry.ownerOfLink(linkId);
      const before = owner.links.get(linkId)!;
      this.registry.ownerOfProgram(programId);
      const { link, remains } = await this.kernel.call('link.update', {
        link_id: linkId,
        program_id: programId,
      });
      const after = { ...before, link };
      await this.orUndo(
        () => this.store.call('link.save', linkRow(owner.id, after)),
        () => this.kernel.call('link.update', { link_id: linkId, program_id: before.link.program_id }),
      );
      owner.links.set(linkId, after);
      await applyRemains(this.store, this.registry, remains);
      return this.registry.link(linkId);
    });
  }

  detach(linkId: number): Promise<void> {
    return this.mutex.run(async () => {
      const owner = this.registry.ownerOfLink(linkId);
      this.refusePinned('link', linkId);
      this.ensureKernel();
      await this.store.call('link.delete', { id: linkId });
      const gone = await this.whatIsStored(() => this.kernel.call('link.detach', { link_id: linkId }));
      owner.links.delete(linkId);
      await this.follow(gone);
    });
  }

  private async unloadNow(object: RegisteredObject): Promise<void> {
    const { id } = object;
    if (object.state !== 'loaded') {
      await this.store.call('object.delete', { id });
      this.registry.remove(id);
      return;
    }
    this.ensureKernel();
    const left = await this.kernel.call('object.remains', { object_id: id });
    if (left) await this.store.call('object.reduce', { id, links: left.links.map((link) => link.id) });
    else await this.store.call('object.delete', { id });
    const gone = await this.whatIsStored(() => this.kernel.call('object.unload', { object_id: id }));
    if (left) object.reduced(left);
    else this.registry.remove(id);
    await this.follow(gone);
  }

  /** What has gone with something else; a kernel that has died meanwhile says it at its next boot. */
  private async follow(gone: LetGo | undefined): Promise<void> {
    if (gone) await applyRemains(this.store, this.registry, gone.remains);
  }

  /** @throws CommandRefused EBUSY: it would not go, which is not what its user means */
  private refusePinned(kind: 'prog' | 'link', id: number): void {
    const [path] = this.registry.pins.pathsOf(kind, id);
    if (path === undefined) return;
    const what = kind === 'prog' ? 'program' : kind;
    const hint = `unpin it first: DELETE /api/v1/bpffs/pins?path=${path}`;
    throw new CommandRefused(
      diagnostic(`${what}-pinned`, `${what} ${id} is pinned at ${path}`, { errno: EBUSY, hint }),
    );
  }

  /** Takes back a load, with what it has pinned. */
  private async unloadFromKernel(object_id: number, pins: readonly KernelPin[]): Promise<void> {
    for (const { path, node } of [...pins].reverse())
      await this.kernel.call('bpffs.remove', { path, nodes: [node] });
    await this.kernel.call('object.unload', { object_id });
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
      program_count: span([...made.programs, ...made.without.map((id) => ({ id }))], ids.program),
      first_map_id: ids.map,
      map_count: span(made.maps, ids.map),
      origin,
      without: made.without,
      unloaded: false,
      reused: made.reused,
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
  private async whatIsStored<T>(command: () => Promise<T>): Promise<T | undefined> {
    try {
      return await command();
    } catch (error) {
      if (error instanceof ThreadUnavailable || error instanceof CommandRefused) return undefined;
      throw error;
    }
  }
}

function refuseInUse({ id, object }: Link): never {
  throw new CommandRefused(
    diagnostic('program-in-use', `it runs behind link ${id} of object ${object}`, {
      errno: EBUSY,
      hint: 'update that link to another program first, or detach it',
    }),
  );
}

function refuseUnloaded({ name, programs, maps, links }: ObjectInfo): never {
  const paths = [...programs, ...maps, ...links].flatMap(({ pinned = [] }) => pinned);
  const hint = paths.length > 0 ? `unpin it: ${paths.join(', ')}` : 'another object uses what is left of it';
  throw new CommandRefused(
    diagnostic('object-unloaded', `object ${name} is unloaded; what remains of it is pinned`, {
      errno: EBUSY,
      hint,
    }),
  );
}

/** How many ids were taken, those of left-out ones in between included. */
function span(made: readonly { readonly id: number }[], first: number): number {
  return made.reduce((count, { id }) => Math.max(count, id - first + 1), 0);
}
