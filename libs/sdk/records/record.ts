import type { Any } from '../values/value';

/** A record of a ring or perf buffer. */
export interface EventRecord<T = Any> {
  /** By the record's type (see `Value`); the bytes themselves where nothing tells what they are. */
  readonly value: T;
  /** Name of the struct, if it is known. */
  readonly event: string | undefined;
  readonly bytes: Uint8Array;
  /** Moment of the event, CLOCK_MONOTONIC, ns. */
  readonly time: bigint;
  readonly cpu: number;
  /** The program that emitted it. */
  readonly program: string;
  /** Where it hangs, e.g. `tracepoint:sched:sched_process_exec`. */
  readonly hook: string;
  /** The task that was current. */
  readonly task: { readonly pid: number; readonly tgid: number; readonly uid: number; readonly comm: string };
}
