// SPDX-License-Identifier: GPL-2.0
// Externs that the loader resolves, kernel objects in maps, timers, locks, callbacks, local storage.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

extern int LINUX_KERNEL_VERSION __kconfig;
extern enum libbpf_tristate CONFIG_NET __kconfig __weak;
extern unsigned CONFIG_HZ __kconfig __weak;
extern char CONFIG_DEFAULT_HOSTNAME[64] __kconfig __weak;
extern const struct rq runqueues __ksym;
extern const void bpf_prog_fops __ksym __weak;
extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym __weak;
extern void bpf_task_release(struct task_struct *p) __ksym __weak;

struct value {
	struct bpf_timer timer;
	struct bpf_spin_lock lock;
	u64 count;
};

struct held {
	struct task_struct __kptr *task;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct value);
} values SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct held);
} holders SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, u64);
} storage SEC(".maps");

struct outer_type {
	long before;
	struct list_head node;
};

static int on_timer(void *map, int *key, struct value *v)
{
	bpf_spin_lock(&v->lock);
	v->count++;
	bpf_spin_unlock(&v->lock);
	return 0;
}

static long each(u32 index, void *ctx)
{
	*(u64 *)ctx += index;
	return index > 5;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(sys_enter, struct pt_regs *regs, long id)
{
	struct task_struct *task = bpf_get_current_task_btf(), *old;
	struct list_head *list = (void *)regs;
	struct outer_type *outer = container_of(list, struct outer_type, node);
	u64 sum = 0, *stored;
	const struct rq *rq;
	struct held *holder;
	struct value *v;
	u32 key = 0;

	if (LINUX_KERNEL_VERSION < KERNEL_VERSION(5, 16, 300))
		return 0;
	if (CONFIG_NET == TRI_YES && CONFIG_HZ > 100 && CONFIG_DEFAULT_HOSTNAME[0])
		sum++;
	v = bpf_map_lookup_elem(&values, &key);
	if (!v)
		return 0;
	bpf_timer_init(&v->timer, &values, 1);
	bpf_timer_set_callback(&v->timer, on_timer);
	bpf_timer_start(&v->timer, 1000, 0);
	bpf_loop(10, each, &sum, 0);
	rq = bpf_per_cpu_ptr(&runqueues, 1);
	if (rq)
		sum += rq->nr_running;
	stored = bpf_task_storage_get(&storage, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (stored)
		*stored += sum;
	holder = bpf_map_lookup_elem(&holders, &key);
	if (holder && bpf_task_from_pid) {
		old = bpf_kptr_xchg(&holder->task, bpf_task_from_pid(task->pid));
		if (old)
			bpf_task_release(old);
	}
	if (&bpf_prog_fops)
		sum += (u64)&bpf_prog_fops;
	bpf_printk("%d %d", (u32)sum, offsetof(struct task_struct, comm) + bpf_get_smp_processor_id());
	return BPF_CORE_READ(outer, before);
}

char LICENSE[] SEC("license") = "GPL";
