import type { LoadedProgram } from '@probed/runtime';
import { programType } from '@probed/spec';
import type { FireOptions } from './fire-options';
import type { Link } from './link';
import type { TestRun } from './machine';
import type { BpfMap } from './map/bpf-map';

/** What can be said beyond the section name when a program is attached. */
export interface AttachOptions {
  /** In place of what the section names: `group/name`, a function, `path:symbol`. */
  target?: string;
  /** What `bpf_get_attach_cookie` is to give. */
  cookie?: number | bigint;
  /** perf_event programs: what is sampled and how often. */
  perf?: { event: string; frequencyHz?: number; period?: number };
  /** Iterators: over what. */
  iter?: IterTarget;
}

/** What an iterator goes over (`union bpf_iter_link_info`). */
export interface IterTarget {
  /** Tasks: this thread only. */
  tid?: number;
  /** Tasks: all threads of this process. */
  pid?: number;
  /** `iter/bpf_map_elem`: the map. */
  map?: BpfMap;
  /** cgroups: where to begin, by id; the root by default. */
  cgroupId?: bigint;
  /** cgroups: which way. */
  order?: 'self' | 'descendants-pre' | 'descendants-post' | 'ancestors-up';
}

/** Counters of a program, as `bpftool prog show` has them. */
export interface ProgramStats {
  readonly runs: number;
  /** Not run, because a program of the kind was active on the CPU. */
  readonly recursionMisses: number;
}

/** What is run without a hook; one of the two. */
export interface TestRunOptions extends FireOptions {
  /** XDP, TC and socket filter programs: a packet, from its Ethernet header on. */
  packet?: Uint8Array;
  /** Raw tracepoint programs: the words of the arguments; syscall programs: the user's buffer. */
  ctx?: Uint8Array;
}

interface ProgramParts {
  readonly loaded: LoadedProgram;
  attach(options: AttachOptions): Link;
  testRun(options: TestRunOptions): TestRun;
}

const partsOf = new WeakMap<Program, ProgramParts>();

/** @internal The runtime's program behind a handle. */
export function loadedProgram(program: Program): LoadedProgram {
  return partsOf.get(program)!.loaded;
}

/** A program in the kernel: verified and compiled. */
export class Program {
  /** @internal */
  static of(parts: ProgramParts): Program {
    const program = new Program(parts.loaded.name, parts.loaded.spec.section);
    partsOf.set(program, parts);
    return program;
  }

  private constructor(
    readonly name: string,
    /** As in `SEC("…")`. */
    readonly section: string,
  ) {}

  /** `kprobe`, `tracepoint`, … as bpftool names it. */
  get type(): string {
    const { type } = loadedProgram(this);
    return programType(type)?.name ?? `type ${type}`;
  }

  /** Kernel-wide id. */
  get id(): number {
    return loadedProgram(this).id;
  }

  /** Instructions that the verifier looked at, and its log. */
  get verifierLog(): readonly string[] {
    return loadedProgram(this).verified.log;
  }

  get stats(): ProgramStats {
    const { runs, recursionMisses } = loadedProgram(this).stats;
    return { runs, recursionMisses };
  }

  /** Attaches where the section says, or where `options` say. @throws ProbedError `no-such-hook` with the nearest names */
  attach(options: AttachOptions = {}): Link {
    return partsOf.get(this)!.attach(options);
  }

  /**
   * `BPF_PROG_TEST_RUN`: runs once with a packet or a context, off any hook. For XDP, TC, socket filter, raw tracepoint
   * and syscall programs. @throws ProbedError `not-supported` for the others: attach them and fire their hook
   */
  run(options: TestRunOptions = {}): TestRun {
    return partsOf.get(this)!.testRun(options);
  }
}
