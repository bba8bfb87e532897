import { assert, Prng, type Result } from '@probed/base';
import { KernelMemory } from '@probed/memory';
import { BpfRuntime, type Engine } from '@probed/runtime';
import type { KernelFacts } from '@probed/spec';
import { Kernel } from '@probed/system';
import type { Scenario } from '@probed/workload';
import { AttachEnv } from './attach/attach-env';
import { Bpffs } from './bpffs/bpffs';
import { References } from './bpffs/references';
import { type Collection, type CollectionOptions, loadCollection } from './collection';
import { ContextStack } from './contexts/context-stack';
import { FaultInjector } from './faults/fault-injector';
import type { FaultSpec } from './faults/fault-spec';
import { type KernelImage, kernelFacts } from './kernel-facts';
import { OutputDrain } from './output/drain';
import type { Origin, Output } from './output/record';
import { MachineServices } from './services';
import type { RunRecorder } from './stepping/run-recorder';
import { TracePipe } from './trace-pipe';
import { wearArguments } from './worn-arguments';

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
  /** Node name, default `node-1`. */
  readonly hostname?: string;
  /** Wall time at which the run begins, ns since 1970; default 2026-01-01T00:00:00Z. */
  readonly epochNs?: bigint;
  /** Virtual time since boot at which the run begins, ns. */
  readonly bootedNs?: number;
  /** Helper calls that are to fail ({@link parseFaults}). */
  readonly faults?: readonly FaultSpec[];
  /** Records a run, instruction by instruction; programs are interpreted then. */
  readonly recorder?: RunRecorder;
  /** Counts what runs of each program, for {@link coverageOf}; programs run slower. */
  readonly coverage?: boolean;
}

const CPUS_DEFAULT = 4;
/** Virtual time between two looks at the output buffers: a consumer that polls, as `ring_buffer__poll` loops do. */
const DRAIN_INTERVAL_NS = 10e6;

/**
 * One emulated node: a kernel, its BPF runtime, and what joins them, in virtual time. It lets time pass by itself
 * ({@link run}, {@link runAsync}); in a cluster, the host lets the cluster's time pass and calls {@link drain}.
 */
export class Machine {
  readonly kernel: Kernel;
  readonly facts: KernelFacts;
  readonly tracePipe = new TracePipe();
  readonly memory: KernelMemory;
  readonly runtime: BpfRuntime;
  readonly attachEnv: AttachEnv;
  /** What helpers ask of the kernel. */
  readonly services: MachineServices;
  readonly outputs: OutputDrain;
  readonly collections: Collection[] = [];
  /** What is pinned on this node. */
  readonly bpffs = new Bpffs(() => this.references.sweep());
  /** Who holds programs, maps and links. */
  readonly references: References;
  /** Makes helper calls fail; absent without {@link MachineOptions.faults}. */
  readonly faults: FaultInjector | undefined;
  /** Virtual time at which the machine came up, ns. */
  readonly startNs: number;
  private readonly prng: Prng;

  constructor(readonly options: MachineOptions) {
    const { image, seed = 1, cpus = CPUS_DEFAULT, engine = 'jit', hostname, epochNs, bootedNs } = options;
    this.memory = new KernelMemory(options.memoryLimitBytes);
    this.prng = new Prng(seed);
    this.facts = kernelFacts(image, cpus);
    this.kernel = new Kernel({
      memory: this.memory,
      btf: image.btf,
      symbols: image.symbols,
      seed,
      cpus,
      hostname,
      epochNs,
      bootedNs,
      release: image.release,
    });
    if (image.wornOver) wearArguments(this.kernel, image.wornOver.btf, image.btf);
    for (const format of image.tracepoints.all()) {
      this.kernel.hooks.declareInertTracepoint(format.group, format.name);
    }
    this.services = new MachineServices(this.kernel, this.tracePipe);
    const { services } = this;
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
    this.startNs = this.kernel.nowNs();
    this.faults = options.faults?.length
      ? new FaultInjector(options.faults, {
          memory,
          seed,
          program: () => this.attachEnv.active?.program.name ?? '',
          maps: () => this.runtime.maps,
        })
      : undefined;
    this.runtime = new BpfRuntime({
      memory,
      facts,
      services,
      engine,
      tagRecord: () => this.origin(),
      coverage: options.coverage,
      observer: options.recorder,
      interceptor: this.faults,
    });
    options.recorder?.attachTo({
      memory,
      moment: () => {
        const { pid, comm } = this.kernel.current();
        return { ns: this.kernel.nowNs() - this.startNs, cpu: this.kernel.cpu(), pid, comm };
      },
    });
    this.outputs = new OutputDrain(this.memory);
    this.attachEnv.bpf = {
      maps: () => this.runtime.maps.all(),
      programs: () => byId(this.collections.flatMap(({ programs }) => [...programs])),
      links: () => byId(this.collections.flatMap((collection) => [...collection.linkInfos()])),
    };
    this.references = new References(this.collections, this.bpffs, this.runtime, this.outputs);
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

  /** A collection is being unloaded: it holds nothing any more. */
  forget(collection: Collection): void {
    const at = this.collections.indexOf(collection);
    assert(at >= 0, `collection ${collection.spec.name} is of another machine`);
    this.collections.splice(at, 1);
  }

  /**
   * Lets virtual time pass, handing over what programs emit as their consumer would poll it. For workloads without
   * driven tasks; with them, use {@link runAsync}.
   */
  run(durationNs: number, deliver: (output: Output) => void): void {
    for (const untilNs of this.drainPoints(durationNs)) {
      const reached = this.kernel.run(untilNs);
      assert(reached, 'a driven task in a synchronous run');
      this.drain(deliver);
    }
  }

  /** As {@link run}, waiting for driven tasks; output is taken at the same virtual times. */
  async runAsync(durationNs: number, deliver: (output: Output) => void): Promise<void> {
    for (const untilNs of this.drainPoints(durationNs)) {
      await this.kernel.runAsync(untilNs);
      this.drain(deliver);
    }
  }

  /** Hands over what programs have emitted since the last time, in order of the events. Call it between runs. */
  drain(deliver: (output: Output) => void): void {
    this.outputs.drain(deliver);
  }

  private *drainPoints(durationNs: number): Generator<number> {
    const end = this.kernel.nowNs() + durationNs;
    for (let now = this.kernel.nowNs(); now < end; ) {
      now = Math.min(end, now + DRAIN_INTERVAL_NS);
      yield now;
    }
  }

  private origin(): Origin {
    const { kernel } = this;
    const { pid, tgid, ppid, uid, comm, cgroupId, execSession } = kernel.current();
    const active = this.attachEnv.active;
    if (active) active.stats.records++;
    const program = active?.program.name ?? '';
    const programId = active?.program.id ?? 0;
    return {
      ns: kernel.nowNs(),
      cpu: kernel.cpu(),
      program,
      programId,
      hook: active?.hook ?? '',
      pid,
      tgid,
      ppid,
      uid,
      comm,
      cgroupId,
      execSession,
    };
  }
}

function byId<T extends { readonly id: number }>(items: T[]): T[] {
  return items.sort((a, b) => a.id - b.id);
}
