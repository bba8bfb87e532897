// SPDX-License-Identifier: GPL-2.0
// Counts system calls by number, per CPU, without a lock or an event.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 512);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

/* Count only this process; 0 for all. */
const volatile __u32 target_pid = 0;
__u64 total = 0;

SEC("raw_tracepoint/sys_enter")
int count_syscall(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 nr = ctx->args[1];
	__u64 one = 1, *count;

	if (target_pid && target_pid != bpf_get_current_pid_tgid() >> 32)
		return 0;
	__sync_fetch_and_add(&total, 1);
	count = bpf_map_lookup_elem(&counts, &nr);
	if (count)
		*count += 1;
	else
		bpf_map_update_elem(&counts, &nr, &one, BPF_NOEXIST);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
