/**
 * Pointer fields that stay valid when their struct is (kernel/bpf/verifier.c: BTF_TYPE_SAFE_RCU,
 * BTF_TYPE_SAFE_RCU_OR_NULL, BTF_TYPE_SAFE_TRUSTED, BTF_TYPE_SAFE_TRUSTED_OR_NULL), as `struct.field`.
 */
const SAFE_RCU: ReadonlySet<string> = new Set([
  'task_struct.cpus_ptr',
  'task_struct.cgroups',
  'task_struct.real_parent',
  'task_struct.group_leader',
  'cgroup.kn',
  'css_set.dfl_cgrp',
  'cgroup_subsys_state.cgroup',
]);

const SAFE_RCU_OR_NULL: ReadonlySet<string> = new Set([
  'mm_struct.exe_file',
  'sk_buff.sk',
  'request_sock.sk',
]);

const SAFE_TRUSTED: ReadonlySet<string> = new Set([
  'bpf_iter_meta.seq',
  'bpf_iter__task.meta',
  'bpf_iter__task.task',
  'linux_binprm.file',
  'file.f_inode',
]);

const SAFE_TRUSTED_OR_NULL: ReadonlySet<string> = new Set([
  'socket.sk',
  'dentry.d_inode',
  'vm_area_struct.vm_mm',
  'vm_area_struct.vm_file',
]);

export type FieldTrust = 'trusted' | 'trusted-or-null' | 'rcu' | 'rcu-or-null' | 'none';

/** How far a pointer read from a valid struct may be trusted. */
export function fieldTrust(struct: string, field: string, which: 'trusted' | 'rcu'): FieldTrust {
  const name = `${struct}.${field}`;
  if (which === 'trusted') {
    if (SAFE_TRUSTED.has(name)) return 'trusted';
    return SAFE_TRUSTED_OR_NULL.has(name) ? 'trusted-or-null' : 'none';
  }
  if (SAFE_RCU.has(name)) return 'rcu';
  return SAFE_RCU_OR_NULL.has(name) ? 'rcu-or-null' : 'none';
}
