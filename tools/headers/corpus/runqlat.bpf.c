// SPDX-License-Identifier: GPL-2.0
// Histograms, kernel differences by flavors and by questions to the kernel's types.
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define MAX_SLOTS 26

struct task_struct___old {
	long state;
} __attribute__((preserve_access_index));

struct task_struct___new {
	unsigned int __state;
} __attribute__((preserve_access_index));

struct hist {
	__u32 slots[MAX_SLOTS];
	char comm[TASK_COMM_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, u32);
	__type(value, u64);
} start SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, struct hist);
} hists SEC(".maps");

const volatile bool filter_cg = false;
static struct hist zero;

static __always_inline u64 log2l(u64 v)
{
	u64 r = 0;

	for (int shift = 32; shift; shift >>= 1)
		if (v >> shift) {
			v >>= shift;
			r += shift;
		}
	return r;
}

static __always_inline long get_task_state(void *task)
{
	struct task_struct___new *t = task;

	if (bpf_core_field_exists(t->__state))
		return BPF_CORE_READ(t, __state);
	return BPF_CORE_READ((struct task_struct___old *)task, state);
}

static int trace_enqueue(u32 tgid, u32 pid)
{
	u64 ts;

	if (!pid)
		return 0;
	ts = bpf_ktime_get_ns();
	bpf_map_update_elem(&start, &pid, &ts, BPF_ANY);
	return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(sched_wakeup, struct task_struct *p)
{
	return trace_enqueue(p->tgid, p->pid);
}

SEC("raw_tp/sched_switch")
int BPF_PROG(handle_sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	u32 pid = BPF_CORE_READ(next, pid), key;
	struct hist *hist;
	u64 *tsp, slot;
	s64 delta;

	if (get_task_state(prev) == 0)
		trace_enqueue(BPF_CORE_READ(prev, tgid), BPF_CORE_READ(prev, pid));
	tsp = bpf_map_lookup_elem(&start, &pid);
	if (!tsp)
		return 0;
	delta = bpf_ktime_get_ns() - *tsp;
	if (delta < 0)
		goto cleanup;
	key = BPF_CORE_READ(next, nsproxy, pid_ns_for_children, ns.inum);
	hist = bpf_map_lookup_elem(&hists, &key);
	if (!hist) {
		bpf_map_update_elem(&hists, &key, &zero, BPF_NOEXIST);
		hist = bpf_map_lookup_elem(&hists, &key);
		if (!hist)
			goto cleanup;
	}
	if (!hist->comm[0])
		bpf_probe_read_kernel_str(&hist->comm, sizeof(hist->comm), next->comm);
	slot = log2l(delta / 1000U);
	if (slot >= MAX_SLOTS)
		slot = MAX_SLOTS - 1;
	barrier_var(slot);
	__sync_fetch_and_add(&hist->slots[slot], 1);
cleanup:
	bpf_map_delete_elem(&start, &pid);
	return 0;
}

struct absent___flavor {
	int x;
} __attribute__((preserve_access_index));

enum cgroup_subsys_id___local {
	cpuset_cgrp_id___local = 1123,
};

SEC("kprobe")
int questions(struct pt_regs *ctx)
{
	struct request *rq = (void *)PT_REGS_PARM1(ctx);
	int answers = 0;

	answers += bpf_core_type_exists(struct absent___flavor);
	answers += bpf_core_type_size(struct task_struct);
	answers += bpf_core_type_matches(struct pid);
	answers += bpf_core_type_id_local(struct hist);
	answers += bpf_core_type_id_kernel(struct task_struct);
	answers += bpf_core_field_size(struct task_struct, comm);
	answers += bpf_core_field_offset(struct task_struct, se.vruntime);
	answers += bpf_core_field_offset(rq->__data_len);
	answers += bpf_core_enum_value_exists(enum cgroup_subsys_id___local, cpuset_cgrp_id___local);
	answers += bpf_core_enum_value(enum cgroup_subsys_id, cpuset_cgrp_id);
	barrier();
	return answers;
}

char LICENSE[] SEC("license") = "GPL";
