/* Functions of a program that helpers run. */
#include "programs.h"
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, long);
} arr SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, long);
} hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__type(value, long);
} q SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 4);
	__uint(map_flags,1);
	__uint(key_size,8);
	__type(value, long);
} lpm SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} urb SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} rb SEC(".maps");

static long ecb(void*m,int*k,long*v,long*c) {
	*v+=*k;
	if (c) *c+=1;
	return 0;
}

static long ecb_k(void*m,int*k,long*v,long*c) {
	*k=1;
	return 0;
}

static long ecb_2(void*m,int*k,long*v,long*c) {
	return 2;
}

static long ecb_u(void*m,int*k,long*v,long*c) {
	return *v;
}

static long ecb_oob(void*m,int*k,long*v,long*c) {
	v[1]=1;
	return 0;
}

SEC("tc") int each(struct __sk_buff*s) {
	long c=0;
	bpf_for_each_map_elem(&arr,ecb,&c,0);
	return c;
}

SEC("tc") int each_h(struct __sk_buff*s) {
	long c=0;
	bpf_for_each_map_elem(&hash,ecb,&c,0);
	return c;
}

SEC("tc") int each_null(struct __sk_buff*s) {
	bpf_for_each_map_elem(&hash,ecb,0,0);
	return 0;
}

SEC("tc") int each_k(struct __sk_buff*s) {
	long c=0;
	bpf_for_each_map_elem(&arr,ecb_k,&c,0);
	return c;
}

SEC("tc") int each_2(struct __sk_buff*s) {
	long c=0;
	bpf_for_each_map_elem(&arr,ecb_2,&c,0);
	return c;
}

SEC("tc") int each_u(struct __sk_buff*s) {
	long c=0;
	bpf_for_each_map_elem(&arr,ecb_u,&c,0);
	return c;
}

SEC("tc") int each_oob(struct __sk_buff*s) {
	long c=0;
	bpf_for_each_map_elem(&arr,ecb_oob,&c,0);
	return c;
}

SEC("tc") int each_q(struct __sk_buff*s) {
	long c=0;
	bpf_for_each_map_elem(&q,ecb,&c,0);
	return c;
}

SEC("tc") int each_lpm(struct __sk_buff*s) {
	long c=0;
	bpf_for_each_map_elem(&lpm,ecb,&c,0);
	return c;
}

SEC("tc") int each_ctx(struct __sk_buff*s) {
	bpf_for_each_map_elem(&hash,ecb,s,0);
	return 0;
}

SEC("tc") int each_mv(struct __sk_buff*s) {
	int k=0;
	long*v=bpf_map_lookup_elem(&arr,&k);
	bpf_for_each_map_elem(&hash,ecb,v,0);
	return 0;
}

static int lc(int i,long*c) {
	*c+=i;
	return 0;
}

static int lc_unb(int i,long*c) {
	*c=i;
	return *c>10;
}

static int lc_ret(int i,long*c) {
	return i;
}

static int lc_stack(int i,long*c) {
	c[-1]=3;
	return 0;
}

SEC("tc") int loop(struct __sk_buff*s) {
	long c=0;
	bpf_loop(10,lc,&c,0);
	return c;
}

SEC("tc") int loop_v(struct __sk_buff*s) {
	long c=0;
	bpf_loop(s->len,lc,&c,0);
	return c;
}

SEC("tc") int loop_ret(struct __sk_buff*s) {
	long c=0;
	bpf_loop(s->len,lc_ret,&c,0);
	return c;
}

SEC("tc") int loop_unb(struct __sk_buff*s) {
	long c=0;
	bpf_loop(s->len,lc_unb,&c,0);
	return c;
}

SEC("tc") int loop_stack(struct __sk_buff*s) {
	long c[2];
	c[1]=1;
	bpf_loop(s->len,lc_stack,&c[1],0);
	return c[0];
}

SEC("tc") int loop_flags(struct __sk_buff*s) {
	long c=0;
	bpf_loop(s->len,lc,&c,1);
	return c;
}

SEC("tc") int loop_nul(struct __sk_buff*s) {
	bpf_loop(s->len,lc,0,0);
	return 0;
}

SEC("tc") int loop_nocb(struct __sk_buff*s) {
	bpf_loop(s->len,(void*)0,0,0);
	return 0;
}

struct lctx {
	int i;
	char a[8];
};

static int lc_idx(int i,struct lctx*c) {
	c->a[c->i]=1;
	c->i++;
	return 0;
}

SEC("tc") int loop_idx(struct __sk_buff*s) {
	struct lctx c={};
	bpf_loop(5,lc_idx,&c,0);
	return c.a[0];
}

static int lc_idx2(int i,struct lctx*c) {
	if (i>=8) return 1;
	c->a[i&7]=1;
	return 0;
}

SEC("tc") int loop_idx2(struct __sk_buff*s) {
	struct lctx c={};
	bpf_loop(5,lc_idx2,&c,0);
	return c.a[0];
}

static int lc_ref(int i,long*c) {
	void*p=bpf_ringbuf_reserve(&rb,8,0);
	return 0;
}

SEC("tc") int loop_ref(struct __sk_buff*s) {
	long c=0;
	bpf_loop(5,lc_ref,&c,0);
	return c;
}

static int lc_refok(int i,long*c) {
	void*p=bpf_ringbuf_reserve(&rb,8,0);
	if (p) bpf_ringbuf_discard(p,0);
	return 0;
}

SEC("tc") int loop_refok(struct __sk_buff*s) {
	long c=0;
	bpf_loop(5,lc_refok,&c,0);
	return c;
}

struct pc {
	void*p;
};

static int lc_sub(int i,struct pc*c) {
	bpf_ringbuf_submit(c->p,0);
	return 0;
}

SEC("tc") int loop_sub(struct __sk_buff*s) {
	struct pc c;
	c.p=bpf_ringbuf_reserve(&rb,8,0);
	if (!c.p) return 0;
	bpf_loop(5,lc_sub,&c,0);
	return 0;
}

static int lc_nest(int i,long*c) {
	bpf_loop(3,lc,c,0);
	return 0;
}

SEC("tc") int loop_nest(struct __sk_buff*s) {
	long c=0;
	bpf_loop(5,lc_nest,&c,0);
	return c;
}

static int lc_unin(int i,long*c) {
	long x;
	asm volatile("%0 = r6":"=r"(x));
	return x;
}

SEC("tc") int loop_unin(struct __sk_buff*s) {
	long c=0;
	bpf_loop(5,lc_unin,&c,0);
	return c;
}

static long vcb(struct task_struct*t,struct vm_area_struct*v,long*c) {
	*c=v->vm_start;
	return 0;
}

static long vcbw(struct task_struct*t,struct vm_area_struct*v,long*c) {
	v->vm_start=0;
	return 0;
}

static long vcbr(struct task_struct*t,struct vm_area_struct*v,long*c) {
	return 3;
}

SEC("tc") int vma(struct __sk_buff*s) {
	long c=0;
	struct task_struct*t=bpf_get_current_task_btf();
	bpf_find_vma(t,0,vcb,&c,0);
	return c;
}

SEC("raw_tp/sched_switch") int vma_r(void*s) {
	long c=0;
	struct task_struct*t=bpf_get_current_task_btf();
	bpf_find_vma(t,0,vcb,&c,0);
	return c;
}

SEC("raw_tp/sched_switch") int vma_w(void*s) {
	long c=0;
	struct task_struct*t=bpf_get_current_task_btf();
	bpf_find_vma(t,0,vcbw,&c,0);
	return c;
}

SEC("raw_tp/sched_switch") int vma_3(void*s) {
	long c=0;
	struct task_struct*t=bpf_get_current_task_btf();
	bpf_find_vma(t,0,vcbr,&c,0);
	return c;
}

SEC("raw_tp/sched_switch") int vma_wt(void*s) {
	long c=0;
	struct task_struct*t=bpf_get_current_task_btf();
	bpf_find_vma((void*)t->mm,0,vcb,&c,0);
	return c;
}

static long ucb(struct bpf_dynptr*d,long*c) {
	char b[4];
	bpf_dynptr_read(b,4,d,0,0);
	return 0;
}

static long ucbw(struct bpf_dynptr*d,long*c) {
	bpf_ringbuf_submit_dynptr(d,0);
	return 0;
}

static long ucb2(struct bpf_dynptr*d,long*c) {
	return 2;
}

SEC("tc") int ur(struct __sk_buff*s) {
	long c=0;
	bpf_user_ringbuf_drain(&urb,ucb,&c,0);
	return c;
}

SEC("tc") int ur_w(struct __sk_buff*s) {
	long c=0;
	bpf_user_ringbuf_drain(&urb,ucbw,&c,0);
	return c;
}

SEC("tc") int ur_2(struct __sk_buff*s) {
	long c=0;
	bpf_user_ringbuf_drain(&urb,ucb2,&c,0);
	return c;
}

SEC("tc") int ur_map(struct __sk_buff*s) {
	long c=0;
	bpf_user_ringbuf_drain(&rb,ucb,&c,0);
	return c;
}
