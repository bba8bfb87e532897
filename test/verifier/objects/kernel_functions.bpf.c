/* Arguments, trust, references and results of kernel functions; iterators of the kernel. */
#define BPF_NO_KFUNC_PROTOTYPES
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

extern struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;
extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
extern struct task_struct *bpf_task_from_vpid(s32 pid) __ksym;
extern struct cgroup *bpf_cgroup_from_id(u64 id) __ksym;
extern void bpf_cgroup_release(struct cgroup *c) __ksym;
extern struct cgroup *bpf_cgroup_acquire(struct cgroup *c) __ksym;
extern struct cgroup *bpf_cgroup_ancestor(struct cgroup *c, int l) __ksym;
extern long bpf_task_under_cgroup(struct task_struct *t, struct cgroup *c) __ksym;
extern struct cgroup *bpf_task_get_cgroup1(struct task_struct *t, int h) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern void *bpf_cast_to_kern_ctx(void *) __ksym;
extern void *bpf_rdonly_cast(const void *o, u32 id) __ksym;
extern struct bpf_cpumask *bpf_cpumask_create(void) __ksym;
extern void bpf_cpumask_release(struct bpf_cpumask*) __ksym;
extern struct bpf_cpumask *bpf_cpumask_acquire(struct bpf_cpumask*) __ksym;
extern void bpf_cpumask_set_cpu(u32 cpu, struct bpf_cpumask*) __ksym;
extern bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask*) __ksym;
extern u32 bpf_cpumask_first(const struct cpumask*) __ksym;
extern int bpf_cpumask_populate(struct cpumask*, void*, unsigned long) __ksym;
extern int bpf_strcmp(const char*a,const char*b) __ksym;
extern int bpf_strlen(const char*a) __ksym;
extern s64 bpf_map_sum_elem_count(const struct bpf_map*) __ksym;
extern struct kmem_cache *bpf_get_kmem_cache(u64) __ksym;
extern int bpf_copy_from_user_str(void *dst, u32 sz, const void *u, u64 f) __ksym;
extern int bpf_send_signal_task(struct task_struct*,int,enum pid_type,u64) __ksym;
extern struct bpf_key *bpf_lookup_user_key(s32 s, u64 f) __ksym;
extern struct bpf_key *bpf_lookup_system_key(u64 f) __ksym;
extern void bpf_key_put(struct bpf_key*) __ksym;
extern void bpf_throw(u64) __ksym;
extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;
extern int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *t, unsigned f) __ksym;
extern struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it) __ksym;
extern void bpf_iter_task_destroy(struct bpf_iter_task *it) __ksym;
extern int bpf_iter_task_vma_new(struct bpf_iter_task_vma *it, struct task_struct *t, u64 a) __ksym;
extern struct vm_area_struct *bpf_iter_task_vma_next(struct bpf_iter_task_vma *it) __ksym;
extern void bpf_iter_task_vma_destroy(struct bpf_iter_task_vma *it) __ksym;
extern int bpf_iter_css_new(struct bpf_iter_css *it, struct cgroup_subsys_state *s, unsigned f) __ksym;
extern struct cgroup_subsys_state *bpf_iter_css_next(struct bpf_iter_css *it) __ksym;
extern void bpf_iter_css_destroy(struct bpf_iter_css *it) __ksym;
extern int bpf_iter_css_task_new(struct bpf_iter_css_task *it, struct cgroup_subsys_state *s, unsigned f) __ksym;
extern struct task_struct *bpf_iter_css_task_next(struct bpf_iter_css_task *it) __ksym;
extern void bpf_iter_css_task_destroy(struct bpf_iter_css_task *it) __ksym;
extern int bpf_iter_bits_new(struct bpf_iter_bits *it, const u64 *p, u32 n) __ksym;
extern int *bpf_iter_bits_next(struct bpf_iter_bits *it) __ksym;
extern void bpf_iter_bits_destroy(struct bpf_iter_bits *it) __ksym;
extern int bpf_iter_kmem_cache_new(struct bpf_iter_kmem_cache *it) __ksym;
extern struct kmem_cache *bpf_iter_kmem_cache_next(struct bpf_iter_kmem_cache *it) __ksym;
extern void bpf_iter_kmem_cache_destroy(struct bpf_iter_kmem_cache *it) __ksym;
extern int bpf_iter_dmabuf_new(struct bpf_iter_dmabuf *it) __ksym;
extern struct dma_buf *bpf_iter_dmabuf_next(struct bpf_iter_dmabuf *it) __ksym;
extern void bpf_iter_dmabuf_destroy(struct bpf_iter_dmabuf *it) __ksym;
extern void __bpf_trap(void) __ksym;
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4); __type(key,u32); __type(value,u64);} h SEC(".maps");
char buf[64]; int g; const char str[]="abc"; u64 bits[2];
#define T(n) SEC("tp_btf/task_newtask") int BPF_PROG(n, struct task_struct *t, u64 fl)
#define Y(n) SEC("syscall") int n(void*ctx)
#define R(n) SEC("raw_tp") int n(void*ctx)

T(acq_ok)
{
	struct task_struct*a = bpf_task_acquire(t);
	if (a) bpf_task_release(a);
	return 0;
}

T(acq_leak)
{
	struct task_struct*a = bpf_task_acquire(t);
	return 0;
}

T(acq_nonull)
{
	struct task_struct*a = bpf_task_acquire(t);
	bpf_task_release(a);
	return 0;
}

T(rel_unacq)
{
	bpf_task_release(t);
	return 0;
}

T(rel_twice)
{
	struct task_struct*a = bpf_task_acquire(t);
	if (a) {
		bpf_task_release(a);
		bpf_task_release(a);
	}
	return 0;
}

T(acq_cur)
{
	struct task_struct*a = bpf_task_acquire(bpf_get_current_task_btf());
	if (a) bpf_task_release(a);
	return 0;
}

T(acq_untrusted)
{
	struct task_struct*a = bpf_task_acquire((void*)bpf_get_current_task());
	if (a) bpf_task_release(a);
	return 0;
}

T(acq_walk)
{
	struct task_struct*a = bpf_task_acquire(t->real_parent);
	if (a) bpf_task_release(a);
	return 0;
}

T(acq_walk2)
{
	struct task_struct*a = bpf_task_acquire(t->last_wakee);
	if (a) bpf_task_release(a);
	return 0;
}

T(acq_mm)
{
	struct task_struct*a = bpf_task_acquire((void*)t->mm);
	if (a) bpf_task_release(a);
	return 0;
}

T(acq_wrong)
{
	struct task_struct*a = bpf_task_acquire((void*)t->files);
	if (a) bpf_task_release(a);
	return 0;
}

T(acq_off)
{
	struct task_struct*a = bpf_task_acquire((void*)&t->mm);
	if (a) bpf_task_release(a);
	return 0;
}

T(acq_off8)
{
	struct task_struct*a = bpf_task_acquire((void*)t+8);
	if (a) bpf_task_release(a);
	return 0;
}

T(acq_null)
{
	struct task_struct*a = bpf_task_acquire(0);
	if (a) bpf_task_release(a);
	return 0;
}

T(acq_fp)
{
	struct task_struct*a = bpf_task_acquire((void*)({long q[2] = {1, 2}; asm volatile(""::"r"(q):"memory"); q;}));
	if (a) bpf_task_release(a);
	return 0;
}

T(acq_scalar)
{
	struct task_struct*a = bpf_task_acquire((void*)fl);
	if (a) bpf_task_release(a);
	return 0;
}

T(acq_map)
{
	struct task_struct*a = bpf_task_acquire((void*)buf);
	if (a) bpf_task_release(a);
	return 0;
}

T(frompid)
{
	struct task_struct*a = bpf_task_from_pid(1);
	int r = 0;
	if (a) {
		r = a->pid;
		bpf_task_release(a);
	}
	return r;
}

T(frompid_uaf)
{
	struct task_struct*a = bpf_task_from_pid(1);
	int r = 0;
	if (a) {
		bpf_task_release(a);
		r = a->pid;
	}
	return r;
}

T(vpid)
{
	struct task_struct*a = bpf_task_from_vpid(1);
	if (a) bpf_task_release(a);
	return 0;
}

T(cg)
{
	struct cgroup*c = bpf_cgroup_from_id(1);
	long r = 0;
	if (c) {
		r = bpf_task_under_cgroup(t, c);
		struct cgroup*p = bpf_cgroup_ancestor(c, 0);
		if (p) bpf_cgroup_release(p);
		bpf_cgroup_release(c);
	}
	return r;
}

T(cg_wrongrel)
{
	struct cgroup*c = bpf_cgroup_from_id(1);
	if (c) bpf_task_release((void*)c);
	return 0;
}

T(cg1)
{
	struct cgroup*c = bpf_task_get_cgroup1(t, 1);
	if (c) bpf_cgroup_release(c);
	return 0;
}

T(cg_dfl)
{
	struct cgroup*c = bpf_cgroup_acquire(t->cgroups->dfl_cgrp);
	if (c) bpf_cgroup_release(c);
	return 0;
}

T(rdcast)
{
	struct task_struct*a = bpf_rdonly_cast(t, bpf_core_type_id_kernel(struct task_struct));
	return a->pid;
}

T(rdcast_pass)
{
	struct task_struct*a = bpf_rdonly_cast(t, bpf_core_type_id_kernel(struct task_struct));
	a = bpf_task_acquire(a);
	if (a) bpf_task_release(a);
	return 0;
}

T(rdcast_void)
{
	char*a = bpf_rdonly_cast(t, 0);
	return a[g];
}

T(rdcast_w)
{
	char*a = bpf_rdonly_cast(t, 0);
	a[0] = 1;
	return 0;
}

T(rdcast_bad)
{
	char*a = bpf_rdonly_cast(t, 99999999);
	return a[0];
}

T(rdcast_int)
{
	char*a = bpf_rdonly_cast(t, 1);
	return a[0];
}

T(rdcast_var)
{
	char*a = bpf_rdonly_cast(t, g);
	return a[0];
}

T(kctx)
{
	void*a = bpf_cast_to_kern_ctx(ctx);
	return a != 0;
}

SEC("tc") int kctx_tc(struct __sk_buff*s)
{
	struct sk_buff*k = bpf_cast_to_kern_ctx(s);
	return k->len;
}

SEC("tc") int kctx_tc2(struct __sk_buff*s)
{
	struct sk_buff*k = bpf_cast_to_kern_ctx(buf);
	return k->len;
}

SEC("xdp") int kctx_x(struct xdp_md*s)
{
	struct xdp_buff*k = bpf_cast_to_kern_ctx(s);
	return k->rxq->dev->ifindex;
}

SEC("raw_tp") int kctx_rt(void*s)
{
	struct xdp_buff*k = bpf_cast_to_kern_ctx(s);
	return k->frame_sz;
}

SEC("kprobe/x") int kctx_kp(void*s)
{
	struct pt_regs*k = bpf_cast_to_kern_ctx(s);
	return k->ip;
}

SEC("perf_event") int kctx_pe(void*s)
{
	struct bpf_perf_event_data_kern*k = bpf_cast_to_kern_ctx(s);
	return k->data->period;
}

T(mask)
{
	struct bpf_cpumask*m = bpf_cpumask_create();
	if (!m) return 0;
	bpf_cpumask_set_cpu(1, m);
	int r = bpf_cpumask_test_cpu(1, (void*)m);
	bpf_cpumask_release(m);
	return r;
}

T(mask_leak)
{
	struct bpf_cpumask*m = bpf_cpumask_create();
	if (!m) return 0;
	bpf_cpumask_set_cpu(1, m);
	return 0;
}

T(mask_null)
{
	struct bpf_cpumask*m = bpf_cpumask_create();
	bpf_cpumask_set_cpu(1, m);
	return 0;
}

T(mask_task)
{
	return bpf_cpumask_test_cpu(0, t->cpus_ptr);
}

T(mask_set_task)
{
	bpf_cpumask_set_cpu(0, (void*)t->cpus_ptr);
	return 0;
}

T(mask_acq)
{
	struct bpf_cpumask*m = bpf_cpumask_create();
	if (!m) return 0;
	struct bpf_cpumask*n = bpf_cpumask_acquire(m);
	bpf_cpumask_release(m);
	bpf_cpumask_release(n);
	return 0;
}

T(mask_pop)
{
	struct bpf_cpumask*m = bpf_cpumask_create();
	if (!m) return 0;
	int r = bpf_cpumask_populate((void*)m, buf, 8);
	bpf_cpumask_release(m);
	return r;
}

T(mask_pop_big)
{
	struct bpf_cpumask*m = bpf_cpumask_create();
	if (!m) return 0;
	int r = bpf_cpumask_populate((void*)m, buf, g);
	bpf_cpumask_release(m);
	return r;
}

R(strs)
{
	return bpf_strcmp(str,"abd")+bpf_strlen(buf);
}

R(strs_ctx)
{
	return bpf_strlen(ctx);
}

R(strs_null)
{
	return bpf_strlen(0);
}

R(strs_stack)
{
	char b[8] = "abc";
	return bpf_strlen(b);
}

R(strs_scalar)
{
	return bpf_strlen((void*)(long)g);
}

R(sumel)
{
	return bpf_map_sum_elem_count((void*)&h);
}

R(sumel_bad)
{
	return bpf_map_sum_elem_count((void*)buf);
}

R(sumel_ctx)
{
	return bpf_map_sum_elem_count(ctx);
}

R(kmc)
{
	struct kmem_cache*c = bpf_get_kmem_cache(g);
	return c ? c->object_size:0;
}

R(kmc_nonull)
{
	struct kmem_cache*c = bpf_get_kmem_cache(g);
	return c->object_size;
}

Y(cfus)
{
	char b[8];
	return bpf_copy_from_user_str(b, sizeof b, ctx, 0);
}

Y(cfus_small)
{
	char b[8];
	return bpf_copy_from_user_str(b, 800, (void*)8, 0);
}

Y(cfus_neg)
{
	char b[8];
	return bpf_copy_from_user_str(b, g, (void*)8, 0);
}

Y(cfus_ok)
{
	char b[8];
	return bpf_copy_from_user_str(b, g&7, (void*)8, 0);
}

R(cfus_nosleep)
{
	char b[8];
	return bpf_copy_from_user_str(b, 8, (void*)8, 0);
}

T(sig)
{
	return bpf_send_signal_task(t, 9, PIDTYPE_PID, 0);
}

Y(key)
{
	struct bpf_key*k = bpf_lookup_user_key(1, 0);
	if (k) bpf_key_put(k);
	return 0;
}

Y(key_leak)
{
	struct bpf_key*k = bpf_lookup_system_key(1);
	return k != 0;
}

R(thr)
{
	bpf_throw(0);
	return 0;
}

R(notallowed)
{
	struct task_struct*a = bpf_task_from_pid(1);
	return a != 0;
}

T(itask)
{
	struct bpf_iter_task it;
	struct task_struct*p;
	int n = 0;
	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, 0, 0);
	while ((p = bpf_iter_task_next(&it))) n += p->pid;
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	return n;
}

Y(itask_y)
{
	struct bpf_iter_task it;
	struct task_struct*p;
	int n = 0;
	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, 0, 0);
	while ((p = bpf_iter_task_next(&it))) n += p->pid;
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	return n;
}

Y(itask_norcu)
{
	struct bpf_iter_task it;
	struct task_struct*p;
	int n = 0;
	bpf_iter_task_new(&it, 0, 0);
	while ((p = bpf_iter_task_next(&it))) n += p->pid;
	bpf_iter_task_destroy(&it);
	return n;
}

Y(itask_unlock)
{
	struct bpf_iter_task it;
	struct task_struct*p;
	int n = 0;
	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, 0, 0);
	bpf_rcu_read_unlock();
	while ((p = bpf_iter_task_next(&it))) n += p->pid;
	bpf_iter_task_destroy(&it);
	return n;
}

T(itask_acq)
{
	struct bpf_iter_task it;
	struct task_struct*p, *a;
	bpf_iter_task_new(&it, 0, 0);
	while ((p = bpf_iter_task_next(&it))) {
		a = bpf_task_acquire(p);
		if (a) bpf_task_release(a);
	}
	bpf_iter_task_destroy(&it);
	return 0;
}

T(ivma)
{
	struct bpf_iter_task_vma it;
	struct vm_area_struct*v;
	long n = 0;
	bpf_iter_task_vma_new(&it, bpf_get_current_task_btf(), 0);
	while ((v = bpf_iter_task_vma_next(&it))) n += v->vm_start;
	bpf_iter_task_vma_destroy(&it);
	return n;
}

T(ivma_null)
{
	struct bpf_iter_task_vma it;
	struct vm_area_struct*v;
	long n = 0;
	bpf_iter_task_vma_new(&it, 0, 0);
	while ((v = bpf_iter_task_vma_next(&it))) n += v->vm_start;
	bpf_iter_task_vma_destroy(&it);
	return n;
}

T(icss)
{
	struct bpf_iter_css it;
	struct cgroup_subsys_state*c;
	long n = 0;
	struct cgroup*cg = bpf_cgroup_from_id(1);
	if (!cg) return 0;
	bpf_iter_css_new(&it, &cg->self, 0);
	while ((c = bpf_iter_css_next(&it))) n += c->id;
	bpf_iter_css_destroy(&it);
	bpf_cgroup_release(cg);
	return n;
}

T(icsst)
{
	struct bpf_iter_css_task it;
	struct task_struct*c;
	long n = 0;
	struct cgroup*cg = bpf_cgroup_from_id(1);
	if (!cg) return 0;
	bpf_iter_css_task_new(&it, &cg->self, 0);
	while ((c = bpf_iter_css_task_next(&it))) n += c->pid;
	bpf_iter_css_task_destroy(&it);
	bpf_cgroup_release(cg);
	return n;
}

Y(icsst_y)
{
	struct bpf_iter_css_task it;
	struct task_struct*c;
	long n = 0;
	struct cgroup*cg = bpf_cgroup_from_id(1);
	if (!cg) return 0;
	bpf_iter_css_task_new(&it, &cg->self, 0);
	while ((c = bpf_iter_css_task_next(&it))) n += c->pid;
	bpf_iter_css_task_destroy(&it);
	bpf_cgroup_release(cg);
	return n;
}

R(ibits)
{
	struct bpf_iter_bits it;
	int*b;
	int n = 0;
	bpf_iter_bits_new(&it, bits, 2);
	while ((b = bpf_iter_bits_next(&it))) n += *b;
	bpf_iter_bits_destroy(&it);
	return n;
}

R(ibits_stack)
{
	struct bpf_iter_bits it;
	u64 m = 5;
	int*b;
	int n = 0;
	bpf_iter_bits_new(&it, &m, 1);
	while ((b = bpf_iter_bits_next(&it))) n += *b;
	bpf_iter_bits_destroy(&it);
	return n;
}

R(ibits_null)
{
	struct bpf_iter_bits it;
	int*b;
	int n = 0;
	bpf_iter_bits_new(&it, 0, 1);
	while ((b = bpf_iter_bits_next(&it))) n += *b;
	bpf_iter_bits_destroy(&it);
	return n;
}

R(ibits_small)
{
	struct bpf_iter_bits it;
	u32 m = 5;
	int*b;
	int n = 0;
	bpf_iter_bits_new(&it, (void*)((char*)buf+60), 1);
	while ((b = bpf_iter_bits_next(&it))) n += *b;
	bpf_iter_bits_destroy(&it);
	return n;
}

Y(ikmc)
{
	struct bpf_iter_kmem_cache it;
	struct kmem_cache*c;
	int n = 0;
	bpf_iter_kmem_cache_new(&it);
	while ((c = bpf_iter_kmem_cache_next(&it))) n += c->object_size;
	bpf_iter_kmem_cache_destroy(&it);
	return n;
}

R(ikmc_ns)
{
	struct bpf_iter_kmem_cache it;
	struct kmem_cache*c;
	int n = 0;
	bpf_iter_kmem_cache_new(&it);
	while ((c = bpf_iter_kmem_cache_next(&it))) n += c->object_size;
	bpf_iter_kmem_cache_destroy(&it);
	return n;
}

Y(idma)
{
	struct bpf_iter_dmabuf it;
	struct dma_buf*c;
	int n = 0;
	bpf_iter_dmabuf_new(&it);
	while ((c = bpf_iter_dmabuf_next(&it))) n += c->size;
	bpf_iter_dmabuf_destroy(&it);
	return n;
}

Y(idma_rcu)
{
	struct bpf_iter_dmabuf it;
	struct dma_buf*c;
	int n = 0;
	bpf_iter_dmabuf_new(&it);
	bpf_rcu_read_lock();
	while ((c = bpf_iter_dmabuf_next(&it))) n += c->size;
	bpf_rcu_read_unlock();
	bpf_iter_dmabuf_destroy(&it);
	return n;
}

Y(idma_pre)
{
	struct bpf_iter_dmabuf it;
	bpf_preempt_disable();
	bpf_iter_dmabuf_new(&it);
	bpf_preempt_enable();
	bpf_iter_dmabuf_destroy(&it);
	return 0;
}

R(mixit)
{
	struct bpf_iter_bits it;
	bpf_iter_bits_new(&it, bits, 2);
	bpf_iter_task_destroy((void*)&it);
	return 0;
}

R(trap)
{
	__bpf_trap();
	return 0;
}
