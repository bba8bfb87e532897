/** Implementations of BPF helpers by id. Canonical sources: kernel/bpf/helpers.c, kernel/trace/bpf_trace.c. */
export type { CurrentTask, KernelServices, RunInfo } from './kernel-services';
