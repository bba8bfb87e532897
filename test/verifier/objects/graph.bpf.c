/* Allocated objects, linked lists and trees with their locks. */
#include "programs.h"
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

struct tnodx {
	long key;
	struct bpf_rb_node r;
};

struct mv {
	int x;
	struct bpf_spin_lock l;
	struct bpf_list_head h __contains(foo, n);
	struct bpf_rb_root t __contains(foo, r);
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
} m2 SEC(".maps");

private(A) struct bpf_spin_lock gl;
private(A) struct bpf_list_head gh __contains(bar, n);
private(A) struct bpf_rb_root gt __contains(tnodx, r);
private(B) struct bpf_spin_lock gl2;
private(B) struct bpf_list_head gh2 __contains(bar, n);
#define LOOK(map) int k=0; struct mv*v=bpf_map_lookup_elem(&map,&k); if(!v) return 0;
static bool less(struct bpf_rb_node*a, const struct bpf_rb_node*b) {
	struct foo*x=node_of(a,struct foo,r),*y=node_of(b,struct foo,r);
	return x->key<y->key;
}

static bool tless(struct bpf_rb_node*a, const struct bpf_rb_node*b) {
	struct tnodx*x=node_of(a,struct tnodx,r),*y=node_of(b,struct tnodx,r);
	return x->key<y->key;
}

SEC("tc") int newdrop(struct __sk_buff*s) {
	struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	f->key=1;
	bpf_obj_drop(f);
	return 0;
}

SEC("tc") int newleak(struct __sk_buff*s) {
	struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	return 0;
}

SEC("tc") int newnocheck(struct __sk_buff*s) {
	struct foo*f=bpf_obj_new(struct foo);
	f->key=1;
	return 0;
}

SEC("tc") int dropnull(struct __sk_buff*s) {
	struct foo*f=bpf_obj_new(struct foo);
	bpf_obj_drop(f);
	return 0;
}

SEC("tc") int doubledrop(struct __sk_buff*s) {
	struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	bpf_obj_drop(f);
	bpf_obj_drop(f);
	return 0;
}

SEC("tc") int useafter(struct __sk_buff*s) {
	struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	bpf_obj_drop(f);
	return f->key;
}

SEC("tc") int dropoff(struct __sk_buff*s) {
	struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	bpf_obj_drop(&f->data);
	return 0;
}

SEC("tc") int direct(struct __sk_buff*s) {
	struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	int x=*(int*)&f->n;
	bpf_obj_drop(f);
	return x;
}

SEC("tc") int directw(struct __sk_buff*s) {
	struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	*(int*)&f->ref=2;
	bpf_obj_drop(f);
	return 0;
}

SEC("tc") int beyond(struct __sk_buff*s) {
	struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	((long*)f)[40]=1;
	bpf_obj_drop(f);
	return 0;
}

SEC("tc") int push(struct __sk_buff*s) {
	LOOK(m) struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	bpf_spin_lock(&v->l);
	bpf_list_push_front(&v->h,&f->n);
	bpf_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int push_nolock(struct __sk_buff*s) {
	LOOK(m) struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	bpf_list_push_front(&v->h,&f->n);
	return 0;
}

SEC("tc") int push_use(struct __sk_buff*s) {
	LOOK(m) struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	bpf_spin_lock(&v->l);
	bpf_list_push_front(&v->h,&f->n);
	f->data=3;
	bpf_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int push_use_after(struct __sk_buff*s) {
	LOOK(m) struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	bpf_spin_lock(&v->l);
	bpf_list_push_front(&v->h,&f->n);
	bpf_spin_unlock(&v->l);
	f->data=3;
	return 0;
}

SEC("tc") int push_twice(struct __sk_buff*s) {
	LOOK(m) struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	bpf_spin_lock(&v->l);
	bpf_list_push_front(&v->h,&f->n);
	bpf_list_push_front(&v->h,&f->n);
	bpf_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int push_wrongnode(struct __sk_buff*s) {
	LOOK(m) struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	bpf_spin_lock(&v->l);
	bpf_list_push_front(&v->h,(void*)&f->data);
	bpf_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int push_wrongtype(struct __sk_buff*s) {
	LOOK(m) struct bar*f=bpf_obj_new(struct bar);
	if (!f) return 0;
	bpf_spin_lock(&v->l);
	bpf_list_push_front(&v->h,&f->n);
	bpf_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int push_wronghead(struct __sk_buff*s) {
	LOOK(m) struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	bpf_spin_lock(&v->l);
	bpf_list_push_front((void*)&v->t,&f->n);
	bpf_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int push_otherlock(struct __sk_buff*s) {
	LOOK(m) int k2=s->len;
	struct mv*w=bpf_map_lookup_elem(&m2,&k2);
	if (!w) return 0;
	struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	bpf_spin_lock(&w->l);
	bpf_list_push_front(&v->h,&f->n);
	bpf_spin_unlock(&w->l);
	return 0;
}

SEC("tc") int pop(struct __sk_buff*s) {
	LOOK(m) bpf_spin_lock(&v->l);
	struct bpf_list_node*n=bpf_list_pop_front(&v->h);
	bpf_spin_unlock(&v->l);
	if (!n) return 0;
	struct foo*f=node_of(n,struct foo,n);
	f->data=1;
	bpf_obj_drop(f);
	return 0;
}

SEC("tc") int pop_leak(struct __sk_buff*s) {
	LOOK(m) bpf_spin_lock(&v->l);
	struct bpf_list_node*n=bpf_list_pop_back(&v->h);
	bpf_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int pop_dropnode(struct __sk_buff*s) {
	LOOK(m) bpf_spin_lock(&v->l);
	struct bpf_list_node*n=bpf_list_pop_back(&v->h);
	bpf_spin_unlock(&v->l);
	if (!n) return 0;
	bpf_obj_drop(n);
	return 0;
}

SEC("tc") int pop_nocheck(struct __sk_buff*s) {
	LOOK(m) bpf_spin_lock(&v->l);
	struct bpf_list_node*n=bpf_list_pop_front(&v->h);
	bpf_spin_unlock(&v->l);
	struct foo*f=node_of(n,struct foo,n);
	f->data=1;
	bpf_obj_drop(f);
	return 0;
}

SEC("tc") int front(struct __sk_buff*s) {
	LOOK(m) long r=0;
	bpf_spin_lock(&v->l);
	struct bpf_list_node*n=bpf_list_front(&v->h);
	if (n) r=node_of(n,struct foo,n)->key;
	bpf_spin_unlock(&v->l);
	return r;
}

SEC("tc") int front_after(struct __sk_buff*s) {
	LOOK(m) long r=0;
	bpf_spin_lock(&v->l);
	struct bpf_list_node*n=bpf_list_front(&v->h);
	bpf_spin_unlock(&v->l);
	if (n) r=node_of(n,struct foo,n)->key;
	return r;
}

SEC("tc") int tadd(struct __sk_buff*s) {
	LOOK(m) struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	bpf_spin_lock(&v->l);
	bpf_rbtree_add(&v->t,&f->r,less);
	bpf_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int tadd_nolock(struct __sk_buff*s) {
	LOOK(m) struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	bpf_rbtree_add(&v->t,&f->r,less);
	return 0;
}

SEC("tc") int tfirst(struct __sk_buff*s) {
	LOOK(m) long r=0;
	bpf_spin_lock(&v->l);
	struct bpf_rb_node*n=bpf_rbtree_first(&v->t);
	if (n) r=node_of(n,struct foo,r)->key;
	bpf_spin_unlock(&v->l);
	return r;
}

SEC("tc") int tremove(struct __sk_buff*s) {
	LOOK(m) bpf_spin_lock(&v->l);
	struct bpf_rb_node*n=bpf_rbtree_first(&v->t);
	if (!n) {
		bpf_spin_unlock(&v->l);
		return 0;
	}
	n=bpf_rbtree_remove(&v->t,n);
	bpf_spin_unlock(&v->l);
	if (!n) return 0;
	bpf_obj_drop(node_of(n,struct foo,r));
	return 0;
}

SEC("tc") int tremove_leak(struct __sk_buff*s) {
	LOOK(m) bpf_spin_lock(&v->l);
	struct bpf_rb_node*n=bpf_rbtree_first(&v->t);
	if (!n) {
		bpf_spin_unlock(&v->l);
		return 0;
	}
	n=bpf_rbtree_remove(&v->t,n);
	bpf_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int tremove_null(struct __sk_buff*s) {
	LOOK(m) bpf_spin_lock(&v->l);
	struct bpf_rb_node*n=bpf_rbtree_first(&v->t);
	n=bpf_rbtree_remove(&v->t,n);
	bpf_spin_unlock(&v->l);
	if (!n) return 0;
	bpf_obj_drop(node_of(n,struct foo,r));
	return 0;
}

SEC("tc") int tremove_after(struct __sk_buff*s) {
	LOOK(m) bpf_spin_lock(&v->l);
	struct bpf_rb_node*n=bpf_rbtree_first(&v->t);
	bpf_spin_unlock(&v->l);
	if (!n) return 0;
	bpf_spin_lock(&v->l);
	n=bpf_rbtree_remove(&v->t,n);
	bpf_spin_unlock(&v->l);
	if (!n) return 0;
	bpf_obj_drop(node_of(n,struct foo,r));
	return 0;
}

SEC("tc") int twalk(struct __sk_buff*s) {
	LOOK(m) long r=0;
	bpf_spin_lock(&v->l);
	struct bpf_rb_node*n=bpf_rbtree_root(&v->t);
	if (n) n=bpf_rbtree_left(&v->t,n);
	if (n) n=bpf_rbtree_right(&v->t,n);
	if (n) r=node_of(n,struct foo,r)->key;
	bpf_spin_unlock(&v->l);
	return r;
}

SEC("tc") int acq(struct __sk_buff*s) {
	struct foo*f=bpf_obj_new(struct foo),*g;
	if (!f) return 0;
	g=bpf_refcount_acquire(f);
	bpf_obj_drop(f);
	g->data=1;
	bpf_obj_drop(g);
	return 0;
}

SEC("tc") int acq_leak(struct __sk_buff*s) {
	struct foo*f=bpf_obj_new(struct foo),*g;
	if (!f) return 0;
	g=bpf_refcount_acquire(f);
	bpf_obj_drop(f);
	return 0;
}

SEC("tc") int acq_norc(struct __sk_buff*s) {
	struct bar*f=bpf_obj_new(struct bar),*g;
	if (!f) return 0;
	g=bpf_refcount_acquire(f);
	bpf_obj_drop(f);
	bpf_obj_drop(g);
	return 0;
}

SEC("tc") int acq_nonown(struct __sk_buff*s) {
	LOOK(m) struct foo*g;
	bpf_spin_lock(&v->l);
	struct bpf_list_node*n=bpf_list_front(&v->h);
	if (!n) {
		bpf_spin_unlock(&v->l);
		return 0;
	}
	g=bpf_refcount_acquire(node_of(n,struct foo,n));
	bpf_spin_unlock(&v->l);
	if (!g) return 0;
	bpf_obj_drop(g);
	return 0;
}

SEC("tc") int acq_nonown_nc(struct __sk_buff*s) {
	LOOK(m) struct foo*g;
	bpf_spin_lock(&v->l);
	struct bpf_list_node*n=bpf_list_front(&v->h);
	if (!n) {
		bpf_spin_unlock(&v->l);
		return 0;
	}
	g=bpf_refcount_acquire(node_of(n,struct foo,n));
	bpf_spin_unlock(&v->l);
	bpf_obj_drop(g);
	return 0;
}

SEC("tc") int acq_map(struct __sk_buff*s) {
	LOOK(m) struct foo*g=bpf_refcount_acquire(v);
	return 0;
}

SEC("tc") int gpush(struct __sk_buff*s) {
	struct bar*f=bpf_obj_new(struct bar);
	if (!f) return 0;
	bpf_spin_lock(&gl);
	bpf_list_push_back(&gh,&f->n);
	bpf_spin_unlock(&gl);
	return 0;
}

SEC("tc") int gpush_wrong(struct __sk_buff*s) {
	struct bar*f=bpf_obj_new(struct bar);
	if (!f) return 0;
	bpf_spin_lock(&gl2);
	bpf_list_push_back(&gh,&f->n);
	bpf_spin_unlock(&gl2);
	return 0;
}

SEC("tc") int gtree(struct __sk_buff*s) {
	struct tnodx*f=bpf_obj_new(struct tnodx);
	if (!f) return 0;
	bpf_spin_lock(&gl);
	bpf_rbtree_add(&gt,&f->r,tless);
	bpf_spin_unlock(&gl);
	return 0;
}

SEC("tc") int gtwolocks(struct __sk_buff*s) {
	bpf_spin_lock(&gl);
	bpf_spin_lock(&gl2);
	bpf_spin_unlock(&gl2);
	bpf_spin_unlock(&gl);
	return 0;
}

SEC("tc") int gunlock_wrong(struct __sk_buff*s) {
	bpf_spin_lock(&gl);
	bpf_spin_unlock(&gl2);
	return 0;
}

SEC("tc") int glock_access(struct __sk_buff*s) {
	return *(volatile int*)&gl;
}

SEC("tc") int new_in_lock(struct __sk_buff*s) {
	bpf_spin_lock(&gl);
	struct bar*f=bpf_obj_new(struct bar);
	bpf_spin_unlock(&gl);
	if (f) bpf_obj_drop(f);
	return 0;
}

SEC("tc") int drop_nonown(struct __sk_buff*s) {
	LOOK(m) bpf_spin_lock(&v->l);
	struct bpf_list_node*n=bpf_list_front(&v->h);
	bpf_obj_drop(node_of(n,struct foo,n));
	bpf_spin_unlock(&v->l);
	return 0;
}

static bool less_bad(struct bpf_rb_node*a, const struct bpf_rb_node*b) {
	struct foo*x=node_of(a,struct foo,r);
	bpf_rbtree_remove(&gt,a);
	return 0;
}

SEC("tc") int tadd_badcb(struct __sk_buff*s) {
	LOOK(m) struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	bpf_spin_lock(&v->l);
	bpf_rbtree_add(&v->t,&f->r,less_bad);
	bpf_spin_unlock(&v->l);
	return 0;
}

static bool less_un(struct bpf_rb_node*a, const struct bpf_rb_node*b) {
	bpf_spin_unlock(&gl);
	return 0;
}

SEC("tc") int tadd_uncb(struct __sk_buff*s) {
	struct tnodx*f=bpf_obj_new(struct tnodx);
	if (!f) return 0;
	bpf_spin_lock(&gl);
	bpf_rbtree_add(&gt,&f->r,less_un);
	bpf_spin_unlock(&gl);
	return 0;
}

static bool less_rcu(struct bpf_rb_node*a, const struct bpf_rb_node*b) {
	bpf_rcu_read_unlock();
	bpf_rcu_read_lock();
	return 0;
}

SEC("tc") int tadd_rcucb(struct __sk_buff*s) {
	struct tnodx*f=bpf_obj_new(struct tnodx);
	if (!f) return 0;
	bpf_rcu_read_lock();
	bpf_spin_lock(&gl);
	bpf_rbtree_add(&gt,&f->r,less_rcu);
	bpf_spin_unlock(&gl);
	bpf_rcu_read_unlock();
	return 0;
}

static bool less_two(struct bpf_rb_node*a, const struct bpf_rb_node*b) {
	return bpf_get_prandom_u32();
}

SEC("tc") int tadd_helpercb(struct __sk_buff*s) {
	struct tnodx*f=bpf_obj_new(struct tnodx);
	if (!f) return 0;
	bpf_spin_lock(&gl);
	bpf_rbtree_add(&gt,&f->r,less_two);
	bpf_spin_unlock(&gl);
	return 0;
}

struct inner {
	struct bpf_spin_lock l;
	int x;
	struct bpf_list_head h __contains(bar, n);
};

SEC("tc") int objlock(struct __sk_buff*s) {
	struct inner*f=bpf_obj_new(struct inner);
	if (!f) return 0;
	bpf_spin_lock(&f->l);
	f->x=1;
	bpf_spin_unlock(&f->l);
	bpf_obj_drop(f);
	return 0;
}

SEC("tc") int objlock2(struct __sk_buff*s) {
	struct inner*f=bpf_obj_new(struct inner),*g;
	if (!f) return 0;
	g=bpf_obj_new(struct inner);
	if (!g) {
		bpf_obj_drop(f);
		return 0;
	}
	bpf_spin_lock(&f->l);
	bpf_spin_unlock(&g->l);
	bpf_obj_drop(f);
	bpf_obj_drop(g);
	return 0;
}

SEC("tc") int objlist(struct __sk_buff*s) {
	struct inner*f=bpf_obj_new(struct inner);
	if (!f) return 0;
	struct bar*b=bpf_obj_new(struct bar);
	if (!b) {
		bpf_obj_drop(f);
		return 0;
	}
	bpf_spin_lock(&f->l);
	bpf_list_push_front(&f->h,&b->n);
	bpf_spin_unlock(&f->l);
	bpf_obj_drop(f);
	return 0;
}

SEC("tc") int objnolock(struct __sk_buff*s) {
	struct bar*f=bpf_obj_new(struct bar);
	if (!f) return 0;
	bpf_spin_lock((void*)&f->x);
	bpf_spin_unlock((void*)&f->x);
	bpf_obj_drop(f);
	return 0;
}

SEC("tc") int percpu(struct __sk_buff*s) {
	struct loc{
		long a;
	}
	__percpu_kptr *p=bpf_percpu_obj_new(struct loc);
	if (!p) return 0;
	bpf_percpu_obj_drop(p);
	return 0;
}

SEC("tc") int percpu_wrongdrop(struct __sk_buff*s) {
	struct loc{
		long a;
	}
	__percpu_kptr *p=bpf_percpu_obj_new(struct loc);
	if (!p) return 0;
	bpf_obj_drop(p);
	return 0;
}

SEC("tc") int percpu_access(struct __sk_buff*s) {
	struct loc{
		long a;
	}
	__percpu_kptr *p=bpf_percpu_obj_new(struct loc);
	if (!p) return 0;
	p->a=1;
	bpf_percpu_obj_drop(p);
	return 0;
}

SEC("tc") int percpu_special(struct __sk_buff*s) {
	struct foo __percpu_kptr *p=bpf_percpu_obj_new(struct foo);
	if (!p) return 0;
	bpf_percpu_obj_drop(p);
	return 0;
}

struct big {
	char a[600];
};
struct wp {
	long*p;
};

SEC("tc") int percpu_big(struct __sk_buff*s) {
	struct big __percpu_kptr *p=bpf_percpu_obj_new(struct big);
	if (!p) return 0;
	bpf_percpu_obj_drop(p);
	return 0;
}

SEC("tc") int percpu_ptr(struct __sk_buff*s) {
	struct wp __percpu_kptr *p=bpf_percpu_obj_new(struct wp);
	if (!p) return 0;
	bpf_percpu_obj_drop(p);
	return 0;
}

SEC("tc") int new_var(struct __sk_buff*s) {
	void*f=bpf_obj_new_impl(s->len,0);
	if (f) bpf_obj_drop(f);
	return 0;
}

SEC("tc") int new_bad(struct __sk_buff*s) {
	void*f=bpf_obj_new_impl(99999,0);
	if (f) bpf_obj_drop(f);
	return 0;
}

SEC("tc") int new_int(struct __sk_buff*s) {
	void*f=bpf_obj_new_impl(bpf_core_type_id_local(int),0);
	if (f) bpf_obj_drop(f);
	return 0;
}

SEC("tc") int storeptr(struct __sk_buff*s) {
	struct wp*p=bpf_obj_new(struct wp);
	if (!p) return 0;
	p->p=(void*)s;
	void*q=p->p;
	bpf_obj_drop(p);
	return (long)q;
}

SEC("tc") int loadptr(struct __sk_buff*s) {
	struct wp*p=bpf_obj_new(struct wp);
	if (!p) return 0;
	int q=*p->p;
	bpf_obj_drop(p);
	return q;
}

SEC("?raw_tp/sched_switch") int rawtp(void*s) {
	struct bar*f=bpf_obj_new(struct bar);
	if (!f) return 0;
	bpf_spin_lock(&gl);
	bpf_list_push_back(&gh,&f->n);
	bpf_spin_unlock(&gl);
	return 0;
}

SEC("?tp_btf/sched_switch") int tpbtf(void*s) {
	struct bar*f=bpf_obj_new(struct bar);
	if (!f) return 0;
	bpf_spin_lock(&gl);
	bpf_list_push_back(&gh,&f->n);
	bpf_spin_unlock(&gl);
	return 0;
}
