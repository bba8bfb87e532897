import type { ExecutableProgram, ExecutionEnv, VerifiedProgram } from '@probed/spec';
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
 * @throws JitLimitError when a function is larger than the engine takes
 */
export function compile(program: VerifiedProgram, env: ExecutionEnv): JitProgram {
  const module = buildModule(program, env);
  return { wasm: module.wasm, run: instantiate(module, env) };
}
