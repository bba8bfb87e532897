import type { Btf } from '@probed/btf';
import type { BpfMap } from '@probed/maps';
import type { LoadedProgram } from '@probed/runtime';

/** What has become of the events of a link's hook since the program was attached. */
export interface LinkStats {
  /** Times the hook came to this link. */
  events: number;
  /** Times it came in another process than the link's own (`pid`); not among `events`. */
  otherProcesses: number;
  /** Of the events, runs that were skipped because a program of the kind was active on the CPU (`recursion_misses`). */
  skipped: number;
  /** Of them, events lost because contexts were nested too deep. */
  lost: number;
  /** Virtual time of the last event, ns since boot; undefined before the first. */
  lastNs: number | undefined;
  /** r0 of the last run (low 32 bits, unsigned); undefined before the first. */
  lastResult: number | undefined;
  /** Records that its runs put into ring and perf buffers, those that were reserved and then discarded too. */
  records: number;
}

/** What a program was loaded with. */
export interface ProgramOwner {
  readonly maps: ReadonlyMap<string, BpfMap>;
  /** BTF of its object. */
  readonly btf?: Btf;
}

/** The program that hangs at a hook: a link update (`BPF_LINK_UPDATE`) puts another in its place, the hook stays. */
export class AttachedProgram {
  readonly stats: LinkStats = {
    events: 0,
    otherProcesses: 0,
    skipped: 0,
    lost: 0,
    lastNs: undefined,
    lastResult: undefined,
    records: 0,
  };

  constructor(
    public program: LoadedProgram,
    /** The object that it came with: USDT programs keep what they must know of a probe in its maps. */
    readonly owner: ProgramOwner,
  ) {}
}
