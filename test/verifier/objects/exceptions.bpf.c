/* bpf_throw and exception callbacks. */
#include "programs.h"
#define __exception_cb(name) __attribute__((btf_decl_tag("exception_callback:" #name)))
struct foo {
	long key;
};

private(A) struct bpf_spin_lock gl;
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, long);
} plain SEC(".maps");

SEC("tc") int th(struct __sk_buff*s) {
	bpf_throw(16);
	return 0;
}

SEC("xdp") int th_xdp(struct xdp_md*s) {
	bpf_throw(16);
	return 0;
}

SEC("cgroup_skb/ingress") int th_cg(struct __sk_buff*s) {
	bpf_throw(16);
	return 0;
}

SEC("cgroup_skb/ingress") int th_cg1(struct __sk_buff*s) {
	bpf_throw(1);
	return 0;
}

SEC("tc") int th_var(struct __sk_buff*s) {
	bpf_throw(s->len);
	return 0;
}

SEC("tc") int th_ptr(struct __sk_buff*s) {
	bpf_throw((long)s);
	return 0;
}

SEC("tc") int th_lock(struct __sk_buff*s) {
	bpf_spin_lock(&gl);
	bpf_throw(16);
	bpf_spin_unlock(&gl);
	return 0;
}

SEC("tc") int th_ref(struct __sk_buff*s) {
	struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	if (s->len) bpf_throw(3);
	bpf_obj_drop(f);
	return 0;
}

SEC("tc") int th_rcu(struct __sk_buff*s) {
	bpf_rcu_read_lock();
	if (s->len) bpf_throw(3);
	bpf_rcu_read_unlock();
	return 0;
}

static __attribute__((noinline)) int sub(struct __sk_buff*s) {
	bpf_throw(s->len);
	return 0;
}

SEC("tc") int th_sub(struct __sk_buff*s) {
	return sub(s);
}

static __attribute__((noinline)) int sub_ref(struct __sk_buff*s) {
	if (s->len) bpf_throw(4);
	return 0;
}

SEC("tc") int th_subref(struct __sk_buff*s) {
	struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	sub_ref(s);
	bpf_obj_drop(f);
	return 0;
}

__attribute__((noinline)) int gsub(struct __sk_buff*s) {
	bpf_throw(s->len);
	return 0;
}

SEC("tc") int th_gsub(struct __sk_buff*s) {
	return gsub(s);
}

SEC("tc") int th_gsubref(struct __sk_buff*s) {
	struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	gsub(s);
	bpf_obj_drop(f);
	return 0;
}

__attribute__((noinline)) int ecb(u64 c) {
	return c;
}

__attribute__((noinline)) int ecb2(u64 c) {
	return bpf_get_prandom_u32();
}

__attribute__((noinline)) int ecb_two(u64 c,int d) {
	return c+d;
}

__attribute__((noinline)) int ecb_none(void) {
	return 0;
}

__attribute__((noinline)) void ecb_void(u64 c) {
	bpf_get_prandom_u32();
}

__attribute__((noinline)) int ecb_ptr(struct foo*c) {
	if (!c) return 0;
	return c->key;
}

__attribute__((noinline)) static int ecb_static(u64 c) {
	return bpf_get_prandom_u32();
}

__attribute__((noinline)) int ecb_throw(u64 c) {
	bpf_throw(c);
	return 0;
}

SEC("tc") __exception_cb(ecb) int x_ok(struct __sk_buff*s) {
	bpf_throw(3);
	return 0;
}

SEC("tc") __exception_cb(ecb) int x_nothrow(struct __sk_buff*s) {
	return 0;
}

SEC("tc") __exception_cb(ecb2) int x_ok2(struct __sk_buff*s) {
	bpf_throw(3);
	return 0;
}

SEC("cgroup_skb/ingress") __exception_cb(ecb2) int x_cg(struct __sk_buff*s) {
	bpf_throw(3);
	return 0;
}

SEC("tc") __exception_cb(ecb_two) int x_two(struct __sk_buff*s) {
	bpf_throw(3);
	return 0;
}

SEC("tc") __exception_cb(ecb_none) int x_none(struct __sk_buff*s) {
	bpf_throw(3);
	return 0;
}

SEC("tc") __exception_cb(ecb_void) int x_void(struct __sk_buff*s) {
	bpf_throw(3);
	return 0;
}

SEC("tc") __exception_cb(ecb_ptr) int x_ptr(struct __sk_buff*s) {
	bpf_throw(3);
	return 0;
}

SEC("tc") __exception_cb(ecb_throw) int x_throw(struct __sk_buff*s) {
	bpf_throw(3);
	return 0;
}

SEC("tc") __exception_cb(ecb) int x_call(struct __sk_buff*s) {
	if (s->len) bpf_throw(3);
	return ecb(4);
}

SEC("tc") __exception_cb(ecb) __exception_cb(ecb2) int x_multi(struct __sk_buff*s) {
	bpf_throw(3);
	return 0;
}

static int lcb(int i, void*c) {
	bpf_throw(i);
	return 0;
}

SEC("tc") int th_loop(struct __sk_buff*s) {
	bpf_loop(5,lcb,0,0);
	return 0;
}

static int lcb2(int i, struct __sk_buff**c) {
	if (i==3) bpf_throw(i);
	return 0;
}

SEC("tc") int th_loopref(struct __sk_buff*s) {
	struct foo*f=bpf_obj_new(struct foo);
	if (!f) return 0;
	bpf_loop(5,lcb2,0,0);
	bpf_obj_drop(f);
	return 0;
}

struct tv {
	struct bpf_timer t;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct tv);
} tm SEC(".maps");

static int tcb(void*m,int*k,struct tv*v) {
	bpf_throw(1);
	return 0;
}

static int tcb0(void*m,int*k,struct tv*v) {
	bpf_throw(0);
	return 0;
}

SEC("tc") int th_timer(struct __sk_buff*s) {
	int k=0;
	struct tv*v=bpf_map_lookup_elem(&tm,&k);
	if (!v) return 0;
	bpf_timer_set_callback(&v->t,tcb);
	return 0;
}

SEC("tc") int th_timer0(struct __sk_buff*s) {
	int k=0;
	struct tv*v=bpf_map_lookup_elem(&tm,&k);
	if (!v) return 0;
	bpf_timer_set_callback(&v->t,tcb0);
	return 0;
}
