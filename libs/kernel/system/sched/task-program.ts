/** Why a task gives up its CPU; the value that its coroutine yields to the scheduler. */
export const YIELD = {
  /** Virtual time of other CPUs or events comes first, or the slice is used up. */
  PREEMPT: 0,
  /** It sleeps; its state says how. */
  BLOCK: 1,
  /** `execve` has replaced its program. */
  EXEC: 2,
  /** It is dead. */
  EXIT: 3,
  /** It is in user mode, and what it does next is decided outside the kernel's loop (`user/driven.ts`). */
  USER: 4,
} as const;

export type YieldReason = (typeof YIELD)[keyof typeof YIELD];

/** A part of a task's execution that may sleep. */
export type Sys<T = number> = Generator<YieldReason, T, void>;
