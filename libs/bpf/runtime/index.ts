/** Programs and maps of one kernel: create, verify, compile, run. Canonical source: kernel/bpf/syscall.c. */
export type { CollectionEnv } from './collection-env';
export type { HelperCall, HelperInterceptor } from './helper-interceptor';
export { LoadedProgram, type ProgramStats } from './loaded-program';
export { mapInfoOf } from './map-info';
export type { RunObserver } from './run-observer';
export { BpfRuntime, type Engine, type LoadOptions, type RuntimeOptions } from './runtime';
