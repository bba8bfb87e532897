import { helperByName } from './helper-table';
import { AttachType, ProgType } from './uapi-enums';

/** A named list of helpers, as the kernel's `*_func_proto` functions group them. */
interface HelperSet {
  /** Sets that the kernel's function falls back to. */
  readonly extends?: readonly HelperSet[];
  readonly names: string;
}

/** kernel/bpf/helpers.c: bpf_base_func_proto, what anybody may call. */
const BASE_ANYBODY: HelperSet = {
  names: `map_lookup_elem map_update_elem map_delete_elem map_push_elem map_pop_elem map_peek_elem
    map_lookup_percpu_elem get_prandom_u32 get_smp_processor_id get_numa_node_id tail_call
    ktime_get_ns ktime_get_boot_ns ktime_get_tai_ns ringbuf_output ringbuf_reserve ringbuf_submit
    ringbuf_discard ringbuf_query strncmp strtol strtoul get_current_pid_tgid get_ns_current_pid_tgid
    get_current_uid_gid`,
};

/** The part for CAP_BPF. */
const BASE_BPF: HelperSet = {
  names: `for_each_map_elem jiffies64 ringbuf_reserve_dynptr ringbuf_submit_dynptr ringbuf_discard_dynptr
    user_ringbuf_drain spin_lock spin_unlock per_cpu_ptr this_cpu_ptr timer_init timer_set_callback timer_start
    timer_cancel kptr_xchg loop dynptr_from_mem dynptr_read dynptr_write dynptr_data cgrp_storage_get
    cgrp_storage_delete task_storage_get task_storage_delete get_current_cgroup_id get_current_ancestor_cgroup_id
    current_task_under_cgroup get_cgroup_classid`,
};

/** kernel/bpf/helpers.c: bpf_base_func_proto, the part for CAP_BPF with CAP_PERFMON. */
const BASE_PERFMON: HelperSet = {
  names: `trace_printk trace_vprintk snprintf snprintf_btf get_current_comm get_current_task get_current_task_btf
    task_pt_regs probe_read_user probe_read_kernel probe_read_user_str probe_read_kernel_str perf_event_read
    perf_event_read_value send_signal send_signal_thread get_task_stack copy_from_user copy_from_user_task
    get_branch_snapshot find_vma`,
};

const BASE: HelperSet = { extends: [BASE_ANYBODY, BASE_BPF, BASE_PERFMON], names: '' };

/** kernel/trace/bpf_trace.c: bpf_tracing_func_proto and what all its callers add. */
const TRACING: HelperSet = {
  extends: [BASE],
  names: `probe_read probe_read_str probe_write_user perf_event_output get_stackid get_stack get_func_ip`,
};

/** kernel/trace/bpf_trace.c: kprobe_prog_func_proto. */
const KPROBE: HelperSet = { extends: [TRACING], names: 'get_attach_cookie override_return' };

/** kernel/trace/bpf_trace.c: tp_prog_func_proto, raw_tp_prog_func_proto. */
const TRACEPOINT: HelperSet = { extends: [TRACING], names: 'get_attach_cookie' };

/** kernel/trace/bpf_trace.c: pe_prog_func_proto. */
const PERF_EVENT: HelperSet = {
  extends: [TRACEPOINT],
  names: 'perf_prog_read_value read_branch_records',
};

/** net/core/filter.c: bpf_sk_base_func_proto; needs CAP_PERFMON. */
const SK_CASTS: HelperSet = {
  names: `skc_to_tcp6_sock skc_to_tcp_sock skc_to_tcp_timewait_sock skc_to_tcp_request_sock skc_to_udp6_sock
    skc_to_unix_sock skc_to_mptcp_sock`,
};

const SK_BASE: HelperSet = { extends: [BASE, SK_CASTS], names: 'ktime_get_coarse_ns' };

/** kernel/trace/bpf_trace.c: tracing_prog_func_proto. */
const TRACING_PROG: HelperSet = {
  extends: [TRACING, SK_CASTS],
  names: `get_socket_cookie sk_storage_get sk_storage_delete skb_output xdp_output d_path sock_from_file
    xdp_get_buff_len`,
};

/** The same for programs that a trampoline calls. */
const TRAMPOLINE: HelperSet = { names: 'get_func_arg get_func_arg_cnt get_attach_cookie' };
const ITERATOR: HelperSet = { names: 'seq_printf seq_write seq_printf_btf' };

/** kernel/bpf/bpf_lsm.c: bpf_lsm_func_proto. */
const LSM: HelperSet = {
  extends: [TRACING_PROG, TRAMPOLINE],
  names: 'inode_storage_get inode_storage_delete bprm_opts_set ima_inode_hash ima_file_hash',
};

/** kernel/bpf/cgroup.c: cgroup_common_func_proto and cgroup_current_func_proto. */
const CGROUP_COMMON: HelperSet = { names: 'get_local_storage get_retval set_retval' };
const CGROUP_OUTPUT: HelperSet = { extends: [BASE, CGROUP_COMMON], names: 'perf_event_output' };

/** net/core/filter.c: sk_filter_func_proto. */
const SK_FILTER: HelperSet = {
  extends: [SK_BASE],
  names: `perf_event_output skb_load_bytes skb_load_bytes_relative get_socket_cookie get_socket_uid
    get_netns_cookie`,
};

const SK_LOOKUPS: HelperSet = { names: 'sk_lookup_tcp sk_lookup_udp sk_release skc_lookup_tcp' };

/** net/core/filter.c: cg_skb_func_proto. */
const CGROUP_SKB: HelperSet = {
  extends: [SK_FILTER, SK_LOOKUPS],
  names: `get_local_storage sk_fullsock sk_storage_get sk_storage_delete skb_cgroup_id skb_ancestor_cgroup_id
    sk_cgroup_id sk_ancestor_cgroup_id tcp_sock get_listener_sock skb_ecn_set_ce`,
};

const TCP_SYNCOOKIES: HelperSet = {
  names: `tcp_check_syncookie tcp_gen_syncookie tcp_raw_gen_syncookie_ipv4 tcp_raw_gen_syncookie_ipv6
    tcp_raw_check_syncookie_ipv4 tcp_raw_check_syncookie_ipv6`,
};

/** net/core/filter.c: tc_cls_act_func_proto. */
const TC: HelperSet = {
  extends: [SK_FILTER, SK_LOOKUPS, TCP_SYNCOOKIES],
  names: `skb_store_bytes l3_csum_replace l4_csum_replace csum_diff csum_update csum_level clone_redirect redirect
    redirect_neigh redirect_peer skb_vlan_push skb_vlan_pop skb_change_proto skb_change_type skb_adjust_room
    skb_change_tail skb_change_head skb_pull_data skb_get_tunnel_key skb_set_tunnel_key skb_get_tunnel_opt
    skb_set_tunnel_opt get_route_realm get_hash_recalc set_hash_invalid set_hash skb_under_cgroup
    skb_get_xfrm_state skb_cgroup_classid skb_cgroup_id skb_ancestor_cgroup_id fib_lookup check_mtu sk_fullsock
    sk_storage_get sk_storage_delete tcp_sock get_listener_sock skb_ecn_set_ce sk_assign skb_set_tstamp`,
};

/** net/core/filter.c: xdp_func_proto. */
const XDP: HelperSet = {
  extends: [SK_BASE, SK_LOOKUPS, TCP_SYNCOOKIES],
  names: `perf_event_output csum_diff xdp_adjust_head xdp_adjust_meta xdp_adjust_tail xdp_get_buff_len
    xdp_load_bytes xdp_store_bytes redirect redirect_map fib_lookup check_mtu`,
};

/** net/core/filter.c: sock_filter_func_proto. */
const CGROUP_SOCK: HelperSet = {
  extends: [CGROUP_OUTPUT],
  names: 'get_socket_cookie get_netns_cookie sk_storage_get ktime_get_coarse_ns',
};

/** net/core/filter.c: sock_addr_func_proto. */
const SOCK_ADDR: HelperSet = {
  extends: [SK_BASE, SK_LOOKUPS],
  names: `perf_event_output get_socket_cookie get_netns_cookie get_local_storage get_retval set_retval sk_storage_get
    sk_storage_delete setsockopt getsockopt`,
};

/** net/core/filter.c: lwt_out_func_proto. */
const LWT_OUT: HelperSet = {
  extends: [SK_BASE],
  names: `perf_event_output skb_load_bytes skb_pull_data csum_diff get_route_realm get_hash_recalc
    skb_under_cgroup`,
};
const LWT_IN: HelperSet = { extends: [LWT_OUT], names: 'lwt_push_encap' };
const LWT_XMIT: HelperSet = {
  extends: [LWT_IN],
  names: `skb_get_tunnel_key skb_set_tunnel_key skb_get_tunnel_opt skb_set_tunnel_opt redirect clone_redirect
    skb_change_tail skb_change_head skb_store_bytes csum_update csum_level l3_csum_replace l4_csum_replace
    set_hash_invalid`,
};
const LWT_SEG6LOCAL: HelperSet = {
  extends: [LWT_OUT],
  names: 'lwt_seg6_store_bytes lwt_seg6_action lwt_seg6_adjust_srh',
};

/** net/core/filter.c: sock_ops_func_proto. */
const SOCK_OPS: HelperSet = {
  extends: [SK_BASE],
  names: `perf_event_output get_socket_cookie get_netns_cookie get_local_storage setsockopt getsockopt
    sock_ops_cb_flags_set sock_map_update sock_hash_update tcp_sock sk_storage_get sk_storage_delete load_hdr_opt
    store_hdr_opt reserve_hdr_opt`,
};

/** net/core/filter.c: sk_skb_func_proto. */
const SK_SKB: HelperSet = {
  extends: [SK_BASE, SK_LOOKUPS],
  names: `perf_event_output skb_store_bytes skb_load_bytes skb_pull_data skb_change_tail skb_change_head
    skb_adjust_room get_socket_cookie get_socket_uid sk_redirect_map sk_redirect_hash`,
};

/** net/core/filter.c: sk_msg_func_proto. */
const SK_MSG: HelperSet = {
  extends: [SK_BASE],
  names: `perf_event_output msg_redirect_map msg_redirect_hash msg_apply_bytes msg_cork_bytes msg_pull_data
    msg_push_data msg_pop_data sk_storage_get sk_storage_delete get_netns_cookie`,
};

/** net/core/filter.c: sk_reuseport_func_proto. */
const SK_REUSEPORT: HelperSet = {
  extends: [BASE],
  names: 'sk_select_reuseport skb_load_bytes skb_load_bytes_relative get_socket_cookie ktime_get_coarse_ns',
};

const FLOW_DISSECTOR: HelperSet = { extends: [SK_BASE], names: 'skb_load_bytes' };
const SK_LOOKUP: HelperSet = { extends: [SK_BASE], names: 'perf_event_output sk_assign sk_release' };

/** kernel/bpf/cgroup.c: sysctl_func_proto. */
const CGROUP_SYSCTL: HelperSet = {
  extends: [CGROUP_OUTPUT],
  names: `sysctl_get_name sysctl_get_current_value sysctl_get_new_value sysctl_set_new_value ktime_get_coarse_ns`,
};

/** kernel/bpf/cgroup.c: cg_sockopt_func_proto. */
const CGROUP_SOCKOPT: HelperSet = {
  extends: [CGROUP_OUTPUT],
  names: 'sk_storage_get sk_storage_delete get_netns_cookie tcp_sock',
};

/** kernel/bpf/syscall.c: syscall_prog_func_proto. */
const SYSCALL: HelperSet = {
  extends: [TRACING_PROG],
  names: 'sys_bpf btf_find_by_name_kind sys_close kallsyms_lookup_name',
};

/** net/ipv4/bpf_tcp_ca.c: bpf_tcp_ca_get_func_proto, of the struct_ops types the one that programs use. */
const STRUCT_OPS: HelperSet = {
  extends: [BASE],
  names: 'tcp_send_ack sk_storage_get sk_storage_delete setsockopt getsockopt ktime_get_coarse_ns',
};

/** drivers/media/rc/bpf-lirc.c: lirc_mode2_func_proto. */
const LIRC: HelperSet = {
  names: `rc_repeat rc_keydown rc_pointer_rel map_lookup_elem map_update_elem map_delete_elem map_push_elem
    map_pop_elem map_peek_elem ktime_get_ns ktime_get_boot_ns tail_call get_prandom_u32 trace_printk`,
};

/** The set that every program of a type may use. */
const BY_TYPE: Readonly<Partial<Record<ProgType, HelperSet>>> = {
  [ProgType.SOCKET_FILTER]: SK_FILTER,
  [ProgType.KPROBE]: KPROBE,
  [ProgType.SCHED_CLS]: TC,
  [ProgType.SCHED_ACT]: TC,
  [ProgType.TRACEPOINT]: TRACEPOINT,
  [ProgType.XDP]: XDP,
  [ProgType.PERF_EVENT]: PERF_EVENT,
  [ProgType.CGROUP_SKB]: CGROUP_SKB,
  [ProgType.CGROUP_SOCK]: CGROUP_SOCK,
  [ProgType.LWT_IN]: LWT_IN,
  [ProgType.LWT_OUT]: LWT_OUT,
  [ProgType.LWT_XMIT]: LWT_XMIT,
  [ProgType.SOCK_OPS]: SOCK_OPS,
  [ProgType.SK_SKB]: SK_SKB,
  [ProgType.CGROUP_DEVICE]: CGROUP_OUTPUT,
  [ProgType.SK_MSG]: SK_MSG,
  [ProgType.RAW_TRACEPOINT]: TRACEPOINT,
  [ProgType.CGROUP_SOCK_ADDR]: SOCK_ADDR,
  [ProgType.LWT_SEG6LOCAL]: LWT_SEG6LOCAL,
  [ProgType.LIRC_MODE2]: LIRC,
  [ProgType.SK_REUSEPORT]: SK_REUSEPORT,
  [ProgType.FLOW_DISSECTOR]: FLOW_DISSECTOR,
  [ProgType.CGROUP_SYSCTL]: CGROUP_SYSCTL,
  [ProgType.RAW_TRACEPOINT_WRITABLE]: TRACEPOINT,
  [ProgType.CGROUP_SOCKOPT]: CGROUP_SOCKOPT,
  [ProgType.TRACING]: TRACING_PROG,
  [ProgType.STRUCT_OPS]: STRUCT_OPS,
  [ProgType.LSM]: LSM,
  [ProgType.SK_LOOKUP]: SK_LOOKUP,
  [ProgType.SYSCALL]: SYSCALL,
  [ProgType.NETFILTER]: BASE,
};

interface AttachRow {
  readonly type: ProgType;
  readonly attachTypes: readonly AttachType[];
  readonly set: HelperSet;
}

const A = AttachType;
const CONNECTS = [A.CGROUP_INET4_CONNECT, A.CGROUP_INET6_CONNECT];

/** What some attach types of a program type may use besides. */
const BY_ATTACH_TYPE: readonly AttachRow[] = [
  { type: ProgType.TRACING, attachTypes: [A.TRACE_FENTRY], set: TRAMPOLINE },
  {
    type: ProgType.TRACING,
    attachTypes: [A.TRACE_FEXIT, A.MODIFY_RETURN],
    set: { extends: [TRAMPOLINE], names: 'get_func_ret' },
  },
  { type: ProgType.TRACING, attachTypes: [A.TRACE_RAW_TP], set: { names: 'get_attach_cookie' } },
  {
    type: ProgType.TRACING,
    attachTypes: [A.TRACE_ITER],
    set: { extends: [ITERATOR], names: 'setsockopt getsockopt' },
  },
  {
    type: ProgType.LSM,
    attachTypes: [A.LSM_CGROUP],
    set: { extends: [CGROUP_COMMON], names: 'setsockopt getsockopt get_netns_cookie' },
  },
  { type: ProgType.CGROUP_SOCK_ADDR, attachTypes: CONNECTS, set: { names: 'bind' } },
  {
    type: ProgType.CGROUP_SOCKOPT,
    attachTypes: [A.CGROUP_SETSOCKOPT],
    set: { names: 'setsockopt getsockopt' },
  },
];

/** Hooks of cgroups whose result is none that other programs could see or change (cgroup_common_func_proto). */
const NO_RETVAL: readonly AttachType[] = [
  A.CGROUP_INET_INGRESS,
  A.CGROUP_INET_EGRESS,
  A.CGROUP_SOCK_OPS,
  A.CGROUP_UDP4_RECVMSG,
  A.CGROUP_UDP6_RECVMSG,
  A.CGROUP_UNIX_RECVMSG,
  A.CGROUP_INET4_GETPEERNAME,
  A.CGROUP_INET6_GETPEERNAME,
  A.CGROUP_UNIX_GETPEERNAME,
  A.CGROUP_INET4_GETSOCKNAME,
  A.CGROUP_INET6_GETSOCKNAME,
  A.CGROUP_UNIX_GETSOCKNAME,
];

function addNames(set: HelperSet, into: Set<number>): void {
  for (const parent of set.extends ?? []) addNames(parent, into);
  for (const name of set.names.split(/\s+/)) {
    if (name === '') continue;
    const helper = helperByName(name);
    if (!helper) throw new Error(`invariant broken: helper set names unknown helper ${name}`);
    into.add(helper.id);
  }
}

function idsOf(set: HelperSet): ReadonlySet<number> {
  const ids = new Set<number>();
  addNames(set, ids);
  return ids;
}

const TYPE_IDS = new Map(Object.entries(BY_TYPE).map(([type, set]) => [Number(type), idsOf(set)]));
const RETVAL_IDS = idsOf({ names: 'get_retval set_retval' });
const ATTACH_IDS = BY_ATTACH_TYPE.map((row) => ({ ...row, ids: idsOf(row.set) }));

/**
 * Whether a program may call a helper at all (the kernel's `get_func_proto` is not NULL), given every capability and no
 * lockdown. When false, the verifier says `program of this type cannot use helper NAME#ID`.
 */
export function helperAllowed(progType: number, expectedAttachType: number, id: number): boolean {
  if (RETVAL_IDS.has(id) && NO_RETVAL.some((attachType) => attachType === expectedAttachType)) return false;
  if (TYPE_IDS.get(progType)?.has(id)) return true;
  return ATTACH_IDS.some(
    (row) =>
      row.type === progType &&
      row.ids.has(id) &&
      row.attachTypes.some((attachType) => attachType === expectedAttachType),
  );
}

/** Capabilities that a call needs besides those of the program's type (`bpf_token_capable` in `*_func_proto`). */
export type HelperCapability = 'CAP_BPF' | 'CAP_PERFMON' | 'CAP_SYS_ADMIN';

interface CapabilityRow {
  readonly ids: ReadonlySet<number>;
  readonly needs: readonly HelperCapability[];
  /** Types whose own `*_func_proto` hands the helper out without asking. */
  readonly exempt?: readonly ProgType[];
}

const CAPABILITIES: readonly CapabilityRow[] = [
  { ids: idsOf(BASE_BPF), needs: ['CAP_BPF'] },
  { ids: idsOf(BASE_PERFMON), needs: ['CAP_BPF', 'CAP_PERFMON'] },
  { ids: idsOf(SK_CASTS), needs: ['CAP_PERFMON'], exempt: [ProgType.SYSCALL] },
  { ids: idsOf({ names: 'sys_bpf' }), needs: ['CAP_PERFMON'] },
  { ids: idsOf({ names: 'probe_write_user' }), needs: ['CAP_SYS_ADMIN'] },
];

/** Empty when anybody may call the helper who may load a program of the type. */
export function helperCapabilities(progType: number, id: number): readonly HelperCapability[] {
  const needed = CAPABILITIES.find(({ ids }) => ids.has(id));
  return !needed || needed.exempt?.some((type) => type === progType) ? [] : needed.needs;
}
