/* Per-CPU objects, objects in objects, what a kptr gives under RCU. */
#include "programs.h"
struct loc {
	long a;
	int b;
};

struct foo {
	long key;
};

struct holder {
	int z;
	struct loc __kptr *k;
	struct task_struct __kptr *t;
	struct task_struct __kptr_untrusted *u;
};

struct pv {
	int x;
	struct loc __percpu_kptr *p;
	struct loc __kptr *k;
	struct holder __kptr *h;
	struct foo __kptr *f;
	struct cgroup __kptr *c;
	struct bpf_cpumask __kptr *m;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct pv);
} m SEC(".maps");

#define TC(x) SEC("tc") int x(struct __sk_buff*s)
#define SY(x) SEC("?syscall") int x(void*s)
#define L int k=0; struct pv*v=bpf_map_lookup_elem(&m,&k); if(!v) return 0;
TC(p1) {
	L struct loc __percpu_kptr *p=bpf_percpu_obj_new(struct loc);
	if (!p) return 0;
	p=bpf_kptr_xchg(&v->p,p);
	if (p) bpf_percpu_obj_drop(p);
	return 0;
}

TC(p2) {
	L struct loc __percpu_kptr *p=v->p;
	if (!p) return 0;
	struct loc*q=bpf_this_cpu_ptr((void*)p);
	q->a=1;
	return q->b;
}

TC(p3) {
	L struct loc __percpu_kptr *p=v->p;
	if (!p) return 0;
	struct loc*q=bpf_per_cpu_ptr((void*)p,0);
	if (!q) return 0;
	q->a=1;
	return q->b;
}

TC(p4) {
	L struct loc __percpu_kptr *p=v->p;
	if (!p) return 0;
	struct loc*q=bpf_per_cpu_ptr((void*)p,0);
	return q->b;
}

TC(p5) {
	L struct loc __percpu_kptr *p=v->p;
	struct loc*q=bpf_this_cpu_ptr((void*)p);
	return q->b;
}

TC(p6) {
	L struct loc __percpu_kptr *p=v->p;
	if (!p) return 0;
	return p->b;
}

SY(p7) {
	L struct loc __percpu_kptr *p=v->p;
	if (!p) return 0;
	struct loc*q=bpf_this_cpu_ptr((void*)p);
	return q->b;
}

SY(p8) {
	L bpf_rcu_read_lock();
	struct loc __percpu_kptr *p=v->p;
	if (!p) {
		bpf_rcu_read_unlock();
		return 0;
	}
	struct loc*q=bpf_this_cpu_ptr((void*)p);
	int r=q->b;
	bpf_rcu_read_unlock();
	return r;
}

SY(p9) {
	L bpf_rcu_read_lock();
	struct loc __percpu_kptr *p=v->p;
	if (!p) {
		bpf_rcu_read_unlock();
		return 0;
	}
	struct loc*q=bpf_this_cpu_ptr((void*)p);
	bpf_rcu_read_unlock();
	return q->b;
}

TC(p10) {
	L struct loc __percpu_kptr *p=bpf_percpu_obj_new(struct loc),*o;
	if (!p) return 0;
	o=bpf_kptr_xchg(&v->p,p);
	if (o) bpf_percpu_obj_drop(o);
	struct loc*q=bpf_this_cpu_ptr((void*)p);
	return q->b;
}

SY(p11) {
	L struct loc __percpu_kptr *p=bpf_percpu_obj_new(struct loc),*o;
	if (!p) return 0;
	o=bpf_kptr_xchg(&v->p,p);
	if (o) bpf_percpu_obj_drop(o);
	struct loc*q=bpf_this_cpu_ptr((void*)p);
	return q->b;
}

TC(p12) {
	L struct loc *p=bpf_obj_new(struct loc);
	if (!p) return 0;
	p=bpf_kptr_xchg(&v->p,p);
	if (p) bpf_percpu_obj_drop(p);
	return 0;
}

TC(p13) {
	L struct loc __percpu_kptr *p=bpf_percpu_obj_new(struct loc);
	if (!p) return 0;
	p=bpf_kptr_xchg(&v->k,p);
	if (p) bpf_obj_drop(p);
	return 0;
}

TC(p14) {
	L struct loc __percpu_kptr *p=bpf_percpu_obj_new(struct loc);
	if (!p) return 0;
	struct loc*q=bpf_this_cpu_ptr((void*)p);
	q->a=1;
	bpf_percpu_obj_drop(p);
	return 0;
}

TC(h1) {
	struct holder*h=bpf_obj_new(struct holder);
	if (!h) return 0;
	struct loc*l=bpf_obj_new(struct loc);
	if (!l) {
		bpf_obj_drop(h);
		return 0;
	}
	l=bpf_kptr_xchg(&h->k,l);
	if (l) bpf_obj_drop(l);
	bpf_obj_drop(h);
	return 0;
}

TC(h2) {
	struct holder*h=bpf_obj_new(struct holder);
	if (!h) return 0;
	struct loc*l=h->k;
	bpf_obj_drop(h);
	return (long)l;
}

TC(h3) {
	struct holder*h=bpf_obj_new(struct holder);
	if (!h) return 0;
	void*l=bpf_kptr_xchg(&h->u,0);
	bpf_obj_drop(h);
	return 0;
}

TC(h4) {
	struct holder*h=bpf_obj_new(struct holder);
	if (!h) return 0;
	void*l=bpf_kptr_xchg(&h->z,0);
	bpf_obj_drop(h);
	return 0;
}

TC(h5) {
	struct loc*h=bpf_obj_new(struct loc);
	if (!h) return 0;
	void*l=bpf_kptr_xchg(&h->b,0);
	bpf_obj_drop(h);
	return 0;
}

TC(h6) {
	L struct holder*h=bpf_obj_new(struct holder);
	if (!h) return 0;
	h=bpf_kptr_xchg(&v->h,h);
	if (!h) return 0;
	struct loc*l=bpf_kptr_xchg(&h->k,0);
	if (l) bpf_obj_drop(l);
	bpf_obj_drop(h);
	return 0;
}

TC(h7) {
	L struct holder*h=v->h;
	if (!h) return 0;
	struct loc*l=bpf_kptr_xchg(&h->k,0);
	if (l) bpf_obj_drop(l);
	return 0;
}

TC(f1) {
	L struct foo*f=v->f;
	if (!f) return 0;
	return f->key;
}

TC(f2) {
	L struct foo*f=v->f;
	if (!f) return 0;
	bpf_obj_drop(f);
	return 0;
}

SY(f3) {
	L struct foo*f=v->f;
	if (!f) return 0;
	return f->key;
}

TC(f4) {
	L struct foo*f=v->f;
	if (!f) return 0;
	f->key=1;
	return 0;
}

TC(l1) {
	L struct loc*f=v->k;
	if (!f) return 0;
	bpf_obj_drop(f);
	return 0;
}

TC(l2) {
	L struct loc*f=v->k;
	if (!f) return 0;
	f=bpf_kptr_xchg(&v->k,f);
	if (f) bpf_obj_drop(f);
	return 0;
}

TC(l3) {
	L struct loc*f=v->k;
	return f->a;
}

TC(c1) {
	L struct cgroup*c=v->c;
	if (!c) return 0;
	c=bpf_cgroup_acquire(c);
	if (!c) return 0;
	bpf_cgroup_release(c);
	return 0;
}

TC(c2) {
	L struct cgroup*c=bpf_cgroup_from_id(1);
	if (!c) return 0;
	c=bpf_kptr_xchg(&v->c,c);
	if (c) bpf_cgroup_release(c);
	return 0;
}

TC(c3) {
	L struct bpf_cpumask*c=v->m;
	if (!c) return 0;
	return bpf_cpumask_first((void*)c);
}

SY(c4) {
	L struct bpf_cpumask*c=v->m;
	if (!c) return 0;
	return bpf_cpumask_first((void*)c);
}

TC(c5) {
	L struct bpf_cpumask*c=bpf_cpumask_create();
	if (!c) return 0;
	c=bpf_kptr_xchg(&v->m,c);
	if (c) bpf_cpumask_release(c);
	return 0;
}

TC(c6) {
	L struct bpf_cpumask*c=bpf_cpumask_create();
	if (!c) return 0;
	c=bpf_kptr_xchg(&v->c,c);
	if (c) bpf_cpumask_release(c);
	return 0;
}

TC(c7) {
	L struct cgroup*c=v->c;
	if (!c) return 0;
	return c->kn->id;
}

TC(c8) {
	L struct cgroup*c=v->c;
	if (!c) return 0;
	return c->self.parent->id;
}

TC(c9) {
	L struct bpf_cpumask*c=bpf_kptr_xchg(&v->m,0);
	if (!c) return 0;
	struct bpf_cpumask*d=bpf_cpumask_acquire(c);
	bpf_cpumask_release(c);
	bpf_cpumask_release(d);
	return 0;
}

TC(c10) {
	L struct bpf_cpumask*c=v->m;
	if (!c) return 0;
	struct bpf_cpumask*d=bpf_cpumask_acquire(c);
	bpf_cpumask_release(d);
	return 0;
}

TC(c11) {
	L bpf_cpumask_release(0);
	return 0;
}

TC(c12) {
	L struct task_struct*t=bpf_task_acquire(0);
	return 0;
}

TC(c13) {
	L int n=0;
	struct bpf_cpumask*c=bpf_cpumask_create();
	while (c && n<4) {
		n++;
		bpf_cpumask_release(c);
		c=bpf_cpumask_create();
	}
	if (c) bpf_cpumask_release(c);
	return n;
}

TC(c14) {
	L struct bpf_cpumask*c=0;
	if (s->len) c=bpf_cpumask_create();
	if (c) bpf_cpumask_release(c);
	return 0;
}

TC(c15) {
	L struct bpf_cpumask*c=bpf_cpumask_create(),*d;
	d=c;
	if (!c) return 0;
	bpf_cpumask_release(d);
	bpf_cpumask_release(c);
	return 0;
}

TC(c16) {
	struct bpf_cpumask*a=bpf_cpumask_create(),*b;
	if (!a) return 0;
	b=bpf_cpumask_create();
	bpf_cpumask_release(a);
	if (!b) return 0;
	bpf_cpumask_release(b);
	return 0;
}

TC(c17) {
	struct bpf_cpumask*a=bpf_cpumask_create(),*b;
	if (!a) return 0;
	b=bpf_cpumask_create();
	if (!b) return 0;
	bpf_cpumask_release(a);
	bpf_cpumask_release(b);
	return 0;
}

struct bpf_cpumask gdummy;
struct foo gfoo;
struct cgroup gdum2;
TC(zz) {
	return gdum2.level+gdummy.usage.refs.counter;
}
