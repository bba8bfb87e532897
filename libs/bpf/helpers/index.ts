/** Implementations of BPF helpers by id. Canonical sources: kernel/bpf/helpers.c, kernel/trace/bpf_trace.c. */
export { createHelpers, type Helpers } from './create-helpers';
export type { HelperEnv } from './helper-context';
export type { CurrentTask, KernelServices, PerfValue, RunInfo } from './kernel-services';
