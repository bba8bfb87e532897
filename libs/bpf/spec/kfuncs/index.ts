/**
 * Kernel functions (kfuncs) that programs of Linux 6.18 may call: flags, and the program types they are registered
 * for, as `btf_vmlinux->kfunc_set_tab` of a running kernel holds them. Prototypes are the kernel's BTF.
 */
import { AttachType, ProgType } from '../uapi-enums';
import { CONGESTION_KFUNCS } from './congestion';
import { CPUMASK_KFUNCS } from './cpumask';
import { CRYPTO_KFUNCS } from './crypto';
import { DYNPTR_KFUNCS } from './dynptrs';
import { FILE_KFUNCS } from './files';
import { GENERAL_KFUNCS } from './general';
import { ITERATOR_KFUNCS } from './iterators';
import type { KfuncFilter, KfuncHook, KfuncRow } from './kfunc-row';
import { NET_KFUNCS } from './net';
import { OBJECT_KFUNCS } from './objects';
import { REGION_KFUNCS } from './regions';
import { STRING_KFUNCS } from './strings';
import { TEST_KFUNCS } from './test-run';

export type { KfuncFlag, KfuncRow } from './kfunc-row';

/** All kernel functions known, by family. */
export const KFUNCS: readonly KfuncRow[] = [
  ...GENERAL_KFUNCS,
  ...OBJECT_KFUNCS,
  ...REGION_KFUNCS,
  ...ITERATOR_KFUNCS,
  ...DYNPTR_KFUNCS,
  ...STRING_KFUNCS,
  ...CPUMASK_KFUNCS,
  ...CRYPTO_KFUNCS,
  ...FILE_KFUNCS,
  ...NET_KFUNCS,
  ...CONGESTION_KFUNCS,
  ...TEST_KFUNCS,
];

const BY_NAME: ReadonlyMap<string, KfuncRow> = new Map(KFUNCS.map((row) => [row.name, row]));

/** Undefined for a function that Linux 6.18 lets no program call. */
export function kfuncByName(name: string): KfuncRow | undefined {
  return BY_NAME.get(name);
}

const T = ProgType;

/** kernel/bpf/btf.c: bpf_prog_type_to_kfunc_hook; types without a row have the common functions only. */
const HOOK_OF: ReadonlyMap<number, KfuncHook> = new Map<number, KfuncHook>([
  [T.XDP, 'xdp'],
  [T.SCHED_CLS, 'tc'],
  [T.STRUCT_OPS, 'struct_ops'],
  [T.TRACING, 'tracing'],
  [T.TRACEPOINT, 'tracing'],
  [T.PERF_EVENT, 'tracing'],
  [T.LSM, 'tracing'],
  [T.SYSCALL, 'syscall'],
  [T.CGROUP_SKB, 'cgroup'],
  [T.CGROUP_SOCK, 'cgroup'],
  [T.CGROUP_DEVICE, 'cgroup'],
  [T.CGROUP_SOCK_ADDR, 'cgroup'],
  [T.CGROUP_SOCKOPT, 'cgroup'],
  [T.CGROUP_SYSCTL, 'cgroup'],
  [T.SOCK_OPS, 'cgroup'],
  [T.SCHED_ACT, 'sched_act'],
  [T.SK_SKB, 'sk_skb'],
  [T.SOCKET_FILTER, 'socket_filter'],
  [T.LWT_OUT, 'lwt'],
  [T.LWT_IN, 'lwt'],
  [T.LWT_XMIT, 'lwt'],
  [T.LWT_SEG6LOCAL, 'lwt'],
  [T.NETFILTER, 'netfilter'],
  [T.KPROBE, 'kprobe'],
]);

const FILTERS: Readonly<Record<KfuncFilter, (type: number, attachType: number) => boolean>> = {
  lsm: (type) => type === T.LSM,
  iter: (type, attachType) => type === T.TRACING && attachType === AttachType.TRACE_ITER,
  session: (type, attachType) =>
    type === T.KPROBE &&
    (attachType === AttachType.TRACE_KPROBE_SESSION || attachType === AttachType.TRACE_UPROBE_SESSION),
};

/** `btf_kfunc_id_set_contains`: the row, when programs of this type may call the function. */
export function kfuncFor(type: number, attachType: number, name: string): KfuncRow | undefined {
  const row = BY_NAME.get(name);
  if (!row) return undefined;
  const hook = HOOK_OF.get(type);
  const registered = row.hooks.includes('common') || (hook !== undefined && row.hooks.includes(hook));
  if (!registered || (row.filter && !FILTERS[row.filter](type, attachType))) return undefined;
  return row;
}
