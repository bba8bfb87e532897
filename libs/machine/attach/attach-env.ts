import type { TracepointFormats } from '@probed/abi';
import type { Btf, BtfFuncProto } from '@probed/btf';
import type { RunInfo } from '@probed/helpers';
import type { HookBus } from '@probed/hooks';
import type { BpfMap } from '@probed/maps';
import type { KernelMemory } from '@probed/memory';
import type { LoadedProgram } from '@probed/runtime';
import type { KernelApi } from '@probed/system';
import type { ContextStack } from '../contexts/context-stack';
import { type MachineServices, NO_RUN_INFO } from '../services';
import type { AttachedProgram, LinkStats } from './attached-program';

/** What attachments share: the hooks of one node, its memory, and the way to run a program on an event. */
export class AttachEnv {
  /** The attachment whose program runs now; outputs are attributed to it. */
  active: ActiveRun | undefined;
  /** Maps, programs and links of the node, for iterators over them. */
  bpf: BpfObjects = { maps: () => [], programs: () => [], links: () => [] };
  private lastLinkId = 0;

  constructor(
    readonly kernel: KernelApi,
    readonly hooks: HookBus,
    readonly memory: KernelMemory,
    readonly formats: TracepointFormats,
    readonly contexts: ContextStack,
    readonly services: MachineServices,
    readonly btf: Btf,
  ) {}

  /** Links have numbers of their own, which grow and are never used twice. */
  nextLinkId(): number {
    return ++this.lastLinkId;
  }

  /** Number of arguments of a kernel function by its BTF prototype; undefined when it has none. */
  functionArity(name: string): number | undefined {
    return this.prototype(name)?.params.length;
  }

  /** Whether a kernel function is `void` by its BTF prototype. */
  returnsNothing(name: string): boolean {
    return this.prototype(name)?.returnTypeId === 0;
  }

  private prototype(name: string): BtfFuncProto | undefined {
    const id = this.btf.findByName(name, 'func');
    const func = id === undefined ? undefined : this.btf.type(id);
    const proto = func?.kind === 'func' ? this.btf.type(func.typeId) : undefined;
    return proto?.kind === 'func_proto' ? proto : undefined;
  }

  /**
   * Runs the attached program on the current CPU with a context that `fill` writes at the offset it is given.
   * @returns low 32 bits of r0, or undefined when contexts are nested too deep and the event is lost
   */
  fire(
    attached: AttachedProgram,
    hook: string,
    fill: (ctx: number) => void,
    info: RunInfo = NO_RUN_INFO,
  ): number | undefined {
    const { program, stats } = attached;
    const cpu = this.kernel.cpu();
    stats.events++;
    stats.lastNs = this.kernel.nowNs();
    const ctx = this.contexts.enter(cpu);
    if (ctx === 0) {
      stats.lost++;
      return undefined;
    }
    const { active } = this;
    const misses = program.stats.recursionMisses;
    const outerInfo = this.services.runInfo;
    this.active = { program, hook, stats };
    this.services.runInfo = info;
    try {
      fill(ctx);
      const result = program.run(cpu, ctx);
      if (program.stats.recursionMisses === misses) stats.lastResult = result;
      else stats.skipped++;
      return result;
    } finally {
      this.services.runInfo = outerInfo;
      this.active = active;
      this.contexts.leave(cpu);
    }
  }
}

/** What is in the kernel of one node's BPF side, each kind by id. */
export interface BpfObjects {
  maps(): Iterable<BpfMap>;
  programs(): Iterable<LoadedProgram>;
  links(): Iterable<BpfLinkInfo>;
}

export interface BpfLinkInfo {
  readonly id: number;
  /** `enum bpf_link_type`. */
  readonly type: number;
  readonly program: LoadedProgram;
}

/** Which program runs, and at which hook. */
export interface ActiveRun {
  readonly program: LoadedProgram;
  readonly hook: string;
  readonly stats: LinkStats;
}
