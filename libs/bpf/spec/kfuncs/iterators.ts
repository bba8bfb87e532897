import { COMMON, type KfuncRow, kfuncs } from './kfunc-row';

/** Open-coded iterators. */
export const ITERATOR_KFUNCS: readonly KfuncRow[] = [
  // kernel/bpf/bpf_iter.c
  ...kfuncs(COMMON, {
    bpf_iter_num_destroy: 'ITER_DESTROY',
    bpf_iter_num_new: 'ITER_NEW',
    bpf_iter_num_next: 'RET_NULL ITER_NEXT',
  }),
  // kernel/bpf/helpers.c
  ...kfuncs(COMMON, {
    bpf_iter_bits_destroy: 'ITER_DESTROY',
    bpf_iter_bits_new: 'ITER_NEW',
    bpf_iter_bits_next: 'RET_NULL ITER_NEXT',
  }),
  // kernel/bpf/task_iter.c
  ...kfuncs(COMMON, {
    bpf_iter_css_task_destroy: 'ITER_DESTROY',
    bpf_iter_css_task_new: 'TRUSTED_ARGS ITER_NEW',
    bpf_iter_css_task_next: 'RET_NULL ITER_NEXT',
    bpf_iter_task_destroy: 'ITER_DESTROY',
    bpf_iter_task_new: 'TRUSTED_ARGS ITER_NEW RCU_PROTECTED',
    bpf_iter_task_next: 'RET_NULL ITER_NEXT',
    bpf_iter_task_vma_destroy: 'ITER_DESTROY',
    bpf_iter_task_vma_new: 'RCU ITER_NEW',
    bpf_iter_task_vma_next: 'RET_NULL ITER_NEXT',
  }),
  // kernel/bpf/cgroup_iter.c: bpf_iter_css
  ...kfuncs(COMMON, {
    bpf_iter_css_destroy: 'ITER_DESTROY',
    bpf_iter_css_new: 'TRUSTED_ARGS ITER_NEW RCU_PROTECTED',
    bpf_iter_css_next: 'RET_NULL ITER_NEXT',
  }),
  // kernel/bpf/kmem_cache_iter.c
  ...kfuncs(COMMON, {
    bpf_iter_kmem_cache_destroy: 'SLEEPABLE ITER_DESTROY',
    bpf_iter_kmem_cache_new: 'SLEEPABLE ITER_NEW',
    bpf_iter_kmem_cache_next: 'RET_NULL SLEEPABLE ITER_NEXT',
  }),
  // kernel/bpf/dmabuf_iter.c
  ...kfuncs(COMMON, {
    bpf_iter_dmabuf_destroy: 'SLEEPABLE ITER_DESTROY',
    bpf_iter_dmabuf_new: 'SLEEPABLE ITER_NEW',
    bpf_iter_dmabuf_next: 'RET_NULL SLEEPABLE ITER_NEXT',
  }),
];
