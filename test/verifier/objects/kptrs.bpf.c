/* Pointers to kernel objects that map values keep. */
#include "programs.h"
struct local {
	int a;
	long b;
};

struct node_data {
	long key;
	struct bpf_list_node n;
};

struct mv {
	int x;
	struct task_struct __kptr_untrusted *u;
	struct task_struct __kptr *r;
	struct local __kptr *l;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct mv);
} m SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct mv);
} h SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct mv);
} pm SEC(".maps");

#define LOOK(map) int k=0; struct mv*v=bpf_map_lookup_elem(&map,&k); if(!v) return 0;
SEC("tc") int load_unref(struct __sk_buff*s) {
	LOOK(m) struct task_struct*t=v->u;
	if (!t) return 0;
	return t->pid;
}

SEC("tc") int load_ref(struct __sk_buff*s) {
	LOOK(m) struct task_struct*t=v->r;
	if (!t) return 0;
	return t->pid;
}

SEC("tc") int load_local(struct __sk_buff*s) {
	LOOK(m) struct local*t=v->l;
	if (!t) return 0;
	return t->a;
}

SEC("tc") int load_local_w(struct __sk_buff*s) {
	LOOK(m) struct local*t=v->l;
	if (!t) return 0;
	t->a=3;
	return t->a;
}

SEC("tc") int load_noref_null(struct __sk_buff*s) {
	LOOK(m) struct task_struct*t=v->r;
	return t->pid;
}

SEC("tc") int store_ref(struct __sk_buff*s) {
	LOOK(m) v->r=0;
	return 0;
}

SEC("tc") int store_unref0(struct __sk_buff*s) {
	LOOK(m) v->u=0;
	return 0;
}

SEC("tc") int store_unref_imm(struct __sk_buff*s) {
	LOOK(m) v->u=(void*)5;
	return 0;
}

SEC("tc") int store_unref_ctx(struct __sk_buff*s) {
	LOOK(m) v->u=(void*)s;
	return 0;
}

SEC("tc") int store_unref_sc(struct __sk_buff*s) {
	LOOK(m) v->u=(void*)(long)s->len;
	return 0;
}

SEC("tc") int store_unref_task(struct __sk_buff*s) {
	LOOK(m) v->u=bpf_get_current_task_btf();
	return 0;
}

SEC("tc") int store_unref_task2(struct __sk_buff*s) {
	LOOK(m) struct task_struct*t=bpf_get_current_task_btf();
	v->u=t->parent;
	return 0;
}

SEC("tc") int store_unref_wrong(struct __sk_buff*s) {
	LOOK(m) struct task_struct*t=bpf_get_current_task_btf();
	v->u=(void*)t->mm;
	return 0;
}

SEC("tc") int store_unref_off(struct __sk_buff*s) {
	LOOK(m) struct task_struct*t=bpf_get_current_task_btf();
	v->u=(void*)t+8;
	return 0;
}

SEC("tc") int partial(struct __sk_buff*s) {
	LOOK(m) return *(int*)&v->u;
}

SEC("tc") int misal(struct __sk_buff*s) {
	LOOK(m) return *(long*)((char*)&v->u+4);
}

SEC("tc") int varoff(struct __sk_buff*s) {
	LOOK(m) return *(long*)((char*)v+(s->len&16));
}

SEC("tc") int xchg_null(struct __sk_buff*s) {
	LOOK(m) struct task_struct*t=bpf_kptr_xchg(&v->r,0);
	if (t) bpf_task_release(t);
	return 0;
}

SEC("tc") int xchg_leak(struct __sk_buff*s) {
	LOOK(m) struct task_struct*t=bpf_kptr_xchg(&v->r,0);
	return 0;
}

SEC("tc") int xchg_unref(struct __sk_buff*s) {
	LOOK(m) struct task_struct*t=bpf_kptr_xchg(&v->u,0);
	return 0;
}

SEC("tc") int xchg_off(struct __sk_buff*s) {
	LOOK(m) struct task_struct*t=bpf_kptr_xchg(&v->x,0);
	return 0;
}

SEC("tc") int xchg_var(struct __sk_buff*s) {
	LOOK(m) struct task_struct*t=bpf_kptr_xchg((char*)&v->x+(s->len&8),0);
	return 0;
}

SEC("tc") int xchg_new(struct __sk_buff*s) {
	LOOK(m) struct local*l=bpf_obj_new(struct local);
	if (!l) return 0;
	l=bpf_kptr_xchg(&v->l,l);
	if (l) bpf_obj_drop(l);
	return 0;
}

SEC("tc") int xchg_new_leak(struct __sk_buff*s) {
	LOOK(m) struct local*l=bpf_obj_new(struct local);
	if (!l) return 0;
	l=bpf_kptr_xchg(&v->l,l);
	return 0;
}

SEC("tc") int xchg_wrongtype(struct __sk_buff*s) {
	LOOK(m) struct local*l=bpf_obj_new(struct local);
	if (!l) return 0;
	l=bpf_kptr_xchg(&v->r,l);
	if (l) bpf_obj_drop(l);
	return 0;
}

SEC("tc") int xchg_maybenull(struct __sk_buff*s) {
	LOOK(m) struct local*l=bpf_obj_new(struct local);
	l=bpf_kptr_xchg(&v->l,l);
	if (l) bpf_obj_drop(l);
	return 0;
}

SEC("tc") int xchg_nonref(struct __sk_buff*s) {
	LOOK(m) struct task_struct*t=bpf_get_current_task_btf();
	t=bpf_kptr_xchg(&v->r,t);
	if (t) bpf_task_release(t);
	return 0;
}

SEC("tc") int xchg_acq(struct __sk_buff*s) {
	LOOK(m) struct task_struct*t=bpf_task_acquire(bpf_get_current_task_btf());
	if (!t) return 0;
	t=bpf_kptr_xchg(&v->r,t);
	if (t) bpf_task_release(t);
	return 0;
}

SEC("tc") int xchg_use_after(struct __sk_buff*s) {
	LOOK(m) struct task_struct*o,*t=bpf_task_acquire(bpf_get_current_task_btf());
	if (!t) return 0;
	o=bpf_kptr_xchg(&v->r,t);
	if (o) bpf_task_release(o);
	return t->pid;
}

SEC("tc") int xchg_stack(struct __sk_buff*s) {
	long x=0;
	struct task_struct*t=bpf_kptr_xchg(&x,0);
	return 0;
}

SEC("tc") int helper_ind(struct __sk_buff*s) {
	LOOK(m) bpf_probe_read_kernel(v,sizeof(*v),0);
	return 0;
}

SEC("tc") int lookup_bykptr(struct __sk_buff*s) {
	LOOK(h) bpf_map_update_elem(&h,&k,v,0);
	return 0;
}

SEC("tc") int percpu_load(struct __sk_buff*s) {
	LOOK(pm) struct task_struct*t=v->r;
	if (!t) return 0;
	return t->pid;
}

SEC("tc") int acq_from_map(struct __sk_buff*s) {
	LOOK(m) struct task_struct*t=v->r;
	if (!t) return 0;
	t=bpf_task_acquire(t);
	if (t) bpf_task_release(t);
	return 0;
}

SEC("tc") int acq_from_unref(struct __sk_buff*s) {
	LOOK(m) struct task_struct*t=v->u;
	if (!t) return 0;
	t=bpf_task_acquire(t);
	if (t) bpf_task_release(t);
	return 0;
}

SEC("?syscall") int slp_ref(void*c) {
	LOOK(m) struct task_struct*t=v->r;
	if (!t) return 0;
	return t->pid;
}

SEC("?syscall") int slp_acq(void*c) {
	LOOK(m) struct task_struct*t=v->r;
	if (!t) return 0;
	t=bpf_task_acquire(t);
	if (t) bpf_task_release(t);
	return 0;
}

SEC("?syscall") int slp_rcu(void*c) {
	LOOK(m) bpf_rcu_read_lock();
	struct task_struct*t=v->r;
	if (!t) {
		bpf_rcu_read_unlock();
		return 0;
	}
	t=bpf_task_acquire(t);
	bpf_rcu_read_unlock();
	if (t) bpf_task_release(t);
	return 0;
}

SEC("tp_btf/sched_switch") int BPF_PROG(tp, bool p, struct task_struct*a) {
	LOOK(m) v->u=a;
	return 0;
}
