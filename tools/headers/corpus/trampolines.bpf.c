// SPDX-License-Identifier: GPL-2.0
// Typed arguments: fentry, fexit, tp_btf, raw_tp, fmod_ret, lsm, struct arguments by value.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

SEC("fentry/do_unlinkat")
int BPF_PROG(do_unlinkat, int dfd, struct filename *name)
{
	bpf_printk("fentry: pid = %d, filename = %s\n", (int)(bpf_get_current_pid_tgid() >> 32), name->name);
	return 0;
}

SEC("fexit/do_unlinkat")
int BPF_PROG(do_unlinkat_exit, int dfd, struct filename *name, long ret)
{
	bpf_printk("fexit: %s %ld", name->name, ret);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	if (BPF_CORE_READ_BITFIELD(prev, sched_contributes_to_load))
		return 1;
	return prev->pid != next->pid && preempt;
}

SEC("raw_tp/sched_switch")
int BPF_PROG(on_switch_raw, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	return BPF_CORE_READ_BITFIELD_PROBED(prev, sched_contributes_to_load) + BPF_CORE_READ(next, pid) + preempt;
}

SEC("fentry/none")
int BPF_PROG(none)
{
	return 0;
}

SEC("fentry/many")
int BPF_PROG(many, u8 a, short b, int c, long d, void *e, u32 f, s64 g, char h, int i, int j, int k, int l)
{
	return a + b + c + d + (e != NULL) + f + g + h + i + j + k + l;
}

SEC("lsm/file_mprotect")
int BPF_PROG(mprotect_audit, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot, int ret)
{
	if (ret != 0)
		return ret;
	if (vma->vm_start <= vma->vm_mm->start_stack && vma->vm_end >= vma->vm_mm->start_stack)
		return -1;
	return reqprot == prot ? ret : 0;
}

struct pair {
	int a;
	long b;
};

struct one {
	short a;
	char b;
};

SEC("fentry/by_value")
int BPF_PROG2(by_value, struct pair, a, int, b, u8, c, u16, d, struct one, e, u64, f, int, ret)
{
	return a.a + a.b + b + c + d + e.b + f + ret;
}

SEC("fexit/by_value")
int BPF_PROG2(by_value_none)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
