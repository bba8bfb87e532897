import { COMMON, type KfuncRow, kfuncs } from './kfunc-row';

/** Dynptrs: what makes them, and what reads and writes through them. */
export const DYNPTR_KFUNCS: readonly KfuncRow[] = [
  // kernel/trace/bpf_trace.c
  ...kfuncs(COMMON, {
    bpf_copy_from_user_dynptr: 'SLEEPABLE',
    bpf_copy_from_user_str_dynptr: 'SLEEPABLE',
    bpf_copy_from_user_task_dynptr: 'TRUSTED_ARGS SLEEPABLE',
    bpf_copy_from_user_task_str_dynptr: 'TRUSTED_ARGS SLEEPABLE',
    bpf_probe_read_kernel_dynptr: '',
    bpf_probe_read_kernel_str_dynptr: '',
    bpf_probe_read_user_dynptr: '',
    bpf_probe_read_user_str_dynptr: '',
  }),
  // net/core/filter.c
  ...kfuncs(['tc', 'tracing', 'cgroup', 'sched_act', 'sk_skb', 'socket_filter', 'lwt', 'netfilter'], {
    bpf_dynptr_from_skb: 'TRUSTED_ARGS',
  }),
  // net/core/filter.c
  ...kfuncs(['tc', 'sched_act'], {
    bpf_dynptr_from_skb_meta: 'TRUSTED_ARGS',
  }),
  // net/core/filter.c
  ...kfuncs(['xdp'], {
    bpf_dynptr_from_xdp: '',
  }),
  // kernel/bpf/helpers.c
  ...kfuncs(COMMON, {
    bpf_dynptr_adjust: '',
    bpf_dynptr_clone: '',
    bpf_dynptr_copy: '',
    bpf_dynptr_is_null: '',
    bpf_dynptr_is_rdonly: '',
    bpf_dynptr_memset: '',
    bpf_dynptr_size: '',
    bpf_dynptr_slice: 'RET_NULL',
    bpf_dynptr_slice_rdwr: 'RET_NULL',
  }),
];
