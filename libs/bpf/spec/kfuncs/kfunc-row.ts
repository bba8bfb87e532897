/** `KF_*` flags of a kernel function, less the prefix (include/linux/btf.h). */
export type KfuncFlag =
  | 'ACQUIRE'
  | 'RELEASE'
  | 'RET_NULL'
  | 'TRUSTED_ARGS'
  | 'SLEEPABLE'
  | 'DESTRUCTIVE'
  | 'RCU'
  | 'ITER_NEW'
  | 'ITER_NEXT'
  | 'ITER_DESTROY'
  | 'RCU_PROTECTED'
  | 'FASTCALL'
  | 'ARENA_RET'
  | 'ARENA_ARG1'
  | 'ARENA_ARG2';

/** Groups of program types that a set of kernel functions is registered for (`enum btf_kfunc_hook`), in lower case. */
export type KfuncHook =
  | 'common'
  | 'xdp'
  | 'tc'
  | 'struct_ops'
  | 'tracing'
  | 'syscall'
  | 'fmodret'
  | 'cgroup'
  | 'sched_act'
  | 'sk_skb'
  | 'socket_filter'
  | 'lwt'
  | 'netfilter'
  | 'kprobe';

/** Condition of its own that a set of kernel functions poses to programs (`btf_kfunc_filter_t`). */
export type KfuncFilter =
  /** LSM programs (fs/bpf_fs_kfuncs.c: bpf_fs_kfuncs_filter). */
  | 'lsm'
  /** Iterator programs (net/core/filter.c: tracing_iter_filter). */
  | 'iter'
  /** kprobe and uprobe sessions (kernel/trace/bpf_trace.c: bpf_kprobe_multi_filter). */
  | 'session';

/** A kernel function that programs may call. Its prototype is in the kernel's BTF under the same name. */
export interface KfuncRow {
  readonly name: string;
  readonly flags: readonly KfuncFlag[];
  readonly hooks: readonly KfuncHook[];
  readonly filter?: KfuncFilter;
}

/** Hooks of the set `generic_btf_ids` (kernel/bpf/helpers.c: kfunc_init). */
export const GENERIC: readonly KfuncHook[] = ['xdp', 'tc', 'struct_ops', 'tracing', 'syscall', 'cgroup'];
/** All program types. */
export const COMMON: readonly KfuncHook[] = ['common'];

/** Rows with the same hooks. @param rows by name, flags separated by spaces */
export function kfuncs(
  hooks: readonly KfuncHook[],
  rows: Readonly<Record<string, string>>,
  filter?: KfuncFilter,
): KfuncRow[] {
  return Object.entries(rows).map(([name, flags]) => ({
    name,
    flags: flags.split(' ').filter(Boolean) as KfuncFlag[],
    hooks,
    ...(filter && { filter }),
  }));
}
