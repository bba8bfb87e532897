import type { HelperProto } from '../helper-proto';
import { ANY32, INT, PERCPU_BTF, RET_PERCPU, RET_PERCPU_OR_NULL, U64 } from './shorthands';

/** CPUs, per-CPU data, chance; kernel/bpf/helpers.c, kernel/bpf/core.c. */
export const CPU_HELPERS: readonly HelperProto[] = [
  { id: 7, name: 'get_prandom_u32', ret: U64, args: [], support: 'full' },
  { id: 8, name: 'get_smp_processor_id', ret: INT, args: [], allowFastcall: true, support: 'full' },
  { id: 42, name: 'get_numa_node_id', ret: INT, args: [], support: 'full' },
  {
    id: 153,
    name: 'per_cpu_ptr',
    ret: RET_PERCPU_OR_NULL,
    args: [PERCPU_BTF, ANY32],
    support: 'partial',
    note: 'NULL where the kernel has no per-CPU copies (KernelServices.perCpu)',
  },
  {
    id: 154,
    name: 'this_cpu_ptr',
    ret: RET_PERCPU,
    args: [PERCPU_BTF],
    support: 'partial',
    note: 'NULL where the kernel has no per-CPU copies (KernelServices.perCpu)',
  },
];
