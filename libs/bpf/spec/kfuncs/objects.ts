import { GENERIC, type KfuncRow, kfuncs } from './kfunc-row';

/** Allocated objects, references to kernel objects, lists, trees and exceptions. */
export const OBJECT_KFUNCS: readonly KfuncRow[] = [
  // kernel/bpf/helpers.c
  ...kfuncs(GENERIC, {
    bpf_cgroup_acquire: 'ACQUIRE RET_NULL RCU',
    bpf_cgroup_ancestor: 'ACQUIRE RET_NULL RCU',
    bpf_cgroup_from_id: 'ACQUIRE RET_NULL',
    bpf_cgroup_release: 'RELEASE',
    bpf_list_back: 'RET_NULL',
    bpf_list_front: 'RET_NULL',
    bpf_list_pop_back: 'ACQUIRE RET_NULL',
    bpf_list_pop_front: 'ACQUIRE RET_NULL',
    bpf_list_push_back_impl: '',
    bpf_list_push_front_impl: '',
    bpf_obj_drop_impl: 'RELEASE',
    bpf_obj_new_impl: 'ACQUIRE RET_NULL',
    bpf_percpu_obj_drop_impl: 'RELEASE',
    bpf_percpu_obj_new_impl: 'ACQUIRE RET_NULL',
    bpf_rbtree_add_impl: '',
    bpf_rbtree_first: 'RET_NULL',
    bpf_rbtree_left: 'RET_NULL',
    bpf_rbtree_remove: 'ACQUIRE RET_NULL',
    bpf_rbtree_right: 'RET_NULL',
    bpf_rbtree_root: 'RET_NULL',
    bpf_refcount_acquire_impl: 'ACQUIRE RET_NULL RCU',
    bpf_task_acquire: 'ACQUIRE RET_NULL RCU',
    bpf_task_from_pid: 'ACQUIRE RET_NULL',
    bpf_task_from_vpid: 'ACQUIRE RET_NULL',
    bpf_task_get_cgroup1: 'ACQUIRE RET_NULL RCU',
    bpf_task_release: 'RELEASE',
    bpf_task_under_cgroup: 'RCU',
    bpf_throw: '',
  }),
];
