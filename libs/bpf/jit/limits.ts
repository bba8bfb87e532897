/** V8: kV8MaxWasmFunctionSize (src/wasm/wasm-limits.h), less room for the declaration of locals; bytes. */
export const FUNCTION_BYTES_MAX = 7_654_321 - 256;

/** The engine would refuse the compiled program because of its size; the interpreter can still run it. */
export class JitLimitError extends Error {
  constructor(
    readonly subprogram: string,
    readonly bytes: number,
  ) {
    super(`compiled code of ${subprogram} has ${bytes} bytes, the limit is ${FUNCTION_BYTES_MAX}`);
  }
}
