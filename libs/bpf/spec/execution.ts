import type { KernelMemory } from '@probed/memory';

/**
 * A helper's implementation. Arguments and result follow {@link HelperAbi}: numbers only, `w64` as two (low, high),
 * i32 values possibly negative (they come from WebAssembly).
 */
export type HelperFn = (...args: number[]) => number;

/** Runs a subprogram of the program in flight as a callback; words in r1–r5, signed r0 back (low 32 bits). */
export type CallbackInvoker = (
  slot: number,
  r1: number,
  r2: number,
  r3: number,
  r4: number,
  r5: number,
) => number;

/** What a program is linked against, by the interpreter and by the JIT alike. */
export interface ExecutionEnv {
  readonly memory: KernelMemory;
  /** Offset of the `struct bpf_map` object of a named map. */
  mapObject(name: string): number;
  /** Offset of the value of entry 0 of a named ARRAY map (direct value access). */
  mapValues(name: string): number;
  /** Address of a kernel symbol (signed word), 0 for a weak one that is missing. */
  ksym(name: string): number;
  /** Implementation of a helper; `map` when every path passes that same map, so that it can be bound to it. */
  helper(id: number, map?: string): HelperFn;
  /** Implementation of a kernel function, in the calling convention of `kfuncAbi`. */
  kfunc(name: string): HelperFn;
  /** Offset of 8 bytes (low, high) where a helper with an `u64` result leaves it. */
  readonly resultSlot: number;
  /**
   * bpf_tail_call: runs the program at an index of a program array in place of the function that calls.
   * @param stackTop offset just above the calling function's frame, which the target takes over
   * @returns 0 when it falls through (kernel/bpf/core.c: JMP_TAIL_CALL): no entry, or 33 calls were made; else 1, and
   * the target's result lies in {@link resultSlot}
   */
  tailCall(ctx: number, map: number, index: number, stackTop: number): number;
  /**
   * BPF_ABS, BPF_IND: loads bytes of the packet of an skb context, from network to host order.
   * @param offset signed 32-bit
   * @returns 1, and the value lies in {@link resultSlot}; 0 when they are not all there, which ends the function with 0
   */
  loadPacket(ctx: number, offset: number, bytes: number): number;
  /** Set by the executor while a program runs; helpers that take a callback call it. Save and restore on nesting. */
  invokeCallback: CallbackInvoker;
  /** Iterations and tail calls left to the run in flight; {@link BudgetExceeded} is thrown when it falls below 0. */
  budget: number;
}

/** Thrown through a running program when it has used up its budget of loop iterations. */
export class BudgetExceeded extends Error {
  constructor() {
    super('program exceeded its budget of loop iterations');
  }
}

/** A program ready to run, whichever way. */
export interface ExecutableProgram {
  /**
   * @param ctx offset of the context in linear memory (0 for NULL)
   * @param stackTop offset just above the 8 × 512 bytes of stack for this run; r10 of the main program
   * @returns low 32 bits of r0, unsigned
   */
  run(ctx: number, stackTop: number): number;
}
