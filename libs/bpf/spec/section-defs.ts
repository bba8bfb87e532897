import { AttachType, ProgType } from './uapi-enums';

/** How a program of a section is attached; one member for each way of its own (libbpf's `attach_*` functions). */
export type SectionKind =
  | 'kprobe'
  | 'kretprobe'
  | 'kprobe.multi'
  | 'kretprobe.multi'
  | 'kprobe.session'
  | 'uprobe'
  | 'uretprobe'
  | 'uprobe.multi'
  | 'uretprobe.multi'
  | 'uprobe.session'
  | 'ksyscall'
  | 'kretsyscall'
  | 'usdt'
  | 'tracepoint'
  | 'raw_tracepoint'
  | 'tp_btf'
  | 'fentry'
  | 'fexit'
  | 'fmod_ret'
  | 'freplace'
  | 'lsm'
  | 'lsm_cgroup'
  | 'iter'
  | 'perf_event'
  | 'xdp'
  | 'tc'
  | 'socket'
  | 'cgroup'
  | 'struct_ops'
  | 'syscall'
  | 'other';

/** Which BTF type of the kernel a section's target stands for (libbpf: `btf_get_kernel_prefix_kind`). */
export interface AttachBtf {
  /** Put before the target's name: `btf_trace_`, `bpf_lsm_`, `bpf_iter_` or nothing. */
  readonly prefix: string;
  readonly kind: 'func' | 'typedef';
}

/** One row of libbpf's `section_defs`. */
export interface SectionDef {
  /** What the section's name must be, or begin with when {@link extras} is set. */
  readonly name: string;
  /** `name+` in libbpf's notation: a `/target` may follow. */
  readonly extras: boolean;
  readonly kind: SectionKind;
  readonly type: ProgType;
  readonly expectedAttachType: AttachType;
  /** SEC_SLEEPABLE: loads with BPF_F_SLEEPABLE. */
  readonly sleepable: boolean;
  /** SEC_XDP_FRAGS: loads with BPF_F_XDP_HAS_FRAGS. */
  readonly frags: boolean;
  /** SEC_ATTACH_BTF: the target is a BTF type. */
  readonly attachBtf?: AttachBtf;
}

type Options = Partial<Pick<SectionDef, 'sleepable' | 'frags' | 'attachBtf'>>;

/** `pattern` as in libbpf: `name` for an exact match, `name+` for `name` or `name/target`. */
function def(
  pattern: string,
  kind: SectionKind,
  type: ProgType,
  expectedAttachType: AttachType,
  options: Options = {},
): SectionDef {
  const extras = pattern.endsWith('+');
  const name = extras ? pattern.slice(0, -1) : pattern;
  return { name, extras, kind, type, expectedAttachType, sleepable: false, frags: false, ...options };
}

/** The attach type of program types that have none. */
const NONE = AttachType.CGROUP_INET_INGRESS;
const SLEEPABLE: Options = { sleepable: true };
const FRAGS: Options = { frags: true };
const FUNC: AttachBtf = { prefix: '', kind: 'func' };
const TP_TYPEDEF: AttachBtf = { prefix: 'btf_trace_', kind: 'typedef' };
const LSM_FUNC: AttachBtf = { prefix: 'bpf_lsm_', kind: 'func' };
const ITER_FUNC: AttachBtf = { prefix: 'bpf_iter_', kind: 'func' };

const P = ProgType;
const A = AttachType;

/** Kernel and user functions: kprobes, uprobes, USDT. */
const PROBES: readonly SectionDef[] = [
  def('kprobe+', 'kprobe', P.KPROBE, NONE),
  def('uprobe+', 'uprobe', P.KPROBE, NONE),
  def('uprobe.s+', 'uprobe', P.KPROBE, NONE, SLEEPABLE),
  def('kretprobe+', 'kretprobe', P.KPROBE, NONE),
  def('uretprobe+', 'uretprobe', P.KPROBE, NONE),
  def('uretprobe.s+', 'uretprobe', P.KPROBE, NONE, SLEEPABLE),
  def('kprobe.multi+', 'kprobe.multi', P.KPROBE, A.TRACE_KPROBE_MULTI),
  def('kretprobe.multi+', 'kretprobe.multi', P.KPROBE, A.TRACE_KPROBE_MULTI),
  def('kprobe.session+', 'kprobe.session', P.KPROBE, A.TRACE_KPROBE_SESSION),
  def('uprobe.multi+', 'uprobe.multi', P.KPROBE, A.TRACE_UPROBE_MULTI),
  def('uretprobe.multi+', 'uretprobe.multi', P.KPROBE, A.TRACE_UPROBE_MULTI),
  def('uprobe.session+', 'uprobe.session', P.KPROBE, A.TRACE_UPROBE_SESSION),
  def('uprobe.multi.s+', 'uprobe.multi', P.KPROBE, A.TRACE_UPROBE_MULTI, SLEEPABLE),
  def('uretprobe.multi.s+', 'uretprobe.multi', P.KPROBE, A.TRACE_UPROBE_MULTI, SLEEPABLE),
  def('uprobe.session.s+', 'uprobe.session', P.KPROBE, A.TRACE_UPROBE_SESSION, SLEEPABLE),
  def('ksyscall+', 'ksyscall', P.KPROBE, NONE),
  def('kretsyscall+', 'kretsyscall', P.KPROBE, NONE),
  def('usdt+', 'usdt', P.KPROBE, NONE),
  def('usdt.s+', 'usdt', P.KPROBE, NONE, SLEEPABLE),
];

/** Tracepoints, trampolines, LSM, iterators, perf events. */
const TRACING: readonly SectionDef[] = [
  def('tracepoint+', 'tracepoint', P.TRACEPOINT, NONE),
  def('tp+', 'tracepoint', P.TRACEPOINT, NONE),
  def('raw_tracepoint+', 'raw_tracepoint', P.RAW_TRACEPOINT, NONE),
  def('raw_tp+', 'raw_tracepoint', P.RAW_TRACEPOINT, NONE),
  def('raw_tracepoint.w+', 'raw_tracepoint', P.RAW_TRACEPOINT_WRITABLE, NONE),
  def('raw_tp.w+', 'raw_tracepoint', P.RAW_TRACEPOINT_WRITABLE, NONE),
  def('tp_btf+', 'tp_btf', P.TRACING, A.TRACE_RAW_TP, { attachBtf: TP_TYPEDEF }),
  def('fentry+', 'fentry', P.TRACING, A.TRACE_FENTRY, { attachBtf: FUNC }),
  def('fmod_ret+', 'fmod_ret', P.TRACING, A.MODIFY_RETURN, { attachBtf: FUNC }),
  def('fexit+', 'fexit', P.TRACING, A.TRACE_FEXIT, { attachBtf: FUNC }),
  def('fentry.s+', 'fentry', P.TRACING, A.TRACE_FENTRY, { attachBtf: FUNC, sleepable: true }),
  def('fmod_ret.s+', 'fmod_ret', P.TRACING, A.MODIFY_RETURN, { attachBtf: FUNC, sleepable: true }),
  def('fexit.s+', 'fexit', P.TRACING, A.TRACE_FEXIT, { attachBtf: FUNC, sleepable: true }),
  def('freplace+', 'freplace', P.EXT, NONE, { attachBtf: FUNC }),
  def('lsm+', 'lsm', P.LSM, A.LSM_MAC, { attachBtf: LSM_FUNC }),
  def('lsm.s+', 'lsm', P.LSM, A.LSM_MAC, { attachBtf: LSM_FUNC, sleepable: true }),
  def('lsm_cgroup+', 'lsm_cgroup', P.LSM, A.LSM_CGROUP, { attachBtf: LSM_FUNC }),
  def('iter+', 'iter', P.TRACING, A.TRACE_ITER, { attachBtf: ITER_FUNC }),
  def('iter.s+', 'iter', P.TRACING, A.TRACE_ITER, { attachBtf: ITER_FUNC, sleepable: true }),
  def('perf_event', 'perf_event', P.PERF_EVENT, NONE),
  def('syscall', 'syscall', P.SYSCALL, NONE, SLEEPABLE),
  def('struct_ops+', 'struct_ops', P.STRUCT_OPS, NONE),
  def('struct_ops.s+', 'struct_ops', P.STRUCT_OPS, NONE, SLEEPABLE),
];

/** Packets and sockets. */
const NETWORKING: readonly SectionDef[] = [
  def('socket', 'socket', P.SOCKET_FILTER, NONE),
  def('sk_reuseport/migrate', 'other', P.SK_REUSEPORT, A.SK_REUSEPORT_SELECT_OR_MIGRATE),
  def('sk_reuseport', 'other', P.SK_REUSEPORT, A.SK_REUSEPORT_SELECT),
  def('tc/ingress', 'tc', P.SCHED_CLS, A.TCX_INGRESS),
  def('tc/egress', 'tc', P.SCHED_CLS, A.TCX_EGRESS),
  def('tcx/ingress', 'tc', P.SCHED_CLS, A.TCX_INGRESS),
  def('tcx/egress', 'tc', P.SCHED_CLS, A.TCX_EGRESS),
  def('tc', 'tc', P.SCHED_CLS, NONE),
  def('classifier', 'tc', P.SCHED_CLS, NONE),
  def('action', 'tc', P.SCHED_ACT, NONE),
  def('netkit/primary', 'tc', P.SCHED_CLS, A.NETKIT_PRIMARY),
  def('netkit/peer', 'tc', P.SCHED_CLS, A.NETKIT_PEER),
  def('xdp.frags/devmap', 'xdp', P.XDP, A.XDP_DEVMAP, FRAGS),
  def('xdp/devmap', 'xdp', P.XDP, A.XDP_DEVMAP),
  def('xdp.frags/cpumap', 'xdp', P.XDP, A.XDP_CPUMAP, FRAGS),
  def('xdp/cpumap', 'xdp', P.XDP, A.XDP_CPUMAP),
  def('xdp.frags', 'xdp', P.XDP, A.XDP, FRAGS),
  def('xdp', 'xdp', P.XDP, A.XDP),
  def('lwt_in', 'other', P.LWT_IN, NONE),
  def('lwt_out', 'other', P.LWT_OUT, NONE),
  def('lwt_xmit', 'other', P.LWT_XMIT, NONE),
  def('lwt_seg6local', 'other', P.LWT_SEG6LOCAL, NONE),
  def('sockops', 'cgroup', P.SOCK_OPS, A.CGROUP_SOCK_OPS),
  def('sk_skb/stream_parser', 'other', P.SK_SKB, A.SK_SKB_STREAM_PARSER),
  def('sk_skb/stream_verdict', 'other', P.SK_SKB, A.SK_SKB_STREAM_VERDICT),
  def('sk_skb/verdict', 'other', P.SK_SKB, A.SK_SKB_VERDICT),
  def('sk_skb', 'other', P.SK_SKB, NONE),
  def('sk_msg', 'other', P.SK_MSG, A.SK_MSG_VERDICT),
  def('lirc_mode2', 'other', P.LIRC_MODE2, A.LIRC_MODE2),
  def('flow_dissector', 'other', P.FLOW_DISSECTOR, A.FLOW_DISSECTOR),
  def('sk_lookup', 'other', P.SK_LOOKUP, A.SK_LOOKUP),
  def('netfilter', 'other', P.NETFILTER, A.NETFILTER),
];

function cgroup(pattern: string, type: ProgType, attachType: AttachType): SectionDef {
  return def(pattern, 'cgroup', type, attachType);
}

/** What hangs on a cgroup. */
const CGROUPS: readonly SectionDef[] = [
  cgroup('cgroup_skb/ingress', P.CGROUP_SKB, A.CGROUP_INET_INGRESS),
  cgroup('cgroup_skb/egress', P.CGROUP_SKB, A.CGROUP_INET_EGRESS),
  cgroup('cgroup/skb', P.CGROUP_SKB, NONE),
  cgroup('cgroup/sock_create', P.CGROUP_SOCK, A.CGROUP_INET_SOCK_CREATE),
  cgroup('cgroup/sock_release', P.CGROUP_SOCK, A.CGROUP_INET_SOCK_RELEASE),
  cgroup('cgroup/sock', P.CGROUP_SOCK, A.CGROUP_INET_SOCK_CREATE),
  cgroup('cgroup/post_bind4', P.CGROUP_SOCK, A.CGROUP_INET4_POST_BIND),
  cgroup('cgroup/post_bind6', P.CGROUP_SOCK, A.CGROUP_INET6_POST_BIND),
  cgroup('cgroup/bind4', P.CGROUP_SOCK_ADDR, A.CGROUP_INET4_BIND),
  cgroup('cgroup/bind6', P.CGROUP_SOCK_ADDR, A.CGROUP_INET6_BIND),
  cgroup('cgroup/connect4', P.CGROUP_SOCK_ADDR, A.CGROUP_INET4_CONNECT),
  cgroup('cgroup/connect6', P.CGROUP_SOCK_ADDR, A.CGROUP_INET6_CONNECT),
  cgroup('cgroup/connect_unix', P.CGROUP_SOCK_ADDR, A.CGROUP_UNIX_CONNECT),
  cgroup('cgroup/sendmsg4', P.CGROUP_SOCK_ADDR, A.CGROUP_UDP4_SENDMSG),
  cgroup('cgroup/sendmsg6', P.CGROUP_SOCK_ADDR, A.CGROUP_UDP6_SENDMSG),
  cgroup('cgroup/sendmsg_unix', P.CGROUP_SOCK_ADDR, A.CGROUP_UNIX_SENDMSG),
  cgroup('cgroup/recvmsg4', P.CGROUP_SOCK_ADDR, A.CGROUP_UDP4_RECVMSG),
  cgroup('cgroup/recvmsg6', P.CGROUP_SOCK_ADDR, A.CGROUP_UDP6_RECVMSG),
  cgroup('cgroup/recvmsg_unix', P.CGROUP_SOCK_ADDR, A.CGROUP_UNIX_RECVMSG),
  cgroup('cgroup/getpeername4', P.CGROUP_SOCK_ADDR, A.CGROUP_INET4_GETPEERNAME),
  cgroup('cgroup/getpeername6', P.CGROUP_SOCK_ADDR, A.CGROUP_INET6_GETPEERNAME),
  cgroup('cgroup/getpeername_unix', P.CGROUP_SOCK_ADDR, A.CGROUP_UNIX_GETPEERNAME),
  cgroup('cgroup/getsockname4', P.CGROUP_SOCK_ADDR, A.CGROUP_INET4_GETSOCKNAME),
  cgroup('cgroup/getsockname6', P.CGROUP_SOCK_ADDR, A.CGROUP_INET6_GETSOCKNAME),
  cgroup('cgroup/getsockname_unix', P.CGROUP_SOCK_ADDR, A.CGROUP_UNIX_GETSOCKNAME),
  cgroup('cgroup/sysctl', P.CGROUP_SYSCTL, A.CGROUP_SYSCTL),
  cgroup('cgroup/getsockopt', P.CGROUP_SOCKOPT, A.CGROUP_GETSOCKOPT),
  cgroup('cgroup/setsockopt', P.CGROUP_SOCKOPT, A.CGROUP_SETSOCKOPT),
  cgroup('cgroup/dev', P.CGROUP_DEVICE, A.CGROUP_DEVICE),
];

/** Every section name that libbpf 1.6 gives a meaning to (tools/lib/bpf/libbpf.c: section_defs). */
export const SECTION_DEFS: readonly SectionDef[] = [...PROBES, ...TRACING, ...NETWORKING, ...CGROUPS];
