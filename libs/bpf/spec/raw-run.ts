/** A helper for unverified code: r1–r5 in, r0 out, unsigned words. */
export type RawHelper = (r1: bigint, r2: bigint, r3: bigint, r4: bigint, r5: bigint) => bigint;

/** What code that no verifier has seen may use, whoever runs it. */
export interface RawOptions {
  /** Bytes that r1 points to and whose length is in r2; changed in place. Without any, both are 0. */
  readonly memory?: Uint8Array;
  /**
   * What BPF_ABS and BPF_IND load; without, they are faults.
   * @param offset signed 32-bit
   * @returns unsigned, in host order; undefined when the bytes are not all there
   */
  readonly packet?: (offset: number, bytes: number) => number | undefined;
  /** Jumps backwards that the run may make, and `may_goto` iterations. */
  readonly budget?: number;
  /** By id; a call of any other is a fault. */
  readonly helpers?: ReadonlyMap<number, RawHelper>;
}

/** Jumps backwards of a run that is given no budget. */
export const RAW_BUDGET_DEFAULT = 10_000_000;
