/* What functions of a program do to packet pointers, locks, sections and the stack of their callers; nesting. */
#include "programs.h"
extern int bpf_xdp_pull_data(struct xdp_md*x, u32 len) __ksym __weak;
#define NI __attribute__((noinline))
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, long);
} arr SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size,4);
	__uint(value_size,4);
} jt SEC(".maps");

struct tv {
	int x;
	struct bpf_timer t;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct tv);
} tm SEC(".maps");

private(A) struct bpf_spin_lock gl;
NI int g_pull(struct __sk_buff*s) {
	return bpf_skb_pull_data(s,0);
}

NI int g_nopull(struct __sk_buff*s) {
	return s->len;
}

NI int g_pull2(struct __sk_buff*s) {
	return g_pull(s);
}

NI static int s_pull(struct __sk_buff*s) {
	return bpf_skb_pull_data(s,0);
}

NI static int s_nopull(struct __sk_buff*s) {
	return bpf_get_prandom_u32()+s->len;
}

#define TC(x) SEC("tc") int x(struct __sk_buff*s)
#define PK char*d=(void*)(long)s->data,*e=(void*)(long)s->data_end; if(d+4>e) return 0;
TC(a1) {
	PK g_pull(s);
	return *d;
}
TC(a2) {
	PK g_nopull(s);
	return *d;
}
TC(a3) {
	PK g_pull2(s);
	return *d;
}
TC(a4) {
	PK s_pull(s);
	return *d;
}
TC(a5) {
	PK s_nopull(s);
	return *d;
}

static int cb_pull(int i,struct __sk_buff**c) {
	return 0;
}

static long cbp(int i, struct __sk_buff*s) {
	bpf_skb_pull_data(s,0);
	return 0;
}

TC(a6) {
	PK bpf_loop(3,cbp,s,0);
	return *d;
}

static int cb_no(int i,void*c) {
	return 0;
}

TC(a7) {
	PK bpf_loop(3,cb_no,0,0);
	return *d;
}

static int cb_rd(int i,char**c) {
	return (*c)[0]&1;
}

TC(a8) {
	PK bpf_loop(3,cb_rd,&d,0);
	return *d;
}

SEC("xdp") int x1(struct xdp_md*s) {
	char*d=(void*)(long)s->data,*e=(void*)(long)s->data_end;
	if (d+4>e) return 0;
	bpf_xdp_pull_data(s,4);
	return *d;
}

SEC("xdp") int x2(struct xdp_md*s) {
	char*d=(void*)(long)s->data,*e=(void*)(long)s->data_end;
	if (d+4>e) return 0;
	bpf_xdp_adjust_head(s,4);
	return *d;
}

NI int g_xp(struct xdp_md*s) {
	return bpf_xdp_pull_data(s,4);
}

SEC("xdp") int x3(struct xdp_md*s) {
	char*d=(void*)(long)s->data,*e=(void*)(long)s->data_end;
	if (d+4>e) return 0;
	g_xp(s);
	return *d;
}

NI static int s_tail(struct __sk_buff*s) {
	bpf_tail_call(s,&jt,0);
	return 1;
}

NI static int s_tail_big(struct __sk_buff*s) {
	char b[64];
	bpf_skb_load_bytes(s,0,b,64);
	bpf_tail_call(s,&jt,0);
	return b[3];
}

NI int g_tail(struct __sk_buff*s) {
	bpf_tail_call(s,&jt,0);
	return 1;
}

TC(t1) {
	return s_tail(s);
}
TC(t2) {
	char b[300];
	bpf_skb_load_bytes(s,0,b,300);
	s_tail(s);
	return b[5];
}
TC(t3) {
	char b[200];
	bpf_skb_load_bytes(s,0,b,200);
	s_tail_big(s);
	return b[5];
}
TC(t4) {
	return g_tail(s);
}
TC(t5) {
	PK g_tail(s);
	return *d;
}

NI static int s_tail_ref(struct __sk_buff*s,void*t) {
	bpf_tail_call(s,&jt,0);
	return 1;
}

TC(t6) {
	struct task_struct*t=bpf_task_from_pid(1);
	if (!t) return 0;
	s_tail(s);
	bpf_task_release(t);
	return 0;
}

static int cb_tail(int i,struct __sk_buff*s) {
	bpf_tail_call(s,&jt,0);
	return 0;
}

TC(t7) {
	bpf_loop(3,cb_tail,s,0);
	return 0;
}

NI static int s_lock(void) {
	bpf_spin_lock(&gl);
	return 0;
}
NI static int s_unlock(void) {
	bpf_spin_unlock(&gl);
	return 0;
}

TC(l1) {
	s_lock();
	s_unlock();
	return 0;
}
TC(l2) {
	s_lock();
	return 0;
}
TC(l3) {
	bpf_spin_lock(&gl);
	s_unlock();
	return 0;
}

static int cb_lock(int i,void*c) {
	bpf_spin_lock(&gl);
	return 0;
}

TC(l4) {
	bpf_loop(1,cb_lock,0,0);
	bpf_spin_unlock(&gl);
	return 0;
}

static int cb_unlock(int i,void*c) {
	bpf_spin_unlock(&gl);
	return 0;
}

TC(l5) {
	bpf_spin_lock(&gl);
	bpf_loop(1,cb_unlock,0,0);
	return 0;
}

static int cb_rcu(int i,void*c) {
	bpf_rcu_read_lock();
	return 0;
}
static int cb_rcu2(int i,void*c) {
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return 0;
}

TC(l6) {
	bpf_loop(5,cb_rcu,0,0);
	return 0;
}
TC(l7) {
	bpf_loop(5,cb_rcu2,0,0);
	return 0;
}

NI int g_sl(void*p) {
	char b[4];
	return bpf_copy_from_user(b,4,0);
}

NI int g_sl2(int a) {
	return g_sl(0)+a;
}

NI int g_ns(int a) {
	return a+bpf_get_prandom_u32();
}

SEC("?syscall") int s1(void*c) {
	return g_sl2(3);
}
SEC("?syscall") int s2(void*c) {
	bpf_rcu_read_lock();
	g_sl2(3);
	bpf_rcu_read_unlock();
	return 0;
}
SEC("?syscall") int s3(void*c) {
	bpf_preempt_disable();
	g_ns(3);
	bpf_preempt_enable();
	return 0;
}

TC(s4) {
	return g_sl2(3);
}

static int tcb_g(void*m,int*k,struct tv*v) {
	return g_ns(3)&0;
}
static int tcb_gs(void*m,int*k,struct tv*v) {
	return g_sl2(3)&0;
}

TC(s5) {
	int k=0;
	struct tv*v=bpf_map_lookup_elem(&tm,&k);
	if (!v) return 0;
	bpf_timer_set_callback(&v->t,tcb_g);
	return 0;
}

SEC("?syscall") int s6(void*c) {
	int k=0;
	struct tv*v=bpf_map_lookup_elem(&tm,&k);
	if (!v) return 0;
	bpf_timer_set_callback(&v->t,tcb_gs);
	return 0;
}

TC(m1) {
	return 0;
}

NI static int rec2(int a);
NI static int rec1(int a) {
	return a>1?rec2(a-1):0;
}
NI static int rec2(int a) {
	return a>1?rec1(a-1):1;
}

TC(r1) {
	return rec1(s->len);
}

static int cbr2(int i,void*c);
static int cbr2(int i,void*c) {
	bpf_loop(1,cbr2,0,0);
	return 0;
}

TC(r2) {
	bpf_loop(1,cbr2,0,0);
	return 0;
}

static int cA(int i,void*c) {
	return 0;
}
static int cB(int i,void*c) {
	bpf_loop(1,cA,0,0);
	return 0;
}
static int cC(int i,void*c) {
	bpf_loop(1,cB,0,0);
	return 0;
}
static int cD(int i,void*c) {
	bpf_loop(1,cC,0,0);
	return 0;
}
static int cE(int i,void*c) {
	bpf_loop(1,cD,0,0);
	return 0;
}
static int cF(int i,void*c) {
	bpf_loop(1,cE,0,0);
	return 0;
}
static int cG(int i,void*c) {
	bpf_loop(1,cF,0,0);
	return 0;
}
static int cH(int i,void*c) {
	bpf_loop(1,cG,0,0);
	return 0;
}

TC(r3) {
	bpf_loop(1,cH,0,0);
	return 0;
}
TC(r4) {
	bpf_loop(1,cG,0,0);
	return 0;
}

static int cbig(int i,void*c) {
	char b[400];
	bpf_probe_read_kernel(b,400,0);
	return b[3]&1;
}

TC(r5) {
	char b[200];
	bpf_skb_load_bytes(s,0,b,200);
	bpf_loop(1,cbig,0,0);
	return b[1];
}

static int tbig(void*m,int*k,struct tv*v) {
	char b[400];
	bpf_probe_read_kernel(b,400,0);
	return b[3]&0;
}

TC(r6) {
	int k=0;
	char b[200];
	bpf_skb_load_bytes(s,0,b,200);
	struct tv*v=bpf_map_lookup_elem(&tm,&k);
	if (!v) return 0;
	bpf_timer_set_callback(&v->t,tbig);
	return b[3];
}
