// SPDX-License-Identifier: GPL-2.0
// Traces outgoing TCP connections: the socket is remembered at entry and read through CO-RE when the call returns.
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct event {
	__u64 ktime_ns;
	__u32 pid;
	__u32 uid;
	__be32 saddr;
	__be32 daddr;
	__u16 sport; /* host order */
	__u16 dport; /* host order */
	int ret;
	__u64 cgroup_id;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct sock *);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

/* Keeps the record's type in the BTF, so that loaders can decode it. */
const struct event *unused_event __attribute__((unused));

SEC("kprobe/tcp_v4_connect")
int BPF_KPROBE(enter_tcp_connect, struct sock *sk)
{
	__u32 tid = bpf_get_current_pid_tgid();

	bpf_map_update_elem(&sockets, &tid, &sk, BPF_ANY);
	return 0;
}

SEC("kretprobe/tcp_v4_connect")
int BPF_KRETPROBE(exit_tcp_connect, int ret)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 tid = id;
	struct sock **skp = bpf_map_lookup_elem(&sockets, &tid);
	struct event *e;
	struct sock *sk;

	if (!skp)
		return 0;
	sk = *skp;
	bpf_map_delete_elem(&sockets, &tid);

	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e)
		return 0;
	e->ktime_ns = bpf_ktime_get_ns();
	e->pid = id >> 32;
	e->uid = (__u32)bpf_get_current_uid_gid();
	e->saddr = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
	e->daddr = BPF_CORE_READ(sk, __sk_common.skc_daddr);
	e->sport = BPF_CORE_READ(sk, __sk_common.skc_num);
	e->dport = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	e->ret = ret;
	e->cgroup_id = bpf_get_current_cgroup_id();
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_ringbuf_submit(e, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
