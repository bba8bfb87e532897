import type { Detach } from './listeners';

/** `struct perf_event_attr`, the part that matters here. */
export interface PerfEventAttr {
  /** PERF_TYPE_SOFTWARE = 1, PERF_TYPE_HARDWARE = 0. */
  readonly type: number;
  readonly config: number;
  /** Events per sample, or undefined with `frequencyHz`. */
  readonly period?: number;
  readonly frequencyHz?: number;
  /** Only this CPU; all when undefined. */
  readonly cpu?: number;
}

/** One sample, taken on the current CPU from the current task; stacks come from the kernel's own stack walk. */
export interface PerfSample {
  /** Instruction pointer that was interrupted, a signed word. */
  readonly ip: number;
  /** True when it was in user mode. */
  readonly user: boolean;
  readonly period: number;
  /** Data address, 0 when unknown. */
  readonly addr: number;
}

export type PerfListener = (sample: PerfSample) => void;

/** Implemented by the kernel's scheduler and counters. */
export interface PerfEvents {
  /** @returns undefined when the kernel has no such event (ENOENT). */
  open(attr: PerfEventAttr, listener: PerfListener): Detach | undefined;
}
