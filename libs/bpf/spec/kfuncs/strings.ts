import { COMMON, type KfuncRow, kfuncs } from './kfunc-row';

/** Strings in kernel memory. */
export const STRING_KFUNCS: readonly KfuncRow[] = [
  // kernel/bpf/helpers.c
  ...kfuncs(COMMON, {
    bpf_copy_from_user_str: 'SLEEPABLE',
    bpf_copy_from_user_task_str: 'SLEEPABLE',
    bpf_strcasecmp: '',
    bpf_strchr: '',
    bpf_strchrnul: '',
    bpf_strcmp: '',
    bpf_strcspn: '',
    bpf_strlen: '',
    bpf_strnchr: '',
    bpf_strnlen: '',
    bpf_strnstr: '',
    bpf_strrchr: '',
    bpf_strspn: '',
    bpf_strstr: '',
  }),
];
