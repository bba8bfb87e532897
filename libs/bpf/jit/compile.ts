import type { ExecutableProgram, ExecutionCounters, ExecutionEnv, VerifiedProgram } from '@probed/spec';
import { instantiate } from './instantiate';
import { buildModule } from './module';

/** A program compiled to WebAssembly. */
export interface JitProgram extends ExecutableProgram {
  /** The module. */
  readonly wasm: Uint8Array<ArrayBuffer>;
}

/**
 * Compiles a verified program into one WebAssembly module and links it against its environment, whose maps and memory
 * must exist already: their offsets become constants.
 *
 * @param counters the code counts in them what runs; without, it has nothing of the kind
 * @throws JitLimitError when a function is larger than the engine takes
 */
export function compile(
  program: VerifiedProgram,
  env: ExecutionEnv,
  counters?: ExecutionCounters,
): JitProgram {
  const module = buildModule(program, env, { counters });
  return { wasm: module.wasm, run: instantiate(module, env, counters) };
}
