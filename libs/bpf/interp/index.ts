/**
 * The reference interpreter of eBPF: semantics written for reading, one instruction at a time, against which the JIT
 * is judged. Canonical spec: RFC 9669.
 */

export type { StepObserver } from './execution';
export { ExecutionFault, MemoryFault } from './faults';
export { createInterpreter, type InterpreterOptions } from './interpreter';
export { runRaw } from './raw';
