// SPDX-License-Identifier: GPL-2.0
// What libbpf has gained since 1.1: open-coded iterators, casts, streams, argument tags, wider macros.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 100);
	__ulong(map_extra, 0x1ull << 44);
} arena SEC(".maps");

extern int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *task, unsigned int flags) __ksym __weak;
extern struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it) __ksym __weak;
extern void bpf_iter_task_destroy(struct bpf_iter_task *it) __ksym __weak;
extern void bpf_rcu_read_lock(void) __ksym __weak;
extern void bpf_rcu_read_unlock(void) __ksym __weak;
extern void bpf_no_such_kfunc(void) __ksym __weak;

int table[64];
long sum;

__noinline int first(int *values __arg_nonnull)
{
	return values[0];
}

__noinline int pid_of(struct task_struct *task __arg_trusted)
{
	return task->pid;
}

SEC("raw_tp/sys_enter")
int loops(void *ctx)
{
	int i, *next;

	bpf_for(i, 0, 64) {
		if (table[i] == 7)
			continue;
		if (table[i] == 9)
			break;
		sum += table[i];
	}
	bpf_for(i, 0, 3) {
		bpf_repeat(4) {
			if (sum > 1000)
				return 0;
			sum++;
		}
	}
	bpf_for_each(num, next, 5, 10)
		sum += *next;
	return first(table);
}

SEC("tp_btf/task_newtask")
int BPF_PROG(tasks, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *pos;
	int n = 0;

	bpf_rcu_read_lock();
	bpf_for_each(task, pos, NULL, 0) {
		if (pos->pid == task->pid || n++ > 100)
			break;
	}
	bpf_rcu_read_unlock();
	if (bpf_ksym_exists(bpf_no_such_kfunc))
		bpf_no_such_kfunc();
	bpf_stream_printk(1, "%d after %d tasks", pid_of(task), n);
	return 0;
}

SEC("kprobe/vfs_read")
int BPF_KPROBE(cast, struct file *file, char *buf, size_t count, loff_t *pos, long fifth, long sixth)
{
	struct file *typed = bpf_core_cast(file, struct file);

	sum += typed->f_flags + sixth + PT_REGS_PARM6(ctx) + PT_REGS_PARM6_CORE(ctx);
	return 0;
}

SEC("ksyscall/futex")
int BPF_KSYSCALL(futex, u32 *uaddr, int op, u32 val, void *utime, u32 *uaddr2, u32 val3)
{
	sum += val3 + op;
	return 0;
}

SEC("uprobe//bin/bash:readline")
int BPF_UPROBE(on_enter, const char *prompt)
{
	return prompt ? 0 : 1;
}

SEC("uretprobe//bin/bash:readline")
int BPF_URETPROBE(on_return, const char *line)
{
	return line ? 0 : 1;
}

SEC("cgroup_skb/egress")
int write_bits(struct __sk_buff *skb)
{
	struct ethtool_link_settings *none = NULL;

	return offsetof(struct task_struct, pid) + bpf_core_field_offset(struct task_struct, pid) > 0 && !none;
}

char LICENSE[] SEC("license") = "GPL";
