/* Walking structs of the kernel, and how far their pointers are trusted. */
#include "programs.h"
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, long);
} arr SEC(".maps");

#define T struct task_struct*t=bpf_get_current_task_btf();
#define RT(x) SEC("tp_btf/sched_switch") int BPF_PROG(x, bool p, struct task_struct*a, struct task_struct*b)
#define TC(x) SEC("tc") int x(struct __sk_buff*s)
#define SY(x) SEC("?syscall") int x(void*s)
RT(w1) {
	return a->pid;
}

RT(w2) {
	return a->real_parent->pid;
}

RT(w3) {
	return a->mm->mm_users.counter;
}

RT(w4) {
	return a->comm[3];
}

RT(w5) {
	return *(int*)((char*)a+100000);
}

RT(w6) {
	a->pid=1;
	return 0;
}

RT(w7) {
	struct task_struct*q=a->real_parent;
	q=bpf_task_acquire(q);
	if (q) bpf_task_release(q);
	return 0;
}

RT(w8) {
	struct task_struct*q=a->parent;
	q=bpf_task_acquire(q);
	if (q) bpf_task_release(q);
	return 0;
}

RT(w9) {
	struct task_struct*q=a->group_leader;
	q=bpf_task_acquire(q);
	if (q) bpf_task_release(q);
	return 0;
}

RT(w10) {
	struct task_struct*q=a->last_wakee;
	q=bpf_task_acquire(q);
	if (q) bpf_task_release(q);
	return 0;
}

RT(w11) {
	return bpf_cpumask_first(a->cpus_ptr);
}

RT(w12) {
	return bpf_cpumask_first((void*)a->user_cpus_ptr);
}

RT(w13) {
	struct cgroup*c=a->cgroups->dfl_cgrp;
	c=bpf_cgroup_acquire(c);
	if (c) bpf_cgroup_release(c);
	return 0;
}

RT(w14) {
	struct file*f=a->mm->exe_file;
	if (!f) return 0;
	return f->f_mode;
}

RT(w15) {
	struct inode*f=a->mm->exe_file->f_inode;
	return f->i_ino;
}

RT(w16) {
	return *(int*)((char*)a+((long)b&4));
}

RT(w17) {
	return *(int*)((char*)&a->pid+1);
}

RT(w18) {
	return *(int*)((char*)&a->mm);
}

RT(w19) {
	return (long)a->mm;
}

RT(w20) {
	return a->sched_class == 0;
}

RT(w21) {
	return *(int*)((char*)a-8);
}

RT(w22) {
	return a->thread_info.flags;
}

RT(w23) {
	return a->cred->uid.val;
}

RT(w24) {
	return a->nsproxy->pid_ns_for_children->level;
}

RT(w25) {
	struct task_struct*q=bpf_task_acquire(a);
	if (!q) return 0;
	int r=q->pid;
	bpf_task_release(q);
	return r;
}

RT(w26) {
	struct task_struct*q=bpf_task_acquire(a);
	return 0;
}

RT(w27) {
	bpf_task_release(a);
	return 0;
}

RT(w28) {
	struct task_struct*q=bpf_task_acquire(a);
	if (!q) return 0;
	bpf_task_release(q);
	return q->pid;
}

RT(w29) {
	struct task_struct*q=bpf_task_from_pid(1);
	return q->pid;
}

RT(w30) {
	struct task_struct*q=bpf_task_from_pid(1);
	if (!q) return 0;
	bpf_task_release(q);
	return 0;
}

RT(w31) {
	return bpf_get_stackid(a,&arr,0);
}

RT(w32) {
	char b2[16];
	return bpf_probe_read_kernel(b2,16,a);
}

RT(w33) {
	bpf_map_update_elem(&arr,&p,a,0);
	return 0;
}

RT(w34) {
	int k=0;
	bpf_map_update_elem(&arr,&k,a,0);
	return 0;
}

RT(w35) {
	struct task_struct*q=(void*)a+8;
	q=bpf_task_acquire(q);
	if (q) bpf_task_release(q);
	return 0;
}

RT(w36) {
	return ((struct task_struct*)bpf_rdonly_cast(a,bpf_core_type_id_kernel(struct task_struct)))->pid;
}

RT(w37) {
	struct task_struct*q=bpf_rdonly_cast(a,bpf_core_type_id_kernel(struct task_struct));
	q=bpf_task_acquire(q);
	if (q) bpf_task_release(q);
	return 0;
}

RT(w38) {
	return *(int*)bpf_rdonly_cast(a,0);
}

RT(w39) {
	struct task_struct*q=bpf_rdonly_cast(a,bpf_core_type_id_kernel(struct task_struct));
	return q->real_parent->real_parent->pid;
}

RT(w40) {
	int *x=bpf_rdonly_cast(a,0);
	x[5]=1;
	return 0;
}

RT(w41) {
	return a->se.cfs_rq->nr_queued;
}

RT(w42) {
	return a->comm[15];
}

RT(w43) {
	return a->signal->rlim[2].rlim_cur;
}

RT(w44) {
	return a->in_execve;
}

RT(w45) {
	return *(long*)&a->pid;
}

RT(w46) {
	return a->jobctl + a->ptrace;
}

RT(w47) {
	if (!a) return 0;
	return a->pid;
}

RT(w48) {
	if (a==b) return 1;
	return a->pid;
}

RT(w49) {
	return a->files->fdt->fd[0]->f_flags;
}

RT(w50) {
	return a->thread.sp;
}

RT(w51) {
	struct task_struct*q=bpf_get_current_task_btf();
	q=bpf_task_acquire(q);
	if (q) bpf_task_release(q);
	return 0;
}

RT(w52) {
	struct task_struct*q=(void*)bpf_get_current_task();
	return q->pid;
}

RT(w53) {
	return bpf_task_storage_get(&arr,a,0,0)!=0;
}

RT(w54) {
	return bpf_get_task_stack(a,0,0,0);
}

RT(w55) {
	char c[8];
	return bpf_get_task_stack((void*)a->mm,c,8,0);
}

RT(w56) {
	return ((struct pt_regs*)bpf_task_pt_regs(a))->ip+1;
}

RT(w57) {
	struct pt_regs*r=(void*)bpf_task_pt_regs(a);
	return r->ip;
}

SEC("tp_btf/sched_pi_setprio") int BPF_PROG(n1, struct task_struct*a, struct task_struct*b) {
	return b->pid;
}

SEC("tp_btf/sched_pi_setprio") int BPF_PROG(n2, struct task_struct*a, struct task_struct*b) {
	if (!b) return 0;
	return b->pid;
}

SEC("tp_btf/kfree_skb") int BPF_PROG(n3, struct sk_buff*a, void*l, int r, struct sock*sk) {
	return a->len+r;
}

SEC("tp_btf/kfree_skb") int BPF_PROG(n4, struct sk_buff*a, void*l, int r, struct sock*sk) {
	return sk->__sk_common.skc_family;
}

SEC("tp_btf/kfree_skb") int BPF_PROG(n5, struct sk_buff*a, void*l, int r, struct sock*sk) {
	struct sock*k=a->sk;
	if (!k) return 0;
	return bpf_skc_to_tcp_sock(k)!=0;
}

SEC("tp_btf/kfree_skb") int BPF_PROG(n6, struct sk_buff*a, void*l, int r, struct sock*sk) {
	struct sock*k=a->sk;
	return bpf_skc_to_tcp_sock(k)!=0;
}

SEC("tp_btf/kfree_skb") int BPF_PROG(n7, struct sk_buff*a, void*l, int r, struct sock*sk) {
	struct tcp_sock*k=bpf_skc_to_tcp_sock(sk);
	if (!k) return 0;
	return k->rcv_nxt;
}

SEC("tp_btf/kfree_skb") int BPF_PROG(n8, struct sk_buff*a, void*l, int r, struct sock*sk) {
	return *(int*)l;
}

SEC("tp_btf/kfree_skb") int BPF_PROG(n9, struct sk_buff*a, void*l, int r, struct sock*sk) {
	return a->dev->ifindex;
}

SEC("tp_btf/kfree_skb") int BPF_PROG(n10, struct sk_buff*a) {
	return ((struct ethhdr*)(a->head+a->mac_header))->h_proto;
}

SEC("tp_btf/kfree_skb") int BPF_PROG(n11, struct sk_buff*a) {
	return a->pkt_type+a->cloned;
}

SEC("tp_btf/sys_enter") int BPF_PROG(n12, struct pt_regs*r, long id) {
	return r->di+id;
}

SEC("tp_btf/sys_enter") int n13(long*c) {
	return c[2];
}

SEC("tp_btf/sys_enter") int n14(long*c) {
	return *(int*)((char*)c+4);
}

SEC("tp_btf/sys_enter") int n15(long*c) {
	c[0]=1;
	return 0;
}

TC(c1) {
	T struct sk_buff*k=bpf_cast_to_kern_ctx(s);
	return k->len;
}

TC(c2) {
	T struct sk_buff*k=bpf_cast_to_kern_ctx(s);
	return k->dev->ifindex;
}

TC(c3) {
	T struct sk_buff*k=bpf_cast_to_kern_ctx(t);
	return k->len;
}

TC(c4) {
	struct sk_buff*k=bpf_cast_to_kern_ctx(s);
	k->mark=1;
	return 0;
}

TC(c5) {
	struct sk_buff*k=bpf_cast_to_kern_ctx(s);
	struct skb_shared_info*i=bpf_rdonly_cast(k->head+k->end,bpf_core_type_id_kernel(struct skb_shared_info));
	return i->nr_frags;
}

TC(c6) {
	struct bpf_cpumask*m=bpf_cpumask_create();
	if (!m) return 0;
	int r=bpf_cpumask_first((void*)m);
	bpf_cpumask_release(m);
	return r;
}

TC(c7) {
	struct bpf_cpumask*m=bpf_cpumask_create();
	if (!m) return 0;
	return 0;
}

TC(c8) {
	struct bpf_cpumask*m=bpf_cpumask_create();
	if (!m) return 0;
	m->usage.refs.counter=1;
	bpf_cpumask_release(m);
	return 0;
}

TC(c9) {
	struct cgroup*c=bpf_cgroup_from_id(1);
	if (!c) return 0;
	int l=c->level;
	bpf_cgroup_release(c);
	return l;
}

TC(c10) {
	struct cgroup*c=bpf_cgroup_from_id(1);
	if (!c) return 0;
	bpf_task_release((void*)c);
	return 0;
}

extern const int bpf_prog_active __ksym;
extern const struct rq runqueues __ksym;

TC(k1) {
	int*x=(void*)bpf_per_cpu_ptr(&bpf_prog_active,0);
	if (!x) return 0;
	return *x;
}

TC(k2) {
	int*x=(void*)bpf_per_cpu_ptr(&bpf_prog_active,0);
	return *x;
}

TC(k3) {
	int*x=(void*)bpf_this_cpu_ptr(&bpf_prog_active);
	return *x;
}

TC(k4) {
	struct rq*x=(void*)bpf_per_cpu_ptr(&runqueues,0);
	if (!x) return 0;
	return x->cpu;
}

TC(k5) {
	struct rq*x=(void*)bpf_this_cpu_ptr(&runqueues);
	return x->curr->pid;
}

TC(k6) {
	return runqueues.cpu;
}

TC(k7) {
	int*x=(void*)bpf_this_cpu_ptr(&bpf_prog_active);
	*x=1;
	return 0;
}

TC(k8) {
	return bpf_prog_active;
}

TC(k9) {
	struct rq*x=(void*)bpf_this_cpu_ptr(&runqueues);
	x->cpu=1;
	return 0;
}

TC(k10) {
	struct rq*x=(void*)bpf_this_cpu_ptr(s);
	return x->cpu;
}
