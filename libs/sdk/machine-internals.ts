import type { Btf } from '@probed/btf';
import {
  type Machine as CoreMachine,
  type FireContext,
  type FireSite,
  KernelObjects,
  testRun,
} from '@probed/machine';
import type { LoadedProgram } from '@probed/runtime';
import { createStandIn, type Task as KernelTask } from '@probed/system';
import { fail, unwrap } from './errors';
import type { FireOptions } from './fire-options';
import type { TestRun } from './machine';
import { BpfMap } from './map/bpf-map';
import { MapAccess, type MapContext } from './map/map-access';
import { KernelObject, type ObjectAccess } from './objects';
import type { TestRunOptions } from './program';
import { RecordHub } from './records/record-hub';
import { kernelTask, Task, type TaskOptions } from './task';
import { isBytes } from './values/codec';
import { type Decoder, decoderOf } from './values/decode';

/** Text of the default task's name, as `comm`. */
const DEFAULT_COMM = 'probed';

/** What the parts of this library share of one machine. */
export class MachineInternals {
  readonly hub: RecordHub;
  readonly objects: KernelObjects;
  readonly objectAccess: ObjectAccess;
  /** In whose name and where hooks fire, unless said otherwise. */
  defaults: FireOptions = {};
  private readonly decoders = new Map<string, Decoder>();
  private readonly mapsById = new Map<number, BpfMap>();
  private readonly tasks = new Map<KernelTask, Task>();
  private ownTask: Task | undefined;

  constructor(
    readonly core: CoreMachine,
    readonly context: FireContext,
  ) {
    this.hub = new RecordHub(core);
    this.objects = context.objects;
    this.objectAccess = { objects: this.objects, decoder: (type) => this.decoder(type) };
  }

  decoder(type: string): Decoder {
    let decoder = this.decoders.get(type);
    if (!decoder) {
      decoder = decoderOf(this.core.facts.btf, unwrap(this.objects.typeId(type)));
      this.decoders.set(type, decoder);
    }
    return decoder;
  }

  object(pointer: Parameters<typeof KernelObject.of>[0]): KernelObject {
    return KernelObject.of(pointer, this.objectAccess);
  }

  /** The handle of a kernel's task; the same each time. */
  task(task: KernelTask): Task {
    let handle = this.tasks.get(task);
    if (!handle) {
      const { kernel } = this.core;
      handle = Task.of({ kernel, task, objects: this.objects, encoder: this.objects.encoder });
      this.tasks.set(task, handle);
    }
    return handle;
  }

  makeTask(options: TaskOptions): Task {
    const { parent, ...spec } = options;
    const ppid = parent instanceof Task ? parent.pid : parent;
    return this.task(unwrap(createStandIn(this.core.kernel, { ...spec, ppid })));
  }

  /** Where an event is to fire: as told, else as in {@link defaults}, else in a task of our own on CPU 0. */
  site(options: FireOptions): FireSite {
    const merged = { ...this.defaults, ...definedOf(options) };
    const { cpu = 0, kernelStack, userStack } = merged;
    return { task: kernelTask(this.taskOf(merged.task)), cpu, kernelStack, userStack };
  }

  mapContext(btf: Btf | undefined): MapContext {
    const { core } = this;
    const { memory, kernel } = core;
    return {
      kernel,
      cpus: kernel.cpus,
      mapById: (id) => this.mapById(id, btf),
      withScratch: (bytes, use) => {
        const at = memory.alloc(Math.max(8, bytes));
        try {
          return use(at);
        } finally {
          memory.free(at);
        }
      },
      copyOut: (offset, bytes) => memory.copyOut(offset, bytes),
    };
  }

  testRun(program: LoadedProgram, options: TestRunOptions): TestRun {
    const { packet, ctx, ...where } = options;
    if (packet !== undefined && !isBytes(packet)) fail('test-run', 'packet is no Uint8Array', { errno: 22 });
    const run = unwrap(testRun(this.core, program, { packet, ctx }, this.site(where)));
    this.hub.pumpForReaders();
    return run;
  }

  private mapById(id: number, btf: Btf | undefined): BpfMap | undefined {
    const map = this.core.runtime.maps.byId(id);
    if (!map) return undefined;
    let handle = this.mapsById.get(id);
    if (!handle) this.mapsById.set(id, (handle = BpfMap.of(new MapAccess(map, btf, this.mapContext(btf)))));
    return handle;
  }

  taskOf(given: Task | TaskOptions | undefined): Task {
    if (given instanceof Task) return given;
    if (given) {
      const known = given.pid === undefined ? undefined : this.core.kernel.tasks.find(given.pid);
      return known ? this.task(known) : this.makeTask(given);
    }
    this.ownTask ??= this.makeTask({ comm: DEFAULT_COMM });
    return this.ownTask;
  }
}

function definedOf(options: FireOptions): FireOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
