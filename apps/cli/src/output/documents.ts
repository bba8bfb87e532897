import type {
  FaultCount,
  Finding,
  Histogram,
  TypedEntry,
  TypedRecord,
  TypedStack,
  TypedVariable,
} from '@probed/machine';

/** What `run --json` prints, one document a line; `object` is the object file's name up to the first dot. */
export type RunDocument =
  | AttachDocument
  | RecordDocument
  | LostDocument
  | TraceDocument
  | MapDocument
  | WhyDocument
  | SummaryDocument;

/** A program hangs at a hook now. */
export interface AttachDocument {
  readonly type: 'attach';
  readonly object: string;
  readonly program: string;
  readonly section: string;
  readonly hook: string;
  /** `inert`: the hook exists and nothing in the emulation fires it. */
  readonly state: 'live' | 'inert';
}

/** A record of a ring or perf buffer. */
export interface RecordDocument extends TypedRecord {
  readonly type: 'record';
  readonly sequence: number;
  /** CLOCK_MONOTONIC at the event. */
  readonly ktime_ns: number;
  /** Wall time at the event, RFC 3339 with nanoseconds. */
  readonly time: string;
  readonly node: string;
  readonly cpu: number;
  readonly object: string;
  readonly program: string;
  readonly hook: string;
  readonly map: string;
  readonly task: TaskDocument;
}

export interface TaskDocument {
  readonly pid: number;
  readonly tgid: number;
  readonly uid: number;
  readonly comm: string;
  readonly cgroup_id: number;
  readonly cgroup?: string;
}

/** Records that a full buffer could not take. */
export interface LostDocument {
  readonly type: 'lost';
  readonly object: string;
  readonly map: string;
  readonly cpu?: number;
  readonly count: number;
}

/** A line of the trace pipe. */
export interface TraceDocument {
  readonly type: 'trace';
  readonly ktime_ns: number;
  readonly time: string;
  readonly cpu: number;
  readonly pid: number;
  readonly comm: string;
  readonly text: string;
}

/** What a map holds at the end; exactly one of `entries`, `stacks`, `variables`. */
export interface MapDocument {
  readonly type: 'map';
  readonly object: string;
  readonly map: string;
  /** As bpftool names it, e.g. `percpu_hash`. */
  readonly map_type: string;
  readonly max_entries: number;
  readonly entries?: readonly TypedEntry[];
  /** Entries of a large array that are not listed because they are zero. */
  readonly zero_entries?: number;
  readonly stacks?: readonly TypedStack[];
  readonly section?: string;
  readonly variables?: readonly TypedVariable[];
  /** What entries or variables count by size. */
  readonly histograms?: readonly Histogram[];
}

export interface ProgramDocument {
  readonly object: string;
  readonly program: string;
  readonly section: string;
  readonly hooks: readonly string[];
  readonly runs: number;
  readonly recursion_misses: number;
  /** Runs cut short because their loops went on too long. */
  readonly budget_exceeded: number;
}

/** Why a link has nothing to show. */
export interface WhyDocument {
  readonly type: 'why';
  readonly object: string;
  readonly program: string;
  readonly hook: string;
  /** The most telling first. */
  readonly findings: readonly Finding[];
}

/** The last document. */
export interface SummaryDocument {
  readonly type: 'summary';
  readonly scenario: string;
  readonly seed: number;
  readonly simulated_ns: number;
  readonly records: number;
  readonly lost: number;
  readonly trace_lines: number;
  /** Helper calls that were made to fail. */
  readonly faults?: readonly FaultCount[];
  readonly programs: readonly ProgramDocument[];
}
