// SPDX-License-Identifier: GPL-2.0
// Must be rejected: a syscall number indexes a map value without an upper bound.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct histogram {
	__u64 slots[64];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct histogram);
} histograms SEC(".maps");

SEC("raw_tracepoint/sys_enter")
int count_by_number(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 zero = 0;
	__u64 nr = ctx->args[1];
	struct histogram *h = bpf_map_lookup_elem(&histograms, &zero);

	if (!h)
		return 0;
	h->slots[nr] += 1;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
