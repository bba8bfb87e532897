// SPDX-License-Identifier: GPL-2.0
// Without vmlinux.h: local copies of kernel structs with just the fields in use, global variables, a ring buffer.
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define AF_INET 2

struct sock_common {
	union {
		struct {
			__be32 skc_daddr;
			__be32 skc_rcv_saddr;
		};
	};
	union {
		struct {
			__be16 skc_dport;
			__u16 skc_num;
		};
	};
	short unsigned int skc_family;
} __attribute__((preserve_access_index));

struct sock {
	struct sock_common __sk_common;
} __attribute__((preserve_access_index));

struct tcp_sock {
	__u32 srtt_us;
} __attribute__((preserve_access_index));

struct event {
	__u16 sport;
	__u16 dport;
	__u32 saddr;
	__u32 daddr;
	__u32 srtt;
};
struct event *unused __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 24);
} events SEC(".maps");

SEC("fentry/tcp_close")
int BPF_PROG(tcp_close, struct sock *sk)
{
	struct tcp_sock *ts;
	struct event *info;

	if (sk->__sk_common.skc_family != AF_INET)
		return 0;
	ts = bpf_skc_to_tcp_sock(sk);
	if (!ts)
		return 0;
	info = bpf_ringbuf_reserve(&events, sizeof(struct event), 0);
	if (!info)
		return 0;
	info->saddr = sk->__sk_common.skc_rcv_saddr;
	info->daddr = sk->__sk_common.skc_daddr;
	info->dport = bpf_ntohs(sk->__sk_common.skc_dport);
	info->sport = sk->__sk_common.skc_num;
	info->srtt = ts->srtt_us >> 3;
	bpf_ringbuf_submit(info, 0);
	return 0;
}

SEC("sockops")
int bpf_sockops_cb(struct bpf_sock_ops *skops)
{
	__u32 op = skops->op, ports = bpf_ntohl(skops->remote_port) << 16 | (skops->local_port & 0xffff);

	if (op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB || op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB)
		bpf_sock_ops_cb_flags_set(skops, BPF_SOCK_OPS_RTT_CB_FLAG);
	return ports != 0;
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	if (ctx->user_ip4 == bpf_htonl(0x7f000001) && ctx->user_port == bpf_htons(80))
		return 0;
	return 1;
}

char __license[] SEC("license") = "Dual MIT/GPL";
