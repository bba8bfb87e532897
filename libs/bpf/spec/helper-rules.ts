import { lsmHookRules } from './lsm-hooks';
import type { StructOpsHelpers } from './struct-ops';
import { AttachType, ProgType } from './uapi-enums';

/** What a program hangs on, as far as it decides which helpers it may call. */
export interface HelperSite {
  readonly progType: number;
  readonly expectedAttachType: number;
  /** Kernel function or LSM hook, without the prefix of its kind. */
  readonly hook: string;
  readonly sleepable: boolean;
  /** struct_ops: the member, and the helpers of its interface. */
  readonly member?: string;
  readonly interfaceHelpers?: StructOpsHelpers;
}

const A = AttachType;

/** kernel/trace/bpf_trace.c: btf_allowlist_d_path. */
const D_PATH_FUNCTIONS: ReadonlySet<string> = new Set([
  'security_file_permission',
  'security_inode_getattr',
  'security_file_open',
  'security_path_truncate',
  'vfs_truncate',
  'vfs_fallocate',
  'dentry_open',
  'vfs_getattr',
  'filp_close',
]);

function dPathAllowed({ progType, expectedAttachType, hook }: HelperSite): boolean {
  if (progType === ProgType.TRACING && expectedAttachType === A.TRACE_ITER) return true;
  if (progType === ProgType.LSM) return lsmHookRules(hook)?.sleepable === true;
  return D_PATH_FUNCTIONS.has(hook);
}

/** net/core/bpf_sk_storage.c: bpf_sk_storage_tracing_allowed; LSM programs have prototypes of their own. */
function skStorageAllowed({ progType, expectedAttachType, hook }: HelperSite): boolean {
  if (progType !== ProgType.TRACING) return progType !== ProgType.SYSCALL;
  if (expectedAttachType === A.TRACE_ITER || expectedAttachType === A.TRACE_RAW_TP) return true;
  const traces = expectedAttachType === A.TRACE_FENTRY || expectedAttachType === A.TRACE_FEXIT;
  return traces && !hook.startsWith('bpf_sk_storage');
}

function sleepableHook({ hook }: HelperSite): boolean {
  return lsmHookRules(hook)?.sleepable === true;
}

/** Helpers that some hooks may not call although their program type may (`bpf_func_proto.allowed`). */
const ALLOWED: Readonly<Record<string, (site: HelperSite) => boolean>> = {
  d_path: dPathAllowed,
  sk_storage_get: skStorageAllowed,
  sk_storage_delete: skStorageAllowed,
  ima_inode_hash: sleepableHook,
  ima_file_hash: sleepableHook,
};

/** False when the verifier says `helper call is not allowed in probe`. */
export function helperAllowedAtHook(site: HelperSite, helper: string): boolean {
  return ALLOWED[helper]?.(site) ?? true;
}

/** LSM hooks where a socket's options may be read and set (kernel/bpf/bpf_lsm.c: bpf_lsm_*_sockopt_hooks). */
const SOCKOPT_HOOKS: ReadonlySet<string> = new Set([
  'sock_graft',
  'inet_csk_clone',
  'inet_conn_established',
  'socket_post_create',
  'socket_socketpair',
]);

/** Iterators that hold the lock of the socket in hand (net/ipv4/tcp_ipv4.c, net/unix/af_unix.c). */
const LOCKING_ITERATORS: ReadonlySet<string> = new Set(['tcp', 'unix']);

const SOCKOPTS: ReadonlySet<string> = new Set(['setsockopt', 'getsockopt']);
const IMA: ReadonlySet<string> = new Set(['ima_inode_hash', 'ima_file_hash']);
/** net/ipv4/bpf_tcp_ca.c: bpf_tcp_ca_get_func_proto. */
const TCP_CONGESTION: ReadonlySet<string> = new Set([
  'tcp_send_ack',
  'sk_storage_get',
  'sk_storage_delete',
  'setsockopt',
  'getsockopt',
  'ktime_get_coarse_ns',
]);

/**
 * Whether the program's own `get_func_proto` hands out a helper that its type may call: some look at the hook, the
 * member or at BPF_F_SLEEPABLE. False when the verifier says `program of this type cannot use helper`.
 */
export function helperOfHook(site: HelperSite, helper: string): boolean {
  if (site.progType === ProgType.LSM) {
    if (IMA.has(helper)) return site.sleepable;
    return !SOCKOPTS.has(helper) || SOCKOPT_HOOKS.has(site.hook);
  }
  if (site.progType === ProgType.TRACING) return !SOCKOPTS.has(helper) || LOCKING_ITERATORS.has(site.hook);
  if (site.progType !== ProgType.STRUCT_OPS) return true;
  if (site.interfaceHelpers === 'none') return false;
  if (!TCP_CONGESTION.has(helper)) return true;
  return site.interfaceHelpers === 'tcp-congestion' && !(SOCKOPTS.has(helper) && site.member === 'release');
}
