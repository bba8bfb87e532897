/* Graphs, references, locks and iterators together; iterators of the kernel; task work. */
#include "programs.h"
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;
extern int bpf_task_work_schedule_signal_impl(struct task_struct*t, struct bpf_task_work*tw, void*map__map, int(*cb)(struct bpf_map*,void*,void*), void*aux__prog) __ksym __weak;
extern int bpf_task_work_schedule_resume_impl(struct task_struct*t, struct bpf_task_work*tw, void*map__map, int(*cb)(struct bpf_map*,void*,void*), void*aux__prog) __ksym __weak;
#define FOR(i,n) struct bpf_iter_num it; int*i; bpf_iter_num_new(&it,0,n); while((i=bpf_iter_num_next(&it)))
struct foo {
	long key;
	struct bpf_list_node n;
	struct bpf_rb_node r;
	struct bpf_refcount ref;
	int data;
};

struct bar {
	int x;
	struct bpf_list_node n;
};

struct two {
	int x;
	struct bpf_list_node n;
	struct bpf_list_node n2;
};

struct mv {
	int x;
	struct bpf_spin_lock l;
	struct bpf_list_head h __contains(foo, n);
	struct bpf_rb_root t __contains(foo, r);
	struct bpf_list_head h2 __contains(two, n2);
};

struct rmv {
	struct bpf_res_spin_lock l;
	struct bpf_list_head h __contains(bar, n);
};

struct kv {
	int x;
	struct foo __kptr *f;
	struct bpf_spin_lock l;
	struct task_struct __kptr *t;
};

struct tw {
	int x;
	struct bpf_task_work w;
};

struct tv {
	int x;
	struct bpf_timer t;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct mv);
} m SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct rmv);
} rm SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct kv);
} km SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct tw);
} twm SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct tw);
} twm2 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct tv);
} tm SEC(".maps");

struct inm {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct tv);
} im SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__uint(key_size,4);
	__array(values, struct inm);
}
mim SEC(".maps") = { .values = { &im } };

struct ins {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct kv);
} ims SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__uint(key_size,4);
	__array(values, struct ins);
}
mims SEC(".maps") = { .values = { &ims } };

private(A) struct bpf_spin_lock gl;
private(A) struct bpf_list_head gh __contains(bar, n);
private(C) struct bpf_res_spin_lock grl;
#define TC(x) SEC("tc") int x(struct __sk_buff*s)
#define L(T,map) int k=s->len; struct T*v=bpf_map_lookup_elem(&map,&k); if(!v) return 0;
static bool less(struct bpf_rb_node*a, const struct bpf_rb_node*b) {
	struct foo*x=node_of(a,struct foo,r),*y=node_of(b,struct foo,r);
	return x->key<y->key;
}

TC(both) {
	L(mv,m) struct foo*f=bpf_obj_new(struct foo),*g;
	if (!f) return 0;
	g=bpf_refcount_acquire(f);
	bpf_spin_lock(&v->l);
	bpf_list_push_front(&v->h,&f->n);
	bpf_rbtree_add(&v->t,&g->r,less);
	bpf_spin_unlock(&v->l);
	return 0;
}

TC(both2) {
	L(mv,m) struct foo*f=bpf_obj_new(struct foo),*g;
	if (!f) return 0;
	g=bpf_refcount_acquire(f);
	bpf_spin_lock(&v->l);
	bpf_list_push_front(&v->h,&f->n);
	bpf_spin_unlock(&v->l);
	int d=g->data;
	bpf_obj_drop(g);
	return d;
}

TC(afterpop) {
	L(mv,m) bpf_spin_lock(&v->l);
	struct bpf_list_node*n=bpf_list_pop_front(&v->h);
	if (!n) {
		bpf_spin_unlock(&v->l);
		return 0;
	}
	struct foo*f=node_of(n,struct foo,n);
	bpf_rbtree_add(&v->t,&f->r,less);
	f->data=3;
	bpf_spin_unlock(&v->l);
	return 0;
}

TC(rbgone) {
	L(mv,m) bpf_spin_lock(&v->l);
	struct bpf_rb_node*n=bpf_rbtree_first(&v->t),*q;
	if (!n) {
		bpf_spin_unlock(&v->l);
		return 0;
	}
	q=bpf_rbtree_remove(&v->t,n);
	if (!q) {
		bpf_spin_unlock(&v->l);
		return 0;
	}
	int d=node_of(n,struct foo,r)->data;
	bpf_spin_unlock(&v->l);
	bpf_obj_drop(node_of(q,struct foo,r));
	return d;
}

TC(own2) {
	L(mv,m) struct two*t=bpf_obj_new(struct two);
	if (!t) return 0;
	bpf_spin_lock(&v->l);
	bpf_list_push_front(&v->h2,&t->n2);
	bpf_spin_unlock(&v->l);
	return 0;
}

TC(own2w) {
	L(mv,m) struct two*t=bpf_obj_new(struct two);
	if (!t) return 0;
	bpf_spin_lock(&v->l);
	bpf_list_push_front(&v->h2,&t->n);
	bpf_spin_unlock(&v->l);
	return 0;
}

TC(reslist) {
	L(rmv,rm) struct bar*b=bpf_obj_new(struct bar);
	if (!b) return 0;
	if (bpf_res_spin_lock(&v->l)) {
		bpf_obj_drop(b);
		return 0;
	}
	bpf_list_push_front(&v->h,&b->n);
	bpf_res_spin_unlock(&v->l);
	return 0;
}

TC(reslist_leak) {
	L(rmv,rm) struct bar*b=bpf_obj_new(struct bar);
	if (!b) return 0;
	if (bpf_res_spin_lock(&v->l)) return 0;
	bpf_list_push_front(&v->h,&b->n);
	bpf_res_spin_unlock(&v->l);
	return 0;
}

TC(reslist_no) {
	L(rmv,rm) struct bar*b=bpf_obj_new(struct bar);
	if (!b) return 0;
	bpf_list_push_front(&v->h,&b->n);
	return 0;
}

TC(gres) {
	if (bpf_res_spin_lock(&grl)) return 0;
	bpf_res_spin_unlock(&grl);
	return 0;
}

TC(gres2) {
	bpf_spin_lock(&gl);
	if (bpf_res_spin_lock(&grl)) {
		bpf_spin_unlock(&gl);
		return 0;
	}
	bpf_res_spin_unlock(&grl);
	bpf_spin_unlock(&gl);
	return 0;
}

TC(gres3) {
	if (bpf_res_spin_lock(&grl)) return 0;
	bpf_spin_lock(&gl);
	bpf_spin_unlock(&gl);
	bpf_res_spin_unlock(&grl);
	return 0;
}

TC(kx_lock) {
	L(kv,km) bpf_spin_lock(&v->l);
	struct foo*f=bpf_kptr_xchg(&v->f,0);
	bpf_spin_unlock(&v->l);
	if (f) bpf_obj_drop(f);
	return 0;
}

TC(kx_node) {
	L(kv,km) struct foo*f=v->f;
	if (!f) return 0;
	return f->data;
}

TC(kx_nodew) {
	L(kv,km) struct foo*f=v->f;
	if (!f) return 0;
	f->data=1;
	return 0;
}

TC(kx_acq) {
	L(kv,km) struct foo*f=v->f;
	if (!f) return 0;
	f=bpf_refcount_acquire(f);
	if (!f) return 0;
	bpf_obj_drop(f);
	return 0;
}

TC(kx_push) {
	L(kv,km) int k2=1;
	struct mv*w=bpf_map_lookup_elem(&m,&k2);
	if (!w) return 0;
	struct foo*f=bpf_kptr_xchg(&v->f,0);
	if (!f) return 0;
	bpf_spin_lock(&w->l);
	bpf_list_push_front(&w->h,&f->n);
	bpf_spin_unlock(&w->l);
	return 0;
}

static __attribute__((noinline)) void *mk(void) {
	return bpf_obj_new(struct bar);
}

TC(subret) {
	struct bar*b=mk();
	if (!b) return 0;
	bpf_obj_drop(b);
	return 0;
}

TC(subret_leak) {
	struct bar*b=mk();
	if (!b) return 0;
	return 0;
}

static __attribute__((noinline)) void rel(struct bar*b) {
	bpf_obj_drop(b);
}

TC(subrel) {
	struct bar*b=bpf_obj_new(struct bar);
	if (!b) return 0;
	rel(b);
	return 0;
}

TC(subrel2) {
	struct bar*b=bpf_obj_new(struct bar);
	if (!b) return 0;
	rel(b);
	return b->x;
}

static __attribute__((noinline)) int leak(void) {
	struct bar*b=bpf_obj_new(struct bar);
	return b!=0;
}

TC(subleak) {
	return leak();
}

__attribute__((noinline)) int gleak(void) {
	struct bar*b=bpf_obj_new(struct bar);
	return b!=0;
}

TC(gsubleak) {
	return gleak();
}

TC(itobj) {
	int c=0;
	FOR(i,10) {
		struct bar*b=bpf_obj_new(struct bar);
		if (!b) continue;
		b->x=*i;
		c+=b->x;
		bpf_obj_drop(b);
	}
	bpf_iter_num_destroy(&it);
	return c;
}

TC(itobj_leak) {
	int c=0;
	FOR(i,10) {
		struct bar*b=bpf_obj_new(struct bar);
		if (!b) continue;
		b->x=*i;
	}
	bpf_iter_num_destroy(&it);
	return c;
}

TC(itlist) {
	FOR(i,10) {
		struct bar*b=bpf_obj_new(struct bar);
		if (!b) break;
		bpf_spin_lock(&gl);
		bpf_list_push_back(&gh,&b->n);
		bpf_spin_unlock(&gl);
	}
	bpf_iter_num_destroy(&it);
	return 0;
}

TC(itinlock) {
	int c=0;
	bpf_spin_lock(&gl);
	FOR(i,10) {
		c+=*i;
	}
	bpf_iter_num_destroy(&it);
	bpf_spin_unlock(&gl);
	return c;
}

TC(itlockleak) {
	FOR(i,10) {
		bpf_spin_lock(&gl);
		if (*i==3) break;
		bpf_spin_unlock(&gl);
	}
	bpf_iter_num_destroy(&it);
	return 0;
}

TC(itpop) {
	int c=0;
	FOR(i,10) {
		bpf_spin_lock(&gl);
		struct bpf_list_node*n=bpf_list_pop_front(&gh);
		bpf_spin_unlock(&gl);
		if (!n) break;
		struct bar*b=node_of(n,struct bar,n);
		c+=b->x;
		bpf_obj_drop(b);
	}
	bpf_iter_num_destroy(&it);
	return c;
}

TC(itrcu) {
	int c=0;
	FOR(i,10) {
		bpf_rcu_read_lock();
		if (*i==3) continue;
		bpf_rcu_read_unlock();
	}
	bpf_iter_num_destroy(&it);
	return c;
}

TC(itirq) {
	unsigned long f;
	FOR(i,10) {
		bpf_local_irq_save(&f);
		bpf_local_irq_restore(&f);
	}
	bpf_iter_num_destroy(&it);
	return 0;
}

TC(itirq2) {
	unsigned long f;
	FOR(i,10) {
		bpf_local_irq_save(&f);
	}
	bpf_iter_num_destroy(&it);
	return 0;
}

static int tcb_re(void*map,int*key,struct tv*v);
static int tcb_re(void*map,int*key,struct tv*v) {
	bpf_timer_set_callback(&v->t,tcb_re);
	bpf_timer_start(&v->t,1,0);
	return 0;
}

TC(tre) {
	L(tv,tm) bpf_timer_init(&v->t,&tm,0);
	bpf_timer_set_callback(&v->t,tcb_re);
	return 0;
}

static int tcb_upd(void*map,int*key,struct tv*v) {
	int k=1;
	void*o=bpf_map_lookup_elem(map,&k);
	return o?0:0;
}

TC(tupd) {
	L(tv,tm) bpf_timer_set_callback(&v->t,tcb_upd);
	return 0;
}

static int tcb_ctx(void*map,int*key,struct tv*v) {
	bpf_map_delete_elem(map,key);
	return v->x&0;
}

TC(tdel) {
	L(tv,tm) bpf_timer_set_callback(&v->t,tcb_ctx);
	return 0;
}

static int tcb_lock(void*map,int*key,struct tv*v) {
	bpf_spin_lock(&gl);
	return 0;
}

TC(tlock) {
	L(tv,tm) bpf_timer_set_callback(&v->t,tcb_lock);
	return 0;
}

static int tcb_ref(void*map,int*key,struct tv*v) {
	struct bar*b=bpf_obj_new(struct bar);
	return 0;
}

TC(tref) {
	L(tv,tm) bpf_timer_set_callback(&v->t,tcb_ref);
	return 0;
}

TC(t_in1) {
	int k=0;
	void*i=bpf_map_lookup_elem(&mim,&k);
	if (!i) return 0;
	struct tv*v=bpf_map_lookup_elem(i,&k);
	if (!v) return 0;
	bpf_timer_init(&v->t,i,0);
	return 0;
}

TC(t_in2) {
	int k=0,k2=1;
	void*i=bpf_map_lookup_elem(&mim,&k),*j=bpf_map_lookup_elem(&mim,&k2);
	if (!i||!j) return 0;
	struct tv*v=bpf_map_lookup_elem(i,&k);
	if (!v) return 0;
	bpf_timer_init(&v->t,j,0);
	return 0;
}

TC(s_in1) {
	int k=s->len;
	void*i=bpf_map_lookup_elem(&mims,&k);
	if (!i) return 0;
	struct kv*v=bpf_map_lookup_elem(i,&k);
	if (!v) return 0;
	bpf_spin_lock(&v->l);
	bpf_spin_unlock(&v->l);
	return 0;
}

TC(s_in2) {
	int k=s->len,k2=1;
	void*i=bpf_map_lookup_elem(&mims,&k),*j=bpf_map_lookup_elem(&mims,&k2);
	if (!i||!j) return 0;
	struct kv*v=bpf_map_lookup_elem(i,&k),*w=bpf_map_lookup_elem(j,&k);
	if (!v||!w) return 0;
	bpf_spin_lock(&v->l);
	bpf_spin_unlock(&w->l);
	return 0;
}

static int twcb(struct bpf_map*map,void*k,void*v) {
	struct tw*w=v;
	return w->x;
}

static int twslp(struct bpf_map*map,void*k,void*v) {
	char b[8];
	bpf_copy_from_user(b,8,0);
	return 0;
}

#define RT(x) SEC("tp_btf/sched_switch") int BPF_PROG(x, bool p, struct task_struct*a)
RT(tw1) {
	int k=0;
	struct tw*v=bpf_map_lookup_elem(&twm,&k);
	if (!v) return 0;
	return bpf_task_work_schedule_signal_impl(a,&v->w,&twm,twcb,0);
}

RT(tw2) {
	int k=0;
	struct tw*v=bpf_map_lookup_elem(&twm,&k);
	if (!v) return 0;
	return bpf_task_work_schedule_signal_impl(a,&v->w,&twm2,twcb,0);
}

RT(tw3) {
	int k=0;
	struct tw*v=bpf_map_lookup_elem(&twm,&k);
	if (!v) return 0;
	return bpf_task_work_schedule_resume_impl(a,(void*)&v->x,&twm,twcb,0);
}

RT(tw4) {
	int k=0;
	struct tw*v=bpf_map_lookup_elem(&twm,&k);
	if (!v) return 0;
	return bpf_task_work_schedule_resume_impl(a,&v->w,&twm,twslp,0);
}

RT(tw5) {
	int k=0;
	struct tw*v=bpf_map_lookup_elem(&twm,&k);
	if (!v) return 0;
	return bpf_task_work_schedule_resume_impl(a->last_wakee,&v->w,&twm,twslp,0);
}

RT(tw6) {
	int k=0;
	struct tw*v=bpf_map_lookup_elem(&twm,&k);
	if (!v) return 0;
	return *(volatile int*)&v->w;
}

SEC("iter/task") int it1(struct bpf_iter__task*c) {
	struct task_struct*t=c->task;
	return t->pid&0;
}

SEC("iter/task") int it2(struct bpf_iter__task*c) {
	struct task_struct*t=c->task;
	if (!t) return 0;
	t=bpf_task_acquire(t);
	if (t) bpf_task_release(t);
	return 0;
}

SEC("iter/task") int it3(struct bpf_iter__task*c) {
	bpf_seq_write(c->meta->seq,"a",1);
	return 0;
}

SEC("iter/task") int it4(struct bpf_iter__task*c) {
	return 5;
}

SEC("iter/task_file") int it5(struct bpf_iter__task_file*c) {
	struct file*f=c->file;
	if (!f) return 0;
	return f->f_inode->i_ino&0;
}

SEC("iter.s/task") int it6(struct bpf_iter__task*c) {
	struct task_struct*t=c->task;
	char b[8];
	if (!t) return 0;
	bpf_copy_from_user_task(b,8,0,t,0);
	return 0;
}

SEC("iter.s/task") int it7(struct bpf_iter__task*c) {
	struct task_struct*t=c->task;
	if (!t) return 0;
	struct task_struct*r=t->real_parent;
	r=bpf_task_acquire(r);
	if (r) bpf_task_release(r);
	return 0;
}

SEC("iter/bpf_map_elem") int it8(struct bpf_iter__bpf_map_elem*c) {
	int*k=c->key;
	if (!k) return 0;
	return *k&0;
}

SEC("iter/bpf_map_elem") int it9(struct bpf_iter__bpf_map_elem*c) {
	int*k=c->key;
	if (!k) return 0;
	*k=1;
	return 0;
}

SEC("iter/bpf_map_elem") int it10(struct bpf_iter__bpf_map_elem*c) {
	int*k=c->value;
	if (!k) return 0;
	*k=1;
	return 0;
}
