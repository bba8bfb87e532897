import { assert } from '@probed/base';
import type { AbiRet, AbiSlot, HelperAbi } from './helper-proto';
import type { VerifiedProgram } from './verified';

/** How a supported kfunc is called: its result, then its arguments. */
const ABI: Readonly<Record<string, string>> = {
  // kernel/bpf/bpf_iter.c
  bpf_iter_num_new: 'int ptr w32 w32',
  bpf_iter_num_next: 'ptr ptr',
  bpf_iter_num_destroy: 'void ptr',
  // kernel/bpf/task_iter.c, kernel/bpf/cgroup_iter.c
  bpf_iter_task_new: 'int ptr ptr w32',
  bpf_iter_task_next: 'ptr ptr',
  bpf_iter_task_destroy: 'void ptr',
  bpf_iter_task_vma_new: 'int ptr ptr w64',
  bpf_iter_task_vma_next: 'ptr ptr',
  bpf_iter_task_vma_destroy: 'void ptr',
  bpf_iter_css_task_new: 'int ptr ptr w32',
  bpf_iter_css_task_next: 'ptr ptr',
  bpf_iter_css_task_destroy: 'void ptr',
  bpf_iter_css_new: 'int ptr ptr w32',
  bpf_iter_css_next: 'ptr ptr',
  bpf_iter_css_destroy: 'void ptr',
  // kernel/bpf/helpers.c: bits
  bpf_iter_bits_new: 'int ptr w64 w32',
  bpf_iter_bits_next: 'ptr ptr',
  bpf_iter_bits_destroy: 'void ptr',
  // kernel/bpf/helpers.c: tasks and cgroups
  bpf_task_acquire: 'ptr ptr',
  bpf_task_release: 'void ptr',
  bpf_task_from_pid: 'ptr w32',
  bpf_task_from_vpid: 'ptr w32',
  bpf_task_under_cgroup: 'int ptr ptr',
  bpf_cgroup_acquire: 'ptr ptr',
  bpf_cgroup_release: 'void ptr',
  bpf_cgroup_ancestor: 'ptr ptr w32',
  bpf_cgroup_from_id: 'ptr w64',
  // kernel/bpf/helpers.c: sections
  bpf_rcu_read_lock: 'void',
  bpf_rcu_read_unlock: 'void',
  bpf_preempt_disable: 'void',
  bpf_preempt_enable: 'void',
  bpf_local_irq_save: 'void ptr',
  bpf_local_irq_restore: 'void ptr',
  // kernel/bpf/helpers.c: casts
  bpf_rdonly_cast: 'u64 w64 w32',
  // kernel/bpf/helpers.c: dynptrs
  bpf_dynptr_adjust: 'int ptr w32 w32',
  bpf_dynptr_clone: 'int ptr ptr',
  bpf_dynptr_copy: 'int ptr w32 ptr w32 w32',
  bpf_dynptr_is_null: 'int ptr',
  bpf_dynptr_is_rdonly: 'int ptr',
  bpf_dynptr_memset: 'int ptr w32 w32 w32',
  bpf_dynptr_size: 'int ptr',
  bpf_dynptr_slice: 'ptr ptr w32 ptr w32',
  bpf_dynptr_slice_rdwr: 'ptr ptr w32 ptr w32',
  // kernel/trace/bpf_trace.c
  bpf_session_cookie: 'ptr',
  bpf_session_is_return: 'int',
  bpf_probe_read_kernel_dynptr: 'int ptr w32 w32 w64',
  bpf_probe_read_user_dynptr: 'int ptr w32 w32 w64',
  // kernel/bpf/helpers.c: strings
  bpf_strcasecmp: 'int w64 w64',
  bpf_strchr: 'int w64 w32',
  bpf_strchrnul: 'int w64 w32',
  bpf_strcmp: 'int w64 w64',
  bpf_strcspn: 'int w64 w64',
  bpf_strlen: 'int w64',
  bpf_strnchr: 'int w64 w64 w32',
  bpf_strnlen: 'int w64 w64',
  bpf_strnstr: 'int w64 w64 w64',
  bpf_strrchr: 'int w64 w32',
  bpf_strspn: 'int w64 w64',
  bpf_strstr: 'int w64 w64',
};

const ROWS: ReadonlyMap<string, HelperAbi> = new Map(
  Object.entries(ABI).map(([name, text]) => {
    const [ret, ...args] = text.split(' ');
    return [name, { ret: ret as AbiRet, args: args as AbiSlot[] }];
  }),
);

/** Calling convention of a kfunc that can run here; undefined for one that is refused at load by name. */
export function kfuncAbi(name: string): HelperAbi | undefined {
  return ROWS.get(name);
}

/** Name of the kernel function called at a slot; undefined where the object names none. */
export function kfuncName({ spec }: VerifiedProgram, slot: number): string | undefined {
  const ref = spec.refs.get(slot);
  return ref?.kind === 'kfunc' ? ref.name : undefined;
}

/** The supported kernel function that a linked program calls at a slot; the runtime has refused all others. */
export function linkedKfunc(program: VerifiedProgram, slot: number): { name: string; abi: HelperAbi } {
  const name = kfuncName(program, slot);
  const abi = name === undefined ? undefined : kfuncAbi(name);
  assert(name !== undefined && abi, `kernel function ${name} at ${slot} is not supported`);
  return { name, abi };
}

/** Names of all kfuncs that can run here. */
export const SUPPORTED_KFUNCS: readonly string[] = [...ROWS.keys()];
