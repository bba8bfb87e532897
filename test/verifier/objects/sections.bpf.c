/* RCU read sections, regions with preemption or interrupts off, and what may not be done in them. */
#include "programs.h"
SEC("tc") int nest(struct __sk_buff*s) {
	bpf_rcu_read_lock();
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	bpf_rcu_read_unlock();
	return 0;
}

SEC("tc") int unm(struct __sk_buff*s) {
	bpf_rcu_read_unlock();
	return 0;
}

SEC("tc") int nounlock(struct __sk_buff*s) {
	bpf_rcu_read_lock();
	return 0;
}

SEC("tc") int pnest(struct __sk_buff*s) {
	bpf_preempt_disable();
	bpf_preempt_disable();
	bpf_preempt_enable();
	bpf_preempt_enable();
	return 0;
}

SEC("tc") int punm(struct __sk_buff*s) {
	bpf_preempt_enable();
	return 0;
}

SEC("tc") int pno(struct __sk_buff*s) {
	bpf_preempt_disable();
	return 0;
}

SEC("tc") int irq(struct __sk_buff*s) {
	unsigned long f;
	bpf_local_irq_save(&f);
	bpf_local_irq_restore(&f);
	return 0;
}

SEC("tc") int irq_no(struct __sk_buff*s) {
	unsigned long f;
	bpf_local_irq_save(&f);
	return 0;
}

SEC("tc") int irq_twice(struct __sk_buff*s) {
	unsigned long f;
	bpf_local_irq_save(&f);
	bpf_local_irq_save(&f);
	return 0;
}

SEC("tc") int irq_un(struct __sk_buff*s) {
	unsigned long f=0;
	bpf_local_irq_restore(&f);
	return 0;
}

SEC("tc") int irq_nest(struct __sk_buff*s) {
	unsigned long f,g;
	bpf_local_irq_save(&f);
	bpf_local_irq_save(&g);
	bpf_local_irq_restore(&g);
	bpf_local_irq_restore(&f);
	return 0;
}

SEC("tc") int irq_ooo(struct __sk_buff*s) {
	unsigned long f,g;
	bpf_local_irq_save(&f);
	bpf_local_irq_save(&g);
	bpf_local_irq_restore(&f);
	bpf_local_irq_restore(&g);
	return 0;
}

SEC("tc") int irq_over(struct __sk_buff*s) {
	unsigned long f;
	bpf_local_irq_save(&f);
	*(volatile long*)&f=1;
	bpf_local_irq_restore(&f);
	return 0;
}

SEC("tc") int irq_over4(struct __sk_buff*s) {
	unsigned long f;
	bpf_local_irq_save(&f);
	*(volatile int*)&f=1;
	bpf_local_irq_restore(&f);
	return 0;
}

SEC("tc") int irq_read(struct __sk_buff*s) {
	unsigned long f;
	bpf_local_irq_save(&f);
	long x=*(volatile long*)&f;
	bpf_local_irq_restore(&f);
	return x;
}

SEC("tc") int irq_helper(struct __sk_buff*s) {
	unsigned long f;
	bpf_local_irq_save(&f);
	bpf_trace_printk((void*)&f,8);
	bpf_local_irq_restore(&f);
	return 0;
}

SEC("tc") int irq_ctx(struct __sk_buff*s) {
	bpf_local_irq_save((void*)s);
	return 0;
}

SEC("tc") int irq_un2(struct __sk_buff*s) {
	long f[2];
	bpf_local_irq_save((void*)f+(s->len&8));
	return 0;
}

SEC("tc") int irq_odd(struct __sk_buff*s) {
	char f[16];
	bpf_local_irq_save((void*)f+4);
	return 0;
}

SEC("?syscall") int irq_slp(void*c) {
	unsigned long f;
	char b[8];
	bpf_local_irq_save(&f);
	bpf_copy_from_user(b,8,0);
	bpf_local_irq_restore(&f);
	return 0;
}

SEC("?syscall") int rcu_slp(void*c) {
	char b[8];
	bpf_rcu_read_lock();
	bpf_copy_from_user(b,8,0);
	bpf_rcu_read_unlock();
	return 0;
}

SEC("?syscall") int pre_slp(void*c) {
	char b[8];
	bpf_preempt_disable();
	bpf_copy_from_user(b,8,0);
	bpf_preempt_enable();
	return 0;
}

__attribute__((noinline)) static int sub(void) {
	bpf_rcu_read_unlock();
	return 0;
}

SEC("tc") int sub_unlock(struct __sk_buff*s) {
	bpf_rcu_read_lock();
	sub();
	return 0;
}

__attribute__((noinline)) static int lsub(void) {
	bpf_rcu_read_lock();
	return 0;
}

SEC("tc") int sub_lock(struct __sk_buff*s) {
	lsub();
	bpf_rcu_read_unlock();
	return 0;
}

__attribute__((noinline)) int gsub(void) {
	bpf_rcu_read_lock();
	return 0;
}

SEC("tc") int gsub_lock(struct __sk_buff*s) {
	gsub();
	return 0;
}

__attribute__((noinline)) int g0(void) {
	return bpf_get_prandom_u32();
}

SEC("tc") int g_in_rcu(struct __sk_buff*s) {
	bpf_rcu_read_lock();
	g0();
	bpf_rcu_read_unlock();
	return 0;
}

SEC("tc") int g_in_pre(struct __sk_buff*s) {
	bpf_preempt_disable();
	g0();
	bpf_preempt_enable();
	return 0;
}

SEC("tc") int g_in_irq(struct __sk_buff*s) {
	unsigned long f;
	bpf_local_irq_save(&f);
	g0();
	bpf_local_irq_restore(&f);
	return 0;
}

__attribute__((noinline)) int gs(void) {
	char b[8];
	return bpf_copy_from_user(b,8,0);
}

SEC("?syscall") int gs_in_irq(void*s) {
	unsigned long f;
	bpf_local_irq_save(&f);
	gs();
	bpf_local_irq_restore(&f);
	return 0;
}

SEC("?syscall") int gs_in_rcu(void*s) {
	bpf_rcu_read_lock();
	gs();
	bpf_rcu_read_unlock();
	return 0;
}

SEC("?syscall") int gs_ok(void*s) {
	gs();
	return 0;
}

SEC("tc") int gs_tc(struct __sk_buff*s) {
	gs();
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size,4);
	__uint(value_size,4);
} jt SEC(".maps");

SEC("tc") int tail_rcu(struct __sk_buff*s) {
	bpf_rcu_read_lock();
	bpf_tail_call(s,&jt,0);
	bpf_rcu_read_unlock();
	return 0;
}

SEC("tc") int tail_irq(struct __sk_buff*s) {
	unsigned long f;
	bpf_local_irq_save(&f);
	bpf_tail_call(s,&jt,0);
	bpf_local_irq_restore(&f);
	return 0;
}

SEC("?syscall") int rcu_task(void*c) {
	struct task_struct*t=bpf_get_current_task_btf();
	bpf_rcu_read_lock();
	struct task_struct*p=t->real_parent;
	int x=p->pid;
	bpf_rcu_read_unlock();
	return x;
}

SEC("?syscall") int rcu_task_after(void*c) {
	struct task_struct*t=bpf_get_current_task_btf();
	bpf_rcu_read_lock();
	struct task_struct*p=t->real_parent;
	bpf_rcu_read_unlock();
	p=bpf_task_acquire(p);
	if (p) bpf_task_release(p);
	return 0;
}

SEC("?syscall") int norcu_task(void*c) {
	struct task_struct*t=bpf_get_current_task_btf();
	struct task_struct*p=t->real_parent;
	p=bpf_task_acquire(p);
	if (p) bpf_task_release(p);
	return 0;
}

SEC("?syscall") int rcu_css(void*c) {
	struct task_struct*t=bpf_get_current_task_btf();
	bpf_rcu_read_lock();
	struct cgroup*p=t->cgroups->dfl_cgrp;
	p=bpf_cgroup_acquire(p);
	bpf_rcu_read_unlock();
	if (p) bpf_cgroup_release(p);
	return 0;
}

SEC("?syscall") int norcu_css(void*c) {
	struct task_struct*t=bpf_get_current_task_btf();
	struct cgroup*p=t->cgroups->dfl_cgrp;
	p=bpf_cgroup_acquire(p);
	if (p) bpf_cgroup_release(p);
	return 0;
}

SEC("tc") int tc_css(struct __sk_buff*c) {
	struct task_struct*t=bpf_get_current_task_btf();
	struct cgroup*p=t->cgroups->dfl_cgrp;
	p=bpf_cgroup_acquire(p);
	if (p) bpf_cgroup_release(p);
	return 0;
}
