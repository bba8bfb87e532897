/**
 * Thrown when code does what the verifier would never let through. A verified program that throws it breaks an
 * invariant of ours; {@link runRaw} turns it into a diagnostic.
 */
export class ExecutionFault extends Error {
  constructor(
    /** Slot of the instruction at fault. */
    readonly slot: number,
    readonly reason: string,
  ) {
    super(`instruction ${slot}: ${reason}`);
  }
}

/** An access to bytes that do not belong to the program. */
export class MemoryFault extends ExecutionFault {
  constructor(
    slot: number,
    readonly address: bigint,
    readonly bytes: number,
  ) {
    super(slot, `access of ${bytes} bytes at 0x${address.toString(16)} is out of bounds`);
  }
}
