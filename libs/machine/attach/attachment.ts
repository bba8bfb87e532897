import type { Diagnostic, Result } from '@probed/base';
import type { Detach } from '@probed/hooks';
import type { AttachEnv } from './attach-env';
import type { AttachedProgram } from './attached-program';

/** Where a program hangs. */
export interface Attachment {
  readonly detach: Detach;
  /** What it is attached to, in the words of `probectl hooks`, e.g. `tracepoint:sched:sched_process_exec`. */
  readonly hook: string;
  /** `inert`: the hook exists, but nothing in the emulation fires it. */
  readonly state: 'live' | 'inert';
}

/** What the user may say beyond the section name. */
export interface AttachOptions {
  /** In place of the target that the section names. */
  readonly target?: string;
  /** `bpf_get_attach_cookie`. */
  readonly cookie?: number;
  /** perf_event programs: which event, e.g. `cpu-clock`, and how often. */
  readonly perf?: PerfTarget;
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
