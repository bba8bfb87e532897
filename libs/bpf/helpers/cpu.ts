import type { HelperFamily } from './helper-context';

/** kernel/bpf/helpers.c, kernel/bpf/core.c. */
export const CPU_HELPERS: HelperFamily = {
  get_smp_processor_id: (c) => () => c.services.cpu(),
  /** All CPUs are in node 0. */
  get_numa_node_id: () => () => 0,
  get_prandom_u32: (c) => () => c.u64(c.services.random(), 0),
  per_cpu_ptr: (c) => (variable, cpu) =>
    cpu >>> 0 < c.services.cpus ? (c.services.perCpu?.(variable, cpu >>> 0) ?? 0) : 0,
  this_cpu_ptr: (c) => (variable) => c.services.perCpu?.(variable, c.services.cpu()) ?? 0,
};
