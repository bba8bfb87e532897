/**
 * Compiler of verified eBPF programs to WebAssembly with structured control flow. Semantics: RFC 9669 and Linux 6.18.
 */
export { compile, type JitProgram } from './compile';
export { runConfined } from './confined/run-confined';
export { JitLimitError } from './limits';
