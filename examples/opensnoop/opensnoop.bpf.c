// SPDX-License-Identifier: GPL-2.0
// Shows each openat with its result and how long it took: the entry is kept in a hash map until the exit joins it.
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define NAME_LEN 255

struct start {
	__u64 ts;
	const char *fname;
	int flags;
};

struct event {
	__u64 ktime_ns;
	__u64 latency_ns;
	__u32 pid;
	__u32 uid;
	int ret; /* file descriptor, or a negative errno */
	int flags;
	char comm[16];
	char fname[NAME_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, struct start);
} starts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} events SEC(".maps");

/* Keeps the record's type in the BTF, so that loaders can decode it. */
const struct event *unused_event __attribute__((unused));

const volatile bool only_failed = false;
const volatile __u32 target_pid = 0;

SEC("tracepoint/syscalls/sys_enter_openat")
int enter_openat(struct trace_event_raw_sys_enter *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 tid = id;
	struct start s = {};

	if (target_pid && target_pid != id >> 32)
		return 0;
	s.ts = bpf_ktime_get_ns();
	s.fname = (const char *)ctx->args[1];
	s.flags = (int)ctx->args[2];
	bpf_map_update_elem(&starts, &tid, &s, BPF_ANY);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_openat")
int exit_openat(struct trace_event_raw_sys_exit *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 tid = id;
	struct start *s = bpf_map_lookup_elem(&starts, &tid);
	struct event e = {};

	if (!s)
		return 0;
	if (only_failed && ctx->ret >= 0)
		goto done;
	e.ktime_ns = bpf_ktime_get_ns();
	e.latency_ns = e.ktime_ns - s->ts;
	e.pid = id >> 32;
	e.uid = (__u32)bpf_get_current_uid_gid();
	e.ret = ctx->ret;
	e.flags = s->flags;
	bpf_get_current_comm(e.comm, sizeof(e.comm));
	bpf_probe_read_user_str(e.fname, sizeof(e.fname), s->fname);
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &e, sizeof(e));
done:
	bpf_map_delete_elem(&starts, &tid);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
