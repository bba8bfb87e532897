import type { Result } from '@probed/base';
import { runRaw } from '@probed/interp';
import type { Insn } from '@probed/isa';
import { runConfined } from '@probed/jit';
import type { RawHelper, RawOptions } from '@probed/spec';

/** Executors of code that no verifier has seen, by the option that chooses them. */
export const ENGINES = {
  interpret: runRaw,
  jit: runConfined,
} as const satisfies Record<string, (insns: readonly Insn[], options: RawOptions) => Result<bigint>>;

export type EngineName = keyof typeof ENGINES;

/** Helpers that the bpf_conformance suite expects: 5 hands back its argument ("unwind" in its own runners). */
const SUITE_HELPERS: ReadonlyMap<number, RawHelper> = new Map([[5, (r1: bigint) => r1]]);

/** Runs a case of the suite: `memory` in r1, its length in r2. @returns r0 */
export function runCase(engine: EngineName, insns: readonly Insn[], memory: Uint8Array): Result<bigint> {
  return ENGINES[engine](insns, { memory, helpers: SUITE_HELPERS });
}
