import type { Diagnostic, Result } from '@probed/base';
import type { Detach } from '@probed/hooks';
import type { BpfMap } from '@probed/maps';
import type { AttachEnv } from './attach-env';
import type { AttachedProgram } from './attached-program';

/** Where a program hangs. */
export interface Attachment {
  readonly detach: Detach;
  /** What it is attached to, in the words of `probectl hooks`, e.g. `tracepoint:sched:sched_process_exec`. */
  readonly hook: string;
  /** `inert`: the hook exists, but nothing in the emulation fires it. */
  readonly state: 'live' | 'inert';
  /** How many functions or places it hangs at, for the kinds that have several. */
  readonly places?: number;
  /**
   * Iterators: runs the program over all objects and gives what it writes, as read(2) from the iterator's file does.
   * The return value is the error that ended it early: EAGAIN when the program asked to see an object again, E2BIG when
   * what it wrote of one object exceeds the buffer.
   */
  read?(): Generator<Uint8Array, Diagnostic | undefined>;
}

/** What the user may say beyond the section name. */
export interface AttachOptions {
  /** In place of the target that the section names. */
  readonly target?: string;
  /** `bpf_get_attach_cookie`. For USDT probes, `bpf_usdt_cookie`. */
  readonly cookie?: number;
  /** kprobe.multi and uprobe.multi: these functions in place of a pattern; all must exist. */
  readonly symbols?: readonly string[];
  /** A cookie for each of `symbols`, in their order. */
  readonly cookies?: readonly number[];
  /** Uprobes and USDT probes: in this process only. */
  readonly pid?: number;
  /** Iterators: over what. */
  readonly iter?: IterOptions;
  /** perf_event programs: which event, e.g. `cpu-clock`, and how often. */
  readonly perf?: PerfTarget;
}

/** `union bpf_iter_link_info` (include/uapi/linux/bpf.h). */
export interface IterOptions {
  /** task, task_file, task_vma: this thread only, or all threads of this process. */
  readonly tid?: number;
  readonly pid?: number;
  /** bpf_map_elem: the map. */
  readonly map?: BpfMap;
  /** cgroup: where to begin (id, default the root) and which way. */
  readonly cgroupId?: number;
  readonly order?: 'self' | 'descendants-pre' | 'descendants-post' | 'ancestors-up';
}

export interface PerfTarget {
  readonly event: string;
  readonly frequencyHz?: number;
  readonly period?: number;
}

/** Attaches one kind of program; one file a kind. */
export type Attacher = (
  program: AttachedProgram,
  target: string,
  options: AttachOptions,
  env: AttachEnv,
) => Result<Attachment, Diagnostic>;
