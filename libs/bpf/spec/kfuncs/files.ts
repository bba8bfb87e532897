import { COMMON, type KfuncRow, kfuncs } from './kfunc-row';

/** Files and their attributes. */
export const FILE_KFUNCS: readonly KfuncRow[] = [
  // fs/bpf_fs_kfuncs.c
  ...kfuncs(
    ['tracing'],
    {
      bpf_get_dentry_xattr: 'TRUSTED_ARGS SLEEPABLE',
      bpf_get_file_xattr: 'TRUSTED_ARGS SLEEPABLE',
      bpf_get_task_exe_file: 'ACQUIRE RET_NULL TRUSTED_ARGS',
      bpf_path_d_path: 'TRUSTED_ARGS',
      bpf_put_file: 'RELEASE',
      bpf_remove_dentry_xattr: 'TRUSTED_ARGS SLEEPABLE',
      bpf_set_dentry_xattr: 'TRUSTED_ARGS SLEEPABLE',
    },
    'lsm',
  ),
  // fs/bpf_fs_kfuncs.c
  ...kfuncs(COMMON, {
    bpf_cgroup_read_xattr: 'RCU',
  }),
];
