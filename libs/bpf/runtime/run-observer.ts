import type { ExecutableProgram, VerifiedProgram } from '@probed/spec';

/** Watches runs of programs, instruction by instruction; programs are interpreted then. */
export interface RunObserver {
  /** A run begins, inside another one perhaps: offsets of its context and of the end of its stack. */
  begins(program: VerifiedProgram, ctx: number, stackTop: number): void;
  /**
   * An instruction is about to run.
   * @param registers r0–r10, unsigned; the live array
   * @param depth call depth, 0 in the main program
   */
  step(slot: number, registers: BigUint64Array, depth: number): void;
  /** The innermost run has ended. @param result low 32 bits of r0, undefined when it was cut short */
  ends(result: number | undefined): void;
}

/** Tells an observer of each run. */
export function observed(
  program: VerifiedProgram,
  executable: ExecutableProgram,
  observer: RunObserver,
): ExecutableProgram {
  return {
    run(ctx, stackTop) {
      observer.begins(program, ctx, stackTop);
      let result: number | undefined;
      try {
        result = executable.run(ctx, stackTop);
        return result;
      } finally {
        observer.ends(result);
      }
    },
  };
}
