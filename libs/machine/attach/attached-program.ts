import type { LoadedProgram } from '@probed/runtime';

/** What has become of the events of a link's hook since the program was attached. */
export interface LinkStats {
  /** Times the hook came to this link. */
  events: number;
  /** Of them, runs that were skipped because a program of the kind was active on the CPU (`recursion_misses`). */
  skipped: number;
  /** Of them, events lost because contexts were nested too deep. */
  lost: number;
  /** Virtual time of the last event, ns since boot; undefined before the first. */
  lastNs: number | undefined;
  /** r0 of the last run (low 32 bits, unsigned); undefined before the first. */
  lastResult: number | undefined;
}

/** The program that hangs at a hook: a link update (`BPF_LINK_UPDATE`) puts another in its place, the hook stays. */
export class AttachedProgram {
  readonly stats: LinkStats = { events: 0, skipped: 0, lost: 0, lastNs: undefined, lastResult: undefined };

  constructor(public program: LoadedProgram) {}
}
