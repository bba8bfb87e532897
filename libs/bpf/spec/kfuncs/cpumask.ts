import { type KfuncRow, kfuncs } from './kfunc-row';

/** Sets of CPUs. */
export const CPUMASK_KFUNCS: readonly KfuncRow[] = [
  // kernel/bpf/cpumask.c
  ...kfuncs(['struct_ops', 'tracing', 'syscall'], {
    bpf_cpumask_acquire: 'ACQUIRE TRUSTED_ARGS',
    bpf_cpumask_and: 'RCU',
    bpf_cpumask_any_and_distribute: 'RCU',
    bpf_cpumask_any_distribute: 'RCU',
    bpf_cpumask_clear: 'RCU',
    bpf_cpumask_clear_cpu: 'RCU',
    bpf_cpumask_copy: 'RCU',
    bpf_cpumask_create: 'ACQUIRE RET_NULL',
    bpf_cpumask_empty: 'RCU',
    bpf_cpumask_equal: 'RCU',
    bpf_cpumask_first: 'RCU',
    bpf_cpumask_first_and: 'RCU',
    bpf_cpumask_first_zero: 'RCU',
    bpf_cpumask_full: 'RCU',
    bpf_cpumask_intersects: 'RCU',
    bpf_cpumask_or: 'RCU',
    bpf_cpumask_populate: 'RCU',
    bpf_cpumask_release: 'RELEASE',
    bpf_cpumask_set_cpu: 'RCU',
    bpf_cpumask_setall: 'RCU',
    bpf_cpumask_subset: 'RCU',
    bpf_cpumask_test_and_clear_cpu: 'RCU',
    bpf_cpumask_test_and_set_cpu: 'RCU',
    bpf_cpumask_test_cpu: 'RCU',
    bpf_cpumask_weight: 'RCU',
    bpf_cpumask_xor: 'RCU',
  }),
];
