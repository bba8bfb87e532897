import {
  CGROUP_DEVICE_VIEW,
  CGROUP_SYSCTL_VIEW,
  GETSOCKOPT_VIEW,
  LIRC_VIEW,
  NETFILTER_VIEW,
  SETSOCKOPT_VIEW,
} from './ctx/cgroup';
import type { ContextView } from './ctx/layout';
import { SK_LOOKUP_VIEW, SK_MSG_VIEW, SK_REUSEPORT_VIEW } from './ctx/sk-msg';
import {
  CGROUP_SKB_UNPRIVILEGED_VIEW,
  CGROUP_SKB_VIEW,
  FLOW_DISSECTOR_VIEW,
  LWT_VIEW,
  SK_SKB_VIEW,
  SOCKET_FILTER_VIEW,
  TC_VIEW,
  XDP_DEVMAP_VIEW,
  XDP_VIEW,
} from './ctx/skb';
import { CGROUP_SOCK_VIEWS } from './ctx/sock';
import { SOCK_ADDR_VIEWS } from './ctx/sock-addr';
import { SOCK_OPS_VIEW } from './ctx/sock-ops';
import {
  KPROBE_VIEW,
  PERF_EVENT_VIEW,
  RAW_TRACEPOINT_VIEW,
  RAW_TRACEPOINT_WRITABLE_VIEW,
  SYSCALL_VIEW,
  TRACEPOINT_VIEW,
} from './ctx/tracing';
import { AttachType, ProgType } from './uapi-enums';

export type Capability = 'CAP_BPF' | 'CAP_PERFMON' | 'CAP_NET_ADMIN';

/** Where a program's context comes from. */
export type ProgramContext =
  /** A fixed layout, seen through a view. */
  | { readonly kind: 'layout'; readonly view: ContextView }
  /** Arguments of the kernel function, tracepoint or iterator that `attach_btf_id` names (btf_ctx_access). */
  | { readonly kind: 'btf-args' }
  /** The program's type says nothing of it. */
  | { readonly kind: 'none' };

/** One row of the table of program types. */
export interface ProgramTypeRow {
  readonly type: ProgType;
  /** As `bpftool prog` prints it. */
  readonly name: string;
  readonly context: ProgramContext;
  /** A view that replaces the context's for some attach types. */
  readonly contextByAttachType?: readonly {
    readonly attachTypes: readonly AttachType[];
    readonly view: ContextView;
  }[];
  /** What a caller without CAP_BPF sees, where that is less. */
  readonly unprivilegedContext?: ContextView;
  /** All needed to load (kernel/bpf/syscall.c: is_net_admin_prog_type, is_perfmon_prog_type). */
  readonly capabilities: readonly Capability[];
  /** Every subprogram has 512 bytes of stack of its own (kernel/bpf/verifier.c: bpf_enable_priv_stack). */
  readonly privateStack: boolean;
  /** `yes` with BPF_F_SLEEPABLE, `only`: must be (can_be_sleepable). */
  readonly sleepable: 'no' | 'yes' | 'only';
  /** Direct packet access: reads through `data`, and writes (may_access_direct_pkt_data). */
  readonly packet: 'none' | 'read' | 'read-write';
}

/** Lawful return values of a program, both inclusive; signed 32-bit. */
export interface ReturnRange {
  readonly min: number;
  readonly max: number;
}

const P = ProgType;
const A = AttachType;

type Rest = Partial<Omit<ProgramTypeRow, 'type' | 'name' | 'context' | 'capabilities'>>;

const DEFAULTS = { privateStack: false, sleepable: 'no', packet: 'none' } as const;
const PERFMON: readonly Capability[] = ['CAP_BPF', 'CAP_PERFMON'];
const NET_ADMIN: readonly Capability[] = ['CAP_BPF', 'CAP_NET_ADMIN'];
const BPF_ONLY: readonly Capability[] = ['CAP_BPF'];

function row(
  type: ProgType,
  name: string,
  context: ProgramContext | ContextView,
  capabilities: readonly Capability[],
  rest: Rest = {},
): ProgramTypeRow {
  const source = 'kind' in context ? context : ({ kind: 'layout', view: context } as const);
  return { type, name, context: source, capabilities, ...DEFAULTS, ...rest };
}

const BTF_ARGS: ProgramContext = { kind: 'btf-args' };
/** A program that replaces a function of another one; its context is the other's. */
const NO_CONTEXT: ProgramContext = { kind: 'none' };

type ByAttachType = NonNullable<ProgramTypeRow['contextByAttachType']>;

const CGROUP_SOCK_BY_ATTACH_TYPE: ByAttachType = [
  { attachTypes: [A.CGROUP_INET4_POST_BIND], view: CGROUP_SOCK_VIEWS.postBind4 },
  { attachTypes: [A.CGROUP_INET6_POST_BIND], view: CGROUP_SOCK_VIEWS.postBind6 },
];

const SOCK_ADDR_BY_ATTACH_TYPE: ByAttachType = [
  {
    attachTypes: [
      A.CGROUP_INET4_BIND,
      A.CGROUP_INET4_CONNECT,
      A.CGROUP_INET4_GETPEERNAME,
      A.CGROUP_INET4_GETSOCKNAME,
      A.CGROUP_UDP4_RECVMSG,
    ],
    view: SOCK_ADDR_VIEWS.inet4,
  },
  {
    attachTypes: [
      A.CGROUP_INET6_BIND,
      A.CGROUP_INET6_CONNECT,
      A.CGROUP_INET6_GETPEERNAME,
      A.CGROUP_INET6_GETSOCKNAME,
      A.CGROUP_UDP6_RECVMSG,
    ],
    view: SOCK_ADDR_VIEWS.inet6,
  },
  { attachTypes: [A.CGROUP_UDP4_SENDMSG], view: SOCK_ADDR_VIEWS.sendmsg4 },
  { attachTypes: [A.CGROUP_UDP6_SENDMSG], view: SOCK_ADDR_VIEWS.sendmsg6 },
];

const SOCKOPT_BY_ATTACH_TYPE: ByAttachType = [{ attachTypes: [A.CGROUP_GETSOCKOPT], view: GETSOCKOPT_VIEW }];

/** All program types of Linux 6.18 in order of their number. */
export const PROGRAM_TYPES: readonly ProgramTypeRow[] = [
  row(P.SOCKET_FILTER, 'socket_filter', SOCKET_FILTER_VIEW, BPF_ONLY),
  row(P.KPROBE, 'kprobe', KPROBE_VIEW, PERFMON, { privateStack: true, sleepable: 'yes' }),
  row(P.SCHED_CLS, 'sched_cls', TC_VIEW, NET_ADMIN, { packet: 'read-write' }),
  row(P.SCHED_ACT, 'sched_act', TC_VIEW, NET_ADMIN, { packet: 'read-write' }),
  row(P.TRACEPOINT, 'tracepoint', TRACEPOINT_VIEW, PERFMON, { privateStack: true }),
  row(P.XDP, 'xdp', XDP_VIEW, NET_ADMIN, {
    packet: 'read-write',
    contextByAttachType: [{ attachTypes: [A.XDP_DEVMAP], view: XDP_DEVMAP_VIEW }],
  }),
  row(P.PERF_EVENT, 'perf_event', PERF_EVENT_VIEW, PERFMON, { privateStack: true }),
  row(P.CGROUP_SKB, 'cgroup_skb', CGROUP_SKB_VIEW, BPF_ONLY, {
    packet: 'read',
    unprivilegedContext: CGROUP_SKB_UNPRIVILEGED_VIEW,
  }),
  row(P.CGROUP_SOCK, 'cgroup_sock', CGROUP_SOCK_VIEWS.create, NET_ADMIN, {
    contextByAttachType: CGROUP_SOCK_BY_ATTACH_TYPE,
  }),
  row(P.LWT_IN, 'lwt_in', LWT_VIEW, NET_ADMIN, { packet: 'read' }),
  row(P.LWT_OUT, 'lwt_out', LWT_VIEW, NET_ADMIN, { packet: 'read' }),
  row(P.LWT_XMIT, 'lwt_xmit', LWT_VIEW, NET_ADMIN, { packet: 'read-write' }),
  row(P.SOCK_OPS, 'sock_ops', SOCK_OPS_VIEW, NET_ADMIN),
  row(P.SK_SKB, 'sk_skb', SK_SKB_VIEW, NET_ADMIN, { packet: 'read-write' }),
  row(P.CGROUP_DEVICE, 'cgroup_device', CGROUP_DEVICE_VIEW, NET_ADMIN),
  row(P.SK_MSG, 'sk_msg', SK_MSG_VIEW, NET_ADMIN, { packet: 'read-write' }),
  row(P.RAW_TRACEPOINT, 'raw_tracepoint', RAW_TRACEPOINT_VIEW, PERFMON, { privateStack: true }),
  row(P.CGROUP_SOCK_ADDR, 'cgroup_sock_addr', SOCK_ADDR_VIEWS.unix, NET_ADMIN, {
    contextByAttachType: SOCK_ADDR_BY_ATTACH_TYPE,
  }),
  row(P.LWT_SEG6LOCAL, 'lwt_seg6local', LWT_VIEW, NET_ADMIN, { packet: 'read' }),
  row(P.LIRC_MODE2, 'lirc_mode2', LIRC_VIEW, NET_ADMIN),
  row(P.SK_REUSEPORT, 'sk_reuseport', SK_REUSEPORT_VIEW, BPF_ONLY, { packet: 'read' }),
  row(P.FLOW_DISSECTOR, 'flow_dissector', FLOW_DISSECTOR_VIEW, NET_ADMIN, { packet: 'read' }),
  row(P.CGROUP_SYSCTL, 'cgroup_sysctl', CGROUP_SYSCTL_VIEW, NET_ADMIN),
  row(P.RAW_TRACEPOINT_WRITABLE, 'raw_tracepoint_writable', RAW_TRACEPOINT_WRITABLE_VIEW, PERFMON),
  row(P.CGROUP_SOCKOPT, 'cgroup_sockopt', SETSOCKOPT_VIEW, NET_ADMIN, {
    packet: 'read-write',
    contextByAttachType: SOCKOPT_BY_ATTACH_TYPE,
  }),
  row(P.TRACING, 'tracing', BTF_ARGS, PERFMON, { privateStack: true, sleepable: 'yes' }),
  row(P.STRUCT_OPS, 'struct_ops', BTF_ARGS, PERFMON, { sleepable: 'yes' }),
  row(P.EXT, 'ext', NO_CONTEXT, ['CAP_BPF', 'CAP_PERFMON', 'CAP_NET_ADMIN']),
  row(P.LSM, 'lsm', BTF_ARGS, PERFMON, { sleepable: 'yes' }),
  row(P.SK_LOOKUP, 'sk_lookup', SK_LOOKUP_VIEW, BPF_ONLY),
  row(P.SYSCALL, 'syscall', SYSCALL_VIEW, BPF_ONLY, { sleepable: 'only' }),
  row(P.NETFILTER, 'netfilter', NETFILTER_VIEW, NET_ADMIN),
];

const BY_TYPE = new Map<number, ProgramTypeRow>(PROGRAM_TYPES.map((row) => [row.type, row]));
const BY_NAME = new Map(PROGRAM_TYPES.map((row) => [row.name, row]));

/** Undefined for a number that `enum bpf_prog_type` does not have (BPF_PROG_LOAD gives EINVAL). */
export function programType(type: number): ProgramTypeRow | undefined {
  return BY_TYPE.get(type);
}

/** By the name that bpftool prints. */
export function programTypeByName(name: string): ProgramTypeRow | undefined {
  return BY_NAME.get(name);
}

/** As bpftool prints it: `unspec` for 0, the number itself where the kernel has no such type. */
export function programTypeName(type: number): string {
  return type === P.UNSPEC ? 'unspec' : (BY_TYPE.get(type)?.name ?? String(type));
}

/** What a program sees as its context; undefined where it has no fixed layout. */
export function contextView(row: ProgramTypeRow, expectedAttachType: number): ContextView | undefined {
  const special = row.contextByAttachType?.find((entry) =>
    entry.attachTypes.some((attachType) => attachType === expectedAttachType),
  );
  if (special) return special.view;
  return row.context.kind === 'layout' ? row.context.view : undefined;
}

/** Whether BPF_F_SLEEPABLE is lawful (kernel/bpf/verifier.c: can_be_sleepable). */
export function canBeSleepable(type: number, expectedAttachType: number): boolean {
  if (type !== P.TRACING) return (BY_TYPE.get(type)?.sleepable ?? 'no') !== 'no';
  const lawful: readonly number[] = [A.TRACE_FENTRY, A.TRACE_FEXIT, A.MODIFY_RETURN, A.TRACE_ITER];
  return lawful.includes(expectedAttachType);
}

/** Private stack of a program; iterators have none (bpf_prog_check_recur). */
export function hasPrivateStack(type: number, expectedAttachType: number): boolean {
  if (type === P.TRACING && expectedAttachType === A.TRACE_ITER) return false;
  return BY_TYPE.get(type)?.privateStack ?? false;
}

interface ReturnRow {
  readonly type: ProgType;
  /** All when absent. */
  readonly attachTypes?: readonly AttachType[];
  readonly range: ReturnRange;
}

const ZERO: ReturnRange = { min: 0, max: 0 };
const BOOLEAN: ReturnRange = { min: 0, max: 1 };

/** kernel/bpf/verifier.c: check_return_code; types and attach types without a row may return anything. */
const RETURN_RANGES: readonly ReturnRow[] = [
  { type: P.KPROBE, attachTypes: [A.TRACE_KPROBE_SESSION, A.TRACE_UPROBE_SESSION], range: BOOLEAN },
  { type: P.TRACING, attachTypes: [A.TRACE_FENTRY, A.TRACE_FEXIT], range: ZERO },
  { type: P.TRACING, attachTypes: [A.TRACE_ITER], range: BOOLEAN },
  { type: P.CGROUP_SKB, attachTypes: [A.CGROUP_INET_EGRESS], range: { min: 0, max: 3 } },
  { type: P.CGROUP_SKB, range: BOOLEAN },
  { type: P.CGROUP_SOCK, range: BOOLEAN },
  { type: P.SOCK_OPS, range: BOOLEAN },
  { type: P.CGROUP_DEVICE, range: BOOLEAN },
  { type: P.CGROUP_SYSCTL, range: BOOLEAN },
  { type: P.CGROUP_SOCKOPT, range: BOOLEAN },
  {
    type: P.CGROUP_SOCK_ADDR,
    attachTypes: [A.CGROUP_INET4_BIND, A.CGROUP_INET6_BIND],
    range: { min: 0, max: 3 },
  },
  {
    type: P.CGROUP_SOCK_ADDR,
    attachTypes: [
      A.CGROUP_UDP4_RECVMSG,
      A.CGROUP_UDP6_RECVMSG,
      A.CGROUP_UNIX_RECVMSG,
      A.CGROUP_INET4_GETPEERNAME,
      A.CGROUP_INET6_GETPEERNAME,
      A.CGROUP_UNIX_GETPEERNAME,
      A.CGROUP_INET4_GETSOCKNAME,
      A.CGROUP_INET6_GETSOCKNAME,
      A.CGROUP_UNIX_GETSOCKNAME,
    ],
    range: { min: 1, max: 1 },
  },
  { type: P.CGROUP_SOCK_ADDR, range: BOOLEAN },
  { type: P.SK_LOOKUP, range: BOOLEAN },
  { type: P.NETFILTER, range: BOOLEAN },
];

/** Lawful return values of the main program, undefined when any will do. LSM hooks have ranges of their own. */
export function returnRange(type: number, expectedAttachType: number): ReturnRange | undefined {
  return RETURN_RANGES.find(
    (row) =>
      row.type === type && (row.attachTypes?.some((attachType) => attachType === expectedAttachType) ?? true),
  )?.range;
}
