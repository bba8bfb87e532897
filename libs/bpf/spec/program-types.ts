import {
  type ContextLayout,
  type ContextView,
  PERF_EVENT_DATA,
  PT_REGS,
  RAW_TRACEPOINT_ARGS,
  RAW_TRACEPOINT_WRITABLE_ARGS,
  SK_BUFF,
  SYSCALL_CONTEXT,
  TRACEPOINT_RECORD,
  XDP_MD,
} from './context';
import { AttachType, ProgType } from './uapi-enums';

export type Capability = 'CAP_BPF' | 'CAP_PERFMON' | 'CAP_NET_ADMIN';

/** Where a program's context comes from. */
export type ProgramContext =
  /** A fixed layout, seen through a view. */
  | { readonly kind: 'layout'; readonly view: ContextView }
  /** Arguments of the kernel function, tracepoint or iterator that `attach_btf_id` names (btf_ctx_access). */
  | { readonly kind: 'btf-args' }
  /** Known by name only. */
  | { readonly kind: 'none' };

/** One row of the table of program types. */
export interface ProgramTypeRow {
  readonly type: ProgType;
  /** As `bpftool prog` prints it. */
  readonly name: string;
  /** False: the verifier refuses the type by name. */
  readonly judged: boolean;
  readonly context: ProgramContext;
  /** A view that replaces the context's for some attach types. */
  readonly contextByAttachType?: readonly {
    readonly attachTypes: readonly AttachType[];
    readonly view: ContextView;
  }[];
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

function view(layout: ContextLayout, denied: readonly string[], writable: readonly string[]): ContextView {
  const read = new Set(layout.fields.map((entry) => entry.name).filter((name) => !denied.includes(name)));
  return { layout, read, write: new Set(writable) };
}

function readOnly(layout: ContextLayout): ProgramContext {
  return { kind: 'layout', view: view(layout, [], []) };
}

const ADDRESSES = [
  'family',
  'remote_ip4',
  'local_ip4',
  ...[0, 1, 2, 3].flatMap((i) => [`remote_ip6[${i}]`, `local_ip6[${i}]`]),
  'remote_port',
  'local_port',
];

/** net/core/filter.c: sk_filter_is_valid_access. */
const SOCKET_FILTER_VIEW = view(
  SK_BUFF,
  [
    ...ADDRESSES,
    'tc_classid',
    'data',
    'data_meta',
    'data_end',
    'flow_keys',
    'tstamp',
    'tstamp_type',
    'wire_len',
    'hwtstamp',
  ],
  ['cb'],
);
/** net/core/filter.c: cg_skb_is_valid_access. */
const CGROUP_SKB_VIEW = view(
  SK_BUFF,
  ['tc_classid', 'data_meta', 'flow_keys', 'wire_len', 'tstamp_type'],
  ['mark', 'priority', 'cb', 'tstamp'],
);
/** net/core/filter.c: tc_cls_act_is_valid_access. */
const TC_VIEW = view(
  SK_BUFF,
  [...ADDRESSES, 'flow_keys'],
  ['mark', 'tc_index', 'priority', 'tc_classid', 'cb', 'tstamp', 'queue_mapping'],
);
/** net/core/filter.c: lwt_is_valid_access. */
const LWT_VIEW = view(
  SK_BUFF,
  [...ADDRESSES, 'tc_classid', 'data_meta', 'flow_keys', 'tstamp', 'tstamp_type', 'wire_len', 'hwtstamp'],
  ['mark', 'priority', 'cb'],
);
const XDP_VIEW = view(XDP_MD, ['egress_ifindex'], []);
const XDP_DEVMAP_VIEW = view(XDP_MD, [], []);

type Rest = Partial<Omit<ProgramTypeRow, 'type' | 'name' | 'context' | 'judged' | 'capabilities'>>;

const DEFAULTS = { privateStack: false, sleepable: 'no', packet: 'none' } as const;
const PERFMON: readonly Capability[] = ['CAP_BPF', 'CAP_PERFMON'];
const NET_ADMIN: readonly Capability[] = ['CAP_BPF', 'CAP_NET_ADMIN'];
const BPF_ONLY: readonly Capability[] = ['CAP_BPF'];

function judged(
  type: ProgType,
  name: string,
  context: ProgramContext | ContextView,
  capabilities: readonly Capability[],
  rest: Rest = {},
): ProgramTypeRow {
  const source = 'kind' in context ? context : ({ kind: 'layout', view: context } as const);
  return { type, name, judged: true, context: source, capabilities, ...DEFAULTS, ...rest };
}

function named(
  type: ProgType,
  name: string,
  capabilities: readonly Capability[],
  rest: Rest = {},
): ProgramTypeRow {
  return { type, name, judged: false, context: { kind: 'none' }, capabilities, ...DEFAULTS, ...rest };
}

const BTF_ARGS: ProgramContext = { kind: 'btf-args' };

/** All program types of Linux 6.18 in order of their number. */
export const PROGRAM_TYPES: readonly ProgramTypeRow[] = [
  judged(P.SOCKET_FILTER, 'socket_filter', SOCKET_FILTER_VIEW, BPF_ONLY),
  judged(P.KPROBE, 'kprobe', readOnly(PT_REGS), PERFMON, { privateStack: true, sleepable: 'yes' }),
  judged(P.SCHED_CLS, 'sched_cls', TC_VIEW, NET_ADMIN, { packet: 'read-write' }),
  judged(P.SCHED_ACT, 'sched_act', TC_VIEW, NET_ADMIN, { packet: 'read-write' }),
  judged(P.TRACEPOINT, 'tracepoint', readOnly(TRACEPOINT_RECORD), PERFMON, { privateStack: true }),
  judged(P.XDP, 'xdp', XDP_VIEW, NET_ADMIN, {
    packet: 'read-write',
    contextByAttachType: [{ attachTypes: [A.XDP_DEVMAP], view: XDP_DEVMAP_VIEW }],
  }),
  judged(P.PERF_EVENT, 'perf_event', readOnly(PERF_EVENT_DATA), PERFMON, { privateStack: true }),
  judged(P.CGROUP_SKB, 'cgroup_skb', CGROUP_SKB_VIEW, BPF_ONLY, { packet: 'read' }),
  named(P.CGROUP_SOCK, 'cgroup_sock', NET_ADMIN),
  judged(P.LWT_IN, 'lwt_in', LWT_VIEW, NET_ADMIN, { packet: 'read' }),
  judged(P.LWT_OUT, 'lwt_out', LWT_VIEW, NET_ADMIN, { packet: 'read' }),
  judged(P.LWT_XMIT, 'lwt_xmit', LWT_VIEW, NET_ADMIN, { packet: 'read-write' }),
  named(P.SOCK_OPS, 'sock_ops', NET_ADMIN),
  named(P.SK_SKB, 'sk_skb', NET_ADMIN, { packet: 'read-write' }),
  named(P.CGROUP_DEVICE, 'cgroup_device', NET_ADMIN),
  named(P.SK_MSG, 'sk_msg', NET_ADMIN, { packet: 'read-write' }),
  judged(P.RAW_TRACEPOINT, 'raw_tracepoint', readOnly(RAW_TRACEPOINT_ARGS), PERFMON, { privateStack: true }),
  named(P.CGROUP_SOCK_ADDR, 'cgroup_sock_addr', NET_ADMIN),
  named(P.LWT_SEG6LOCAL, 'lwt_seg6local', NET_ADMIN, { packet: 'read' }),
  named(P.LIRC_MODE2, 'lirc_mode2', NET_ADMIN),
  named(P.SK_REUSEPORT, 'sk_reuseport', BPF_ONLY, { packet: 'read' }),
  named(P.FLOW_DISSECTOR, 'flow_dissector', NET_ADMIN, { packet: 'read' }),
  named(P.CGROUP_SYSCTL, 'cgroup_sysctl', NET_ADMIN),
  judged(
    P.RAW_TRACEPOINT_WRITABLE,
    'raw_tracepoint_writable',
    readOnly(RAW_TRACEPOINT_WRITABLE_ARGS),
    PERFMON,
  ),
  named(P.CGROUP_SOCKOPT, 'cgroup_sockopt', NET_ADMIN, { packet: 'read-write' }),
  judged(P.TRACING, 'tracing', BTF_ARGS, PERFMON, { privateStack: true, sleepable: 'yes' }),
  named(P.STRUCT_OPS, 'struct_ops', PERFMON, { sleepable: 'yes' }),
  named(P.EXT, 'ext', ['CAP_BPF', 'CAP_PERFMON', 'CAP_NET_ADMIN']),
  judged(P.LSM, 'lsm', BTF_ARGS, PERFMON, { sleepable: 'yes' }),
  named(P.SK_LOOKUP, 'sk_lookup', BPF_ONLY),
  judged(P.SYSCALL, 'syscall', { kind: 'layout', view: view(SYSCALL_CONTEXT, [], ['ctx']) }, BPF_ONLY, {
    sleepable: 'only',
  }),
  named(P.NETFILTER, 'netfilter', NET_ADMIN),
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
