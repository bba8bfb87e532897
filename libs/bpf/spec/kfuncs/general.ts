import { COMMON, GENERIC, type KfuncRow, kfuncs } from './kfunc-row';

/** What fits no other family. */
export const GENERAL_KFUNCS: readonly KfuncRow[] = [
  // kernel/bpf/arena.c
  ...kfuncs(COMMON, {
    bpf_arena_alloc_pages: 'TRUSTED_ARGS SLEEPABLE ARENA_RET ARENA_ARG2',
    bpf_arena_free_pages: 'TRUSTED_ARGS SLEEPABLE ARENA_ARG2',
    bpf_arena_reserve_pages: 'TRUSTED_ARGS SLEEPABLE ARENA_ARG2',
  }),
  // mm/slub.c
  ...kfuncs(COMMON, {
    bpf_get_kmem_cache: '',
  }),
  // kernel/bpf/map_iter.c
  ...kfuncs(COMMON, {
    bpf_map_sum_elem_count: 'TRUSTED_ARGS',
  }),
  // kernel/cgroup/rstat.c
  ...kfuncs(['tracing'], {
    css_rstat_flush: 'SLEEPABLE',
    css_rstat_updated: '',
  }),
  // kernel/trace/bpf_trace.c
  ...kfuncs(
    ['kprobe'],
    {
      bpf_session_cookie: '',
      bpf_session_is_return: '',
    },
    'session',
  ),
  // kernel/trace/bpf_trace.c
  ...kfuncs(GENERIC, {
    bpf_send_signal_task: 'TRUSTED_ARGS',
  }),
  // kernel/bpf/stream.c
  ...kfuncs(COMMON, {
    bpf_stream_vprintk_impl: 'TRUSTED_ARGS',
  }),
  // kernel/bpf/helpers.c
  ...kfuncs(COMMON, {
    bpf_cast_to_kern_ctx: 'FASTCALL',
    bpf_rdonly_cast: 'FASTCALL',
  }),
  // kernel/bpf/helpers.c
  ...kfuncs(COMMON, {
    __bpf_trap: '',
  }),
];
