import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MapInfo } from '@probed/protocol';
import { Store, type StoreCommands, StoreRefused } from '@probed/store';
import { Logger } from '../app/logger';
import type {
  CreateLink,
  KernelCommands,
  KernelLink,
  KernelPin,
  KernelProgram,
  LoadedObject,
  LoadObject,
  Remains,
} from '../kernel/commands';
import { Restorer } from '../restore/restorer';
import { CommandRefused, ThreadUnavailable } from '../threads/rpc';
import { BpffsService } from './bpffs-service';
import { KernelPort, StorePort } from './ports';
import { ProgramRegistry } from './program-registry';
import { ProgramService } from './program-service';

type Params<C extends keyof KernelCommands> = KernelCommands[C]['params'];
type Handlers = { [C in keyof KernelCommands]?: (params: Params<C>) => KernelCommands[C]['result'] };

const PROGRAMS_AN_OBJECT = 2;

/** A kernel thread's client that loads any object as two programs and a map, unless its bytes say `refuse` or `die`. */
export class FakeKernel implements KernelPort {
  state: { state: 'running' | 'busy' | 'restarting' | 'failed'; boot: string } = {
    state: 'running',
    boot: 'b1',
  };
  readonly calls: string[] = [];
  readonly loads: LoadObject[] = [];
  objects = new Map<number, LoadedObject>();
  links = new Map<number, KernelLink>();
  runs = 0;
  /** Names of objects that it takes no more, and of those that it dies of. */
  readonly refused = new Set<string>();
  readonly deadly = new Set<string>();
  /** What it says there still is of unloaded objects. */
  remains: Remains[] = [];
  /** Restored. */
  readonly pinned: KernelPin[] = [];
  readonly filled: unknown[][] = [];
  /** Commands that a test answers itself. */
  readonly handlers: Handlers = {};

  async call<K extends keyof KernelCommands & string>(
    command: K,
    params: KernelCommands[K]['params'],
  ): Promise<KernelCommands[K]['result']> {
    this.calls.push(command);
    if (this.state.state === 'restarting') throw new ThreadUnavailable('kernel-restarting', 'restarting');
    const handler = (this.handlers[command] ?? this.stock[command]) as ((p: unknown) => unknown) | undefined;
    if (!handler) throw new Error(`the fake kernel has no ${command}`);
    return (await handler(params)) as KernelCommands[K]['result'];
  }

  /** As after a boot: nothing is loaded. */
  reset(boot: string): void {
    this.state = { state: 'running', boot };
    this.objects.clear();
    this.links.clear();
    this.loads.length = 0;
  }

  private readonly stock: Handlers = {
    'object.load': (load) => this.load(load),
    'object.unload': ({ object_id }) => {
      for (const { id } of this.objects.get(object_id)?.programs ?? []) this.unlink(id);
      this.objects.delete(object_id);
      return { remains: this.remains.filter((left) => left.object_id === object_id) };
    },
    'object.remains': ({ object_id }) => this.remains.find((left) => left.object_id === object_id) ?? null,
    status: () => ({ virtual_ns: 0, lag_ms: 0, memory_bytes: 4096, release: '6.18.0' }),
    'link.list': () => [...this.links.values()],
    'link.update': ({ link_id, program_id }) => {
      const link = { ...this.links.get(link_id)!, program_id };
      this.links.set(link_id, link);
      return { link, remains: this.remains };
    },
    'bpffs.pin': ({ path, kind, id }) => ({
      entry: { path, kind, id, name: 'on_exec', object: 'first', nodes: ['node-1'] },
      pins: [{ node: 'node-1', path, kind, target: id }],
    }),
    'bpffs.check': ({ path }) => ({ path, nodes: ['node-1'] }),
    'bpffs.remove': () => ({ remains: this.remains }),
    'bpffs.restore': ({ pins }) => {
      this.pinned.push(...pins);
      return [];
    },
    'map.restore': ({ map_id, node, bytes }) => {
      this.filled.push([map_id, node, ...bytes]);
      return 1;
    },
    'program.list': () => [...this.objects.values()].flatMap(({ programs }) => this.counted(programs)),
    'program.unload': ({ program_id }) => {
      this.unlink(program_id);
      return { remains: this.remains };
    },
    'program.dump': ({ program_id, format }) => ({
      id: program_id,
      name: 'on_exec',
      format,
      lines: ['r0 = 0'],
    }),
    'program.log': () => ({ processed: 3, log: ['processed 3 insns'] }),
    'link.create': (request) => this.link(request).link,
    'link.detach': ({ link_id }) => {
      this.links.delete(link_id);
      return { remains: this.remains };
    },
  };

  private load(load: LoadObject): LoadedObject {
    const text = Buffer.from(load.bytes).toString('latin1');
    this.loads.push(load);
    if (text.includes('die') || this.deadly.has(load.name)) {
      throw new ThreadUnavailable('kernel-restarting', 'the kernel thread died');
    }
    if (text.includes('refuse') || this.refused.has(load.name)) {
      const log = ['0: R1=ctx()', 'R1 is bad'];
      throw new CommandRefused({ code: 'verifier-reject', message: 'R1 is bad', errno: 13, log });
    }
    const ids = Array.from({ length: PROGRAMS_AN_OBJECT }, (_, i) => load.first_program_id + i);
    const programs = ids.filter((id) => !load.without?.includes(id)).map((id) => fakeProgram(id, load));
    const made = { pins: this.pinsOf(load), reused: {}, without: [], links: [], remarks: [] };
    const loaded: LoadedObject = { programs, maps: [fakeMap(load)], ...made };
    this.objects.set(load.object_id, loaded);
    if (!load.options.attach) return loaded;
    const links = programs.map(({ id }, i) => this.link({ link_id: load.first_link_id + i, program_id: id }));
    return { ...loaded, links };
  }

  /** Maps of objects whose bytes say `pin` are pinned by name. */
  private pinsOf({ bytes, first_map_id, reused }: LoadObject): KernelPin[] {
    if (reused || !Buffer.from(bytes).toString('latin1').includes('pin')) return [];
    return [{ node: 'node-1', path: '/sys/fs/bpf/events', kind: 'map', target: first_map_id }];
  }

  private link(request: CreateLink): { link: KernelLink; request: CreateLink } {
    const { link_id, program_id, target = 'tracepoint:sched:sched_process_exec' } = request;
    if (target === 'nowhere')
      throw new CommandRefused({ code: 'no-such-hook', message: 'no hook nowhere', errno: 2 });
    const owner = [...this.objects].find(([, { programs }]) => programs.some(({ id }) => id === program_id));
    if (!owner) throw new Error(`the fake kernel has no program ${program_id}`);
    const [object_id, { programs }] = owner;
    const { name, object } = programs.find(({ id }) => id === program_id)!;
    const link: KernelLink = {
      id: link_id,
      program_id,
      program: name,
      object_id,
      object,
      hook: target,
      state: 'live',
      nodes: ['node-1'],
    };
    this.links.set(link_id, link);
    return { link, request };
  }

  private unlink(programId: number): void {
    for (const [id, link] of this.links) if (link.program_id === programId) this.links.delete(id);
  }

  private counted(programs: readonly KernelProgram[]): KernelProgram[] {
    return programs.map((program) => ({ ...program, runs: this.runs }));
  }
}

function fakeProgram(id: number, { object_id, name, first_map_id }: LoadObject): KernelProgram {
  return {
    id,
    name: `on_exec_${id}`,
    type: 'tracepoint',
    section: 'tracepoint/sched/sched_process_exec',
    object_id,
    object: name,
    license: 'GPL',
    insns: 10,
    verified_insns: 12,
    jited_bytes: 100,
    map_ids: [first_map_id],
    runs: 0,
    nodes: [],
  };
}

function fakeMap({ object_id, name, first_map_id }: LoadObject): MapInfo {
  return {
    id: first_map_id,
    name: 'events',
    object_id,
    object: name,
    type: 'ringbuf',
    key_size: 0,
    value_size: 0,
    max_entries: 4096,
    flags: 0,
    internal: false,
    nodes: ['node-1'],
  };
}

/** A store thread's client over a real database in a temporary folder. */
export class TestStore implements StorePort {
  /** Commands that fail as with a full disk. */
  readonly failing = new Set<keyof StoreCommands>();
  private readonly folder = mkdtempSync(join(tmpdir(), 'probed-store-'));
  private store = this.open();

  async call<K extends keyof StoreCommands & string>(
    command: K,
    params: StoreCommands[K]['params'],
  ): Promise<StoreCommands[K]['result']> {
    if (this.failing.has(command))
      throw new CommandRefused({ code: 'store-full', message: 'the disk is full' });
    try {
      return this.store.commands[command](params);
    } catch (error) {
      throw error instanceof StoreRefused ? new CommandRefused(error.diagnostic) : error;
    }
  }

  /** As after a restart of the daemon. */
  reopen(): void {
    this.store.close();
    this.store = this.open();
  }

  remove(): void {
    this.store.close();
    rmSync(this.folder, { recursive: true });
  }

  private open(): Store {
    const opened = Store.open(join(this.folder, 'probed.db'));
    if (!opened.ok) throw new Error(opened.error.message);
    return opened.value;
  }
}

const stores: TestStore[] = [];

export function removeStores(): void {
  for (const store of stores.splice(0)) store.remove();
}

/** A daemon's programs; `store` carries over what a restart would. */
export function daemon(store = new TestStore(), kernel = new FakeKernel()) {
  if (!stores.includes(store)) stores.push(store);
  const registry = new ProgramRegistry(kernel);
  const service = new ProgramService(kernel, store, registry);
  const lines: string[] = [];
  const log = new Logger({ level: 'info', json: false, write: (line) => lines.push(line) });
  const restorer = new Restorer(kernel, store, registry, service, log);
  const load = (text: string, name?: string) =>
    service.load({
      bytes: Buffer.from(text),
      options: { attach: true, ...(name && { name }) },
      origin: 'user',
    });
  const bpffs = new BpffsService(kernel, store, registry, service);
  return { store, kernel, registry, service, bpffs, restorer, load, log, lines };
}
