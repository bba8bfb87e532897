import { Prng, type Result } from '@probed/base';
import { KernelMemory } from '@probed/memory';
import { BpfRuntime, type Engine } from '@probed/runtime';
import type { KernelFacts } from '@probed/spec';
import { Kernel } from '@probed/system';
import type { Scenario } from '@probed/workload';
import { AttachEnv } from './attach/attach-env';
import { type Collection, type CollectionOptions, loadCollection } from './collection';
import { ContextStack } from './contexts/context-stack';
import { type KernelImage, kernelFacts } from './kernel-facts';
import { OutputDrain } from './output/drain';
import type { Origin, Output } from './output/record';
import { MachineServices } from './services';
import { TracePipe } from './trace-pipe';

export interface MachineOptions {
  readonly image: KernelImage;
  /** Same seed, same run. Default 1. */
  readonly seed?: number;
  /** Logical CPUs, default 4. */
  readonly cpus?: number;
  /** Default `jit`. */
  readonly engine?: Engine;
  /** Emulated memory in all, bytes; default 1 GiB. */
  readonly memoryLimitBytes?: number;
}

const CPUS_DEFAULT = 4;
/** Virtual time between two looks at the output buffers: a consumer that polls, as `ring_buffer__poll` loops do. */
const DRAIN_INTERVAL_NS = 10e6;

/** One emulated node: a kernel, its BPF runtime, and what joins them. All synchronous, in virtual time. */
export class Machine {
  readonly kernel: Kernel;
  readonly facts: KernelFacts;
  readonly tracePipe = new TracePipe();
  readonly memory: KernelMemory;
  readonly runtime: BpfRuntime;
  readonly attachEnv: AttachEnv;
  readonly outputs: OutputDrain;
  readonly collections: Collection[] = [];
  private readonly prng: Prng;

  constructor(readonly options: MachineOptions) {
    const { image, seed = 1, cpus = CPUS_DEFAULT, engine = 'jit' } = options;
    this.memory = new KernelMemory(options.memoryLimitBytes);
    this.prng = new Prng(seed);
    this.facts = kernelFacts(image, cpus);
    this.kernel = new Kernel({ memory: this.memory, btf: image.btf, symbols: image.symbols, seed, cpus });
    for (const format of image.tracepoints.all()) {
      this.kernel.hooks.declareInertTracepoint(format.group, format.name);
    }
    const services = new MachineServices(this.kernel, this.tracePipe);
    const contexts = new ContextStack(this.memory, cpus);
    const { hooks } = this.kernel;
    this.attachEnv = new AttachEnv(
      this.kernel,
      hooks,
      this.memory,
      image.tracepoints,
      contexts,
      services,
      image.btf,
    );
    const { memory, facts } = this;
    this.runtime = new BpfRuntime({ memory, facts, services, engine, tagRecord: () => this.origin() });
    this.outputs = new OutputDrain(this.memory);
  }

  /** Creates a collection's maps and loads its programs; nothing is attached yet. All or nothing. */
  load(options: CollectionOptions): Result<Collection> {
    const loaded = loadCollection(this, options);
    if (loaded.ok) this.collections.push(loaded.value);
    return loaded;
  }

  /** Starts a workload on this node; it acts when time passes. */
  start(scenario: Scenario): void {
    scenario.start(this.kernel, this.prng.fork(`scenario:${scenario.name}`));
  }

  /** Lets virtual time pass, handing over what programs emit as their consumer would poll it. */
  run(durationNs: number, deliver: (output: Output) => void): void {
    const end = this.kernel.nowNs() + durationNs;
    for (let now = this.kernel.nowNs(); now < end; ) {
      now = Math.min(end, now + DRAIN_INTERVAL_NS);
      this.kernel.run(now);
      this.outputs.drain(deliver);
    }
  }

  private origin(): Origin {
    const { kernel } = this;
    const { pid, tgid, uid, comm, cgroupId } = kernel.current();
    const active = this.attachEnv.active;
    const program = active?.program.name ?? '';
    return {
      ns: kernel.nowNs(),
      cpu: kernel.cpu(),
      program,
      hook: active?.hook ?? '',
      pid,
      tgid,
      uid,
      comm,
      cgroupId,
    };
  }
}
