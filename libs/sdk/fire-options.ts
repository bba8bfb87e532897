import type { Pointer } from '@probed/machine';
import type { Task, TaskOptions } from './task';

/** In whose name, where and from where a hook fires. */
export interface FireOptions {
  /** The current task: one that exists, or what it is to look like; one with that pid is used again. */
  task?: Task | TaskOptions;
  /** The CPU that it runs on, 0 by default. */
  cpu?: number;
  /** Functions that the kernel is in, innermost first: names or addresses; for `bpf_get_stackid` and the like. */
  kernelStack?: readonly (string | bigint)[];
  /** Functions that the user code is in, innermost first: `path:symbol` or addresses. */
  userStack?: readonly (string | bigint)[];
}

/**
 * What an argument, a field or a member is given: integers, text, bytes, pointers; lists for arrays and objects for
 * structs. Where the C type is a pointer, text, bytes, lists and objects are put into memory and pointed to: into the
 * task's memory for system calls and user functions, into the kernel's for everything else.
 */
export type HookValue =
  | number
  | bigint
  | boolean
  | string
  | null
  | Uint8Array
  | Pointer
  | readonly HookValue[]
  | { readonly [name: string]: HookValue };

/** Arguments in order, or by the names of the prototype; what is left out is zero. */
export type HookArguments = readonly HookValue[] | { readonly [name: string]: HookValue };

/** A call of a function. */
export interface CallOptions extends FireOptions {
  args?: HookArguments;
  /** What the function returns, 0 by default, unless a program says otherwise. */
  ret?: number | bigint;
  /** What happens inside the function, between its entry and its return; in the same task. */
  during?: () => void;
}

/** A sample of a perf event. */
export interface SampleOptions extends FireOptions {
  /** Interrupted instruction; the innermost function of the stack by default. */
  ip?: bigint;
  /** It was in user mode; by default, when there is no kernel stack. */
  user?: boolean;
  /** Events since the last sample, 1 by default. */
  period?: number;
  /** Data address. */
  addr?: bigint;
}

/** What one link's program did with an event. */
export interface FiredRun {
  readonly program: string;
  /** Where it hangs. */
  readonly hook: string;
  /** r0, low 32 bits, unsigned; undefined when it was not run. */
  readonly result: number | undefined;
  /** Runs, more than one where the event has several hooks. */
  readonly runs: number;
  /** Not run, because a program of the kind was active on the CPU. */
  readonly skipped: number;
}

/** What became of an event. */
export interface Fired {
  /** The links that it came to, in order of attachment; empty when nothing hangs there. */
  readonly runs: readonly FiredRun[];
  /**
   * Calls: what the function returned: what was given, or what a program put in its place (`bpf_override_return`,
   * `lsm`, `fmod_ret`). Undefined for events that return nothing; a bigint where no number is exact.
   */
  readonly ret: number | bigint | undefined;
}
