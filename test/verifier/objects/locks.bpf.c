/* Spin locks, resilient locks, timers, work queues. */
#include "programs.h"
struct rv {
	int x;
	struct bpf_res_spin_lock l;
};

struct sv {
	int x;
	struct bpf_spin_lock l;
	int y;
};

struct tv {
	int x;
	struct bpf_timer t;
};

struct wv {
	int x;
	struct bpf_wq w;
};

struct kv {
	int x;
	struct bpf_task_work w;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct rv);
} rm SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct sv);
} sm SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct sv);
} lrum SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__uint(value_size, sizeof(struct sv));
} nobtf SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct tv);
} tm SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct tv);
} tm2 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct wv);
} wm SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct wv);
} wm2 SEC(".maps");

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
	__type(value, long);
} plain SEC(".maps");

#define L(T,map) int k=s->len; struct T*v=bpf_map_lookup_elem(&map,&k); if(!v) return 0;
#define LL(T,map) int k2=s->len+1; struct T*w=bpf_map_lookup_elem(&map,&k2); if(!w) return 0;
SEC("tc") int res(struct __sk_buff*s) {
	L(rv,rm) if (bpf_res_spin_lock(&v->l)) return 0;
	v->x++;
	bpf_res_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int res_nock(struct __sk_buff*s) {
	L(rv,rm) bpf_res_spin_lock(&v->l);
	v->x++;
	bpf_res_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int res_two(struct __sk_buff*s) {
	L(rv,rm) LL(rv,rm) if (bpf_res_spin_lock(&v->l)) return 0;
	if (bpf_res_spin_lock(&w->l)) {
		bpf_res_spin_unlock(&v->l);
		return 0;
	}
	bpf_res_spin_unlock(&w->l);
	bpf_res_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int res_ooo(struct __sk_buff*s) {
	L(rv,rm) LL(rv,rm) if (bpf_res_spin_lock(&v->l)) return 0;
	if (bpf_res_spin_lock(&w->l)) {
		bpf_res_spin_unlock(&v->l);
		return 0;
	}
	bpf_res_spin_unlock(&v->l);
	bpf_res_spin_unlock(&w->l);
	return 0;
}

SEC("tc") int res_aa(struct __sk_buff*s) {
	L(rv,rm) if (bpf_res_spin_lock(&v->l)) return 0;
	if (bpf_res_spin_lock(&v->l)) {
		bpf_res_spin_unlock(&v->l);
		return 0;
	}
	bpf_res_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int res_leak(struct __sk_buff*s) {
	L(rv,rm) if (bpf_res_spin_lock(&v->l)) return 0;
	return 0;
}

SEC("tc") int res_call(struct __sk_buff*s) {
	L(rv,rm) if (bpf_res_spin_lock(&v->l)) return 0;
	bpf_get_prandom_u32();
	bpf_res_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int res_irq(struct __sk_buff*s) {
	unsigned long f;
	L(rv,rm) if (bpf_res_spin_lock_irqsave(&v->l,&f)) return 0;
	bpf_res_spin_unlock_irqrestore(&v->l,&f);
	return 0;
}

SEC("tc") int res_irqmix(struct __sk_buff*s) {
	unsigned long f;
	L(rv,rm) if (bpf_res_spin_lock_irqsave(&v->l,&f)) return 0;
	bpf_res_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int res_irqmix2(struct __sk_buff*s) {
	unsigned long f;
	L(rv,rm) if (bpf_res_spin_lock_irqsave(&v->l,&f)) return 0;
	bpf_local_irq_restore(&f);
	return 0;
}

SEC("tc") int res_irqnest(struct __sk_buff*s) {
	unsigned long f,g;
	L(rv,rm) LL(rv,rm) if (bpf_res_spin_lock_irqsave(&v->l,&f)) return 0;
	if (bpf_res_spin_lock_irqsave(&w->l,&g)) {
		bpf_res_spin_unlock_irqrestore(&v->l,&f);
		return 0;
	}
	bpf_res_spin_unlock_irqrestore(&w->l,&f);
	bpf_res_spin_unlock_irqrestore(&v->l,&g);
	return 0;
}

SEC("tc") int res_off(struct __sk_buff*s) {
	L(rv,rm) if (bpf_res_spin_lock((void*)&v->x)) return 0;
	bpf_res_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int res_plain(struct __sk_buff*s) {
	int k=s->len;
	long*v=bpf_map_lookup_elem(&plain,&k);
	if (!v) return 0;
	if (bpf_res_spin_lock((void*)v)) return 0;
	bpf_res_spin_unlock((void*)v);
	return 0;
}

SEC("tc") int res_stack(struct __sk_buff*s) {
	long x=0;
	if (bpf_res_spin_lock((void*)&x)) return 0;
	bpf_res_spin_unlock((void*)&x);
	return 0;
}

SEC("tc") int res_mix(struct __sk_buff*s) {
	L(rv,rm) LL(sv,sm) bpf_spin_lock(&w->l);
	if (bpf_res_spin_lock(&v->l)) {
		bpf_spin_unlock(&w->l);
		return 0;
	}
	bpf_res_spin_unlock(&v->l);
	bpf_spin_unlock(&w->l);
	return 0;
}

SEC("tc") int spin_ok(struct __sk_buff*s) {
	L(sv,sm) bpf_spin_lock(&v->l);
	v->y++;
	bpf_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int spin_nobtf(struct __sk_buff*s) {
	L(sv,nobtf) bpf_spin_lock(&v->l);
	bpf_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int spin_lru(struct __sk_buff*s) {
	L(sv,lrum) bpf_spin_lock(&v->l);
	bpf_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int spin_plain(struct __sk_buff*s) {
	int k=s->len;
	long*v=bpf_map_lookup_elem(&plain,&k);
	if (!v) return 0;
	bpf_spin_lock((void*)v);
	bpf_spin_unlock((void*)v);
	return 0;
}

SEC("tc") int spin_off(struct __sk_buff*s) {
	L(sv,sm) bpf_spin_lock((void*)&v->y);
	bpf_spin_unlock((void*)&v->y);
	return 0;
}

SEC("tc") int spin_var(struct __sk_buff*s) {
	L(sv,sm) bpf_spin_lock((void*)v+(s->len&4));
	bpf_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int spin_other(struct __sk_buff*s) {
	L(sv,sm) LL(sv,sm) bpf_spin_lock(&v->l);
	bpf_spin_unlock(&w->l);
	return 0;
}

SEC("tc") int spin_unl(struct __sk_buff*s) {
	L(sv,sm) bpf_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int spin_helper(struct __sk_buff*s) {
	L(sv,sm) bpf_spin_lock(&v->l);
	bpf_get_prandom_u32();
	bpf_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int spin_ld(struct __sk_buff*s) {
	L(sv,sm) int x=*(volatile int*)&v->l;
	return x;
}

SEC("tc") int spin_st(struct __sk_buff*s) {
	L(sv,sm) *(volatile int*)&v->l=0;
	return 0;
}

SEC("tc") int spin_hlp(struct __sk_buff*s) {
	L(sv,sm) bpf_probe_read_kernel(v,sizeof *v,0);
	return 0;
}

SEC("tc") int spin_upd(struct __sk_buff*s) {
	L(sv,sm) bpf_map_update_elem(&sm,&k,v,0);
	return 0;
}

SEC("tc") int spin_stackcopy(struct __sk_buff*s) {
	L(sv,sm) struct sv c={};
	bpf_map_update_elem(&sm,&k,&c,0);
	return 0;
}

static __attribute__((noinline)) int sublock(struct sv*v) {
	if (!v) return 0;
	bpf_spin_lock(&v->l);
	v->x++;
	bpf_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int spin_sub(struct __sk_buff*s) {
	L(sv,sm) sublock(v);
	return 0;
}

static __attribute__((noinline)) int subinc(struct sv*v) {
	if (!v) return 0;
	v->x++;
	return 0;
}

SEC("tc") int spin_callsub(struct __sk_buff*s) {
	L(sv,sm) bpf_spin_lock(&v->l);
	subinc(v);
	bpf_spin_unlock(&v->l);
	return 0;
}

__attribute__((noinline)) int gsub(int x) {
	return x+1;
}

SEC("tc") int spin_callg(struct __sk_buff*s) {
	L(sv,sm) bpf_spin_lock(&v->l);
	gsub(3);
	bpf_spin_unlock(&v->l);
	return 0;
}

SEC("tc") int spin_cond(struct __sk_buff*s) {
	L(sv,sm) if (s->mark) bpf_spin_lock(&v->l);
	v->x++;
	if (s->mark) bpf_spin_unlock(&v->l);
	return 0;
}

SEC("socket") int spin_sf(struct __sk_buff*s) {
	L(sv,sm) bpf_spin_lock(&v->l);
	bpf_spin_unlock(&v->l);
	return 0;
}

SEC("kprobe/x") int spin_kp(struct __sk_buff*s) {
	int k=0;
	struct sv*v=bpf_map_lookup_elem(&sm,&k);
	if (!v) return 0;
	bpf_spin_lock(&v->l);
	bpf_spin_unlock(&v->l);
	return 0;
}

static int tcb(void*map,int*key,struct tv*v) {
	v->x++;
	return 0;
}

static int tcb1(void*map,int*key,struct tv*v) {
	return 1;
}

static int tcbt(void*map,int*key,struct tv*v) {
	return *(volatile int*)&v->t;
}

static int tcbk(void*map,int*key,struct tv*v) {
	*key=1;
	return 0;
}

static int tcbs(void*map,int*key,struct tv*v) {
	char b[8];
	bpf_copy_from_user(b,8,0);
	return 0;
}

#define TI L(tv,tm) bpf_timer_init(&v->t,&tm,1);
SEC("tc") int t_ok(struct __sk_buff*s) {
	TI bpf_timer_set_callback(&v->t,tcb);
	bpf_timer_start(&v->t,0,0);
	return 0;
}

SEC("tc") int t_ret1(struct __sk_buff*s) {
	TI bpf_timer_set_callback(&v->t,tcb1);
	return 0;
}

SEC("tc") int t_acc(struct __sk_buff*s) {
	TI bpf_timer_set_callback(&v->t,tcbt);
	return 0;
}

SEC("tc") int t_keyx(struct __sk_buff*s) {
	TI bpf_timer_set_callback(&v->t,tcbk);
	return 0;
}

SEC("tc") int t_slp(struct __sk_buff*s) {
	TI bpf_timer_set_callback(&v->t,tcbs);
	return 0;
}

SEC("?syscall") int t_slp2(void*s) {
	int k=0;
	struct tv*v=bpf_map_lookup_elem(&tm,&k);
	if (!v) return 0;
	bpf_timer_init(&v->t,&tm,1);
	bpf_timer_set_callback(&v->t,tcbs);
	return 0;
}

SEC("tc") int t_othermap(struct __sk_buff*s) {
	L(tv,tm) bpf_timer_init(&v->t,&tm2,1);
	return 0;
}

SEC("tc") int t_off(struct __sk_buff*s) {
	L(tv,tm) bpf_timer_init((void*)&v->x,&tm,1);
	return 0;
}

SEC("tc") int t_plain(struct __sk_buff*s) {
	int k=s->len;
	long*v=bpf_map_lookup_elem(&plain,&k);
	if (!v) return 0;
	bpf_timer_init((void*)v,&plain,1);
	return 0;
}

SEC("tc") int t_stack(struct __sk_buff*s) {
	long x[2]={};
	bpf_timer_start((void*)x,0,0);
	return 0;
}

SEC("kprobe/x") int t_kp(void*s) {
	int k=0;
	struct tv*v=bpf_map_lookup_elem(&tm,&k);
	if (!v) return 0;
	bpf_timer_start(&v->t,0,0);
	return 0;
}

static int wcb(void*map,int*key,void*v) {
	struct wv*w=v;
	w->x++;
	return 0;
}

static int wcbs(void*map,int*key,void*v) {
	char b[8];
	bpf_copy_from_user(b,8,0);
	return 0;
}

static int wcb1(void*map,int*key,void*v) {
	return 1;
}

SEC("tc") int w_ok(struct __sk_buff*s) {
	L(wv,wm) bpf_wq_init(&v->w,&wm,0);
	bpf_wq_set_callback(&v->w,wcb,0);
	bpf_wq_start(&v->w,0);
	return 0;
}

SEC("tc") int w_slp(struct __sk_buff*s) {
	L(wv,wm) bpf_wq_set_callback(&v->w,wcbs,0);
	return 0;
}

SEC("tc") int w_ret1(struct __sk_buff*s) {
	L(wv,wm) bpf_wq_set_callback(&v->w,wcb1,0);
	return 0;
}

SEC("tc") int w_other(struct __sk_buff*s) {
	L(wv,wm) bpf_wq_init(&v->w,&wm2,0);
	return 0;
}

SEC("tc") int w_off(struct __sk_buff*s) {
	L(wv,wm) bpf_wq_init((void*)&v->x,&wm,0);
	return 0;
}

SEC("tc") int w_stack(struct __sk_buff*s) {
	struct bpf_wq w={};
	bpf_wq_init(&w,&wm,0);
	return 0;
}

SEC("tc") int w_nocb(struct __sk_buff*s) {
	L(wv,wm) bpf_wq_set_callback(&v->w,(void*)0,0);
	return 0;
}

SEC("kprobe/x") int w_kp(void*s) {
	int k=0;
	struct wv*v=bpf_map_lookup_elem(&wm,&k);
	if (!v) return 0;
	bpf_wq_start(&v->w,0);
	return 0;
}
