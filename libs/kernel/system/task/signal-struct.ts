import type { Sys } from '../sched/task-program';
import type { WaitQueue } from '../sched/wait-queue';
import type { Tty } from '../vfs/tty';
import type { Task } from './task';

export const SIG_DFL = 0;
export const SIG_IGN = 1;

/** One `struct k_sigaction`. */
export interface SigAction {
  /** SIG_DFL, SIG_IGN or the user address of a handler. */
  readonly handler: number;
  readonly flags: number;
  readonly mask: ReadonlySet<number>;
  /** What the handler does, when it is not one of the two above. */
  readonly run?: (signal: number) => Sys<void>;
}

/** `struct signal_struct` and `struct sighand_struct`: what the threads of a process share. */
export class SignalStruct {
  readonly pending = new Set<number>();
  readonly threads = new Set<Task>();
  readonly actions = new Map<number, SigAction>();
  /** Set by exit_group and by fatal signals. */
  groupExiting = false;
  groupExitCode = 0;
  /** Process group and session by their leaders' pid. */
  pgrp = 0;
  session = 0;
  tty: Tty | undefined;
  /** CPU time of children that have been waited for. */
  cutimeNs = 0;
  alarmAt: { cancelled: boolean } | undefined;
  /** Soft and hard limits by resource number; absent ones are unlimited. */
  readonly limits = new Map<number, readonly [number, number]>();

  constructor(
    readonly offset: number,
    readonly sighandOffset: number,
    /** wait4 sleeps here. */
    readonly childExit: WaitQueue,
  ) {}
}
