/**
 * How often each instruction of one program ran, counted by the interpreter or by code that the JIT adds for it. Kept
 * outside of the emulated memory, so that a counted run gives the same bytes as any other.
 */
export class ExecutionCounters {
  /** Runs by slot, right where {@link counted} says so. */
  readonly executed: Float64Array;
  /** Conditional jumps by slot: how often the jump was taken. */
  readonly taken: Float64Array;
  /** By slot: 1 where {@link executed} has a count of its own; what follows straight on from one ran as often. */
  readonly counted: Uint8Array;

  /** @param slots of the program */
  constructor(slots: number) {
    this.executed = new Float64Array(slots);
    this.taken = new Float64Array(slots);
    this.counted = new Uint8Array(slots);
  }
}
