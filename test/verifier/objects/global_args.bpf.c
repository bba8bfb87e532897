/* Arguments of global functions and their tags. */
#include "programs.h"
#define TAG(x) __attribute__((btf_decl_tag("arg:" #x)))
#define NI __attribute__((noinline))
#define RT(x) SEC("tp_btf/sched_switch") int BPF_PROG(x, bool p, struct task_struct*a)
struct sx {
	int a;
	long b;
};

NI int g_tr(struct task_struct*t TAG(trusted)) {
	return t->pid;
}

NI int g_trn(struct task_struct*t TAG(trusted) TAG(nullable)) {
	return t?t->pid:0;
}

NI int g_trn_bad(struct task_struct*t TAG(trusted) TAG(nullable)) {
	return t->pid;
}

NI int g_tracq(struct task_struct*t TAG(trusted)) {
	t=bpf_task_acquire(t);
	if (t) bpf_task_release(t);
	return 0;
}

NI int g_un(struct task_struct*t TAG(untrusted)) {
	return t->pid;
}

NI int g_unacq(struct task_struct*t TAG(untrusted)) {
	t=bpf_task_acquire(t);
	if (t) bpf_task_release(t);
	return 0;
}

NI int g_un_mem(int*t TAG(untrusted)) {
	return *t;
}

NI int g_un_memw(int*t TAG(untrusted)) {
	*t=1;
	return 0;
}

NI int g_un_void(void*t TAG(untrusted)) {
	return *(int*)t;
}

NI int g_un_s(struct sx*t TAG(untrusted)) {
	return t->a;
}

NI int g_tr_un(struct task_struct*t TAG(trusted) TAG(untrusted)) {
	return t->pid;
}

NI int g_tr_loc(struct sx*t TAG(trusted)) {
	return t->a;
}

NI int g_nn(struct sx*t TAG(nonnull)) {
	return t->a;
}

NI int g_nu(struct sx*t TAG(nullable)) {
	return t?t->a:0;
}

NI int g_nunn(struct sx*t TAG(nullable) TAG(nonnull)) {
	return t?t->a:0;
}

NI int g_ctx(void*c TAG(ctx)) {
	return c!=0;
}

NI int g_ctx2(struct task_struct*c TAG(ctx)) {
	return c!=0;
}

NI int g_ctxnn(void*c TAG(ctx) TAG(nonnull)) {
	return c!=0;
}

NI int g_bad(struct sx*t TAG(foo)) {
	return t->a;
}

NI int g_intnn(int t TAG(nonnull)) {
	return t;
}

NI int g_arr(int (*x)[4]) {
	return x?(*x)[1]:0;
}

NI int g_pp(int **x) {
	return x?*x!=0:0;
}

NI int g_void(void*x) {
	return x!=0;
}

NI int g_fwd(struct nonexist*x) {
	return x!=0;
}

NI long g_6(int a,int b,int c,int d,int e) {
	return a+b+c+d+e;
}

NI void g_v(int a) {
	bpf_get_prandom_u32();
}

NI struct sx* g_ret(int a) {
	return (void*)(long)a;
}

NI static int s_tag(struct sx*t TAG(nonnull)) {
	return t->a + bpf_get_prandom_u32();
}

NI int g_rcu(struct task_struct*t TAG(trusted)) {
	return t->real_parent->pid;
}

NI int g_char(char*x) {
	return x?*x:0;
}

NI int g_enum(enum bpf_map_type t) {
	return t;
}

NI int g_bool(bool t) {
	return t;
}

NI int g_trw(struct task_struct*t TAG(trusted)) {
	t->pid=1;
	return 0;
}

RT(a1) {
	return g_tr(a);
}
RT(a2) {
	return g_tr(0);
}
RT(a3) {
	return g_trn(0);
}
RT(a4) {
	return g_trn_bad(a);
}
RT(a5) {
	return g_tracq(a);
}

RT(a6) {
	return g_tr(a->last_wakee);
}
RT(a7) {
	return g_tr(a->real_parent);
}
RT(a8) {
	return g_un(a->last_wakee);
}
RT(a9) {
	return g_un((void*)5);
}
RT(a10) {
	return g_unacq(a);
}

RT(a11) {
	return g_un_mem((void*)a);
}
RT(a12) {
	return g_un_memw((void*)a);
}
RT(a13) {
	return g_un_void((void*)a);
}
RT(a14) {
	return g_un_s((void*)a);
}
RT(a15) {
	return g_tr_un(a);
}
RT(a16) {
	return g_tr_loc((void*)a);
}

RT(a17) {
	struct sx x={};
	return g_nn(&x);
}
RT(a18) {
	return g_nn(0);
}
RT(a19) {
	return g_nu(0);
}
RT(a20) {
	struct sx x;
	return g_nu(&x);
}
RT(a21) {
	struct sx x={};
	return g_nunn(&x);
}

RT(a22) {
	return g_ctx(ctx);
}
RT(a23) {
	return g_ctx(a);
}
RT(a24) {
	return g_ctx2((void*)ctx);
}
RT(a25) {
	return g_ctxnn(ctx);
}
RT(a26) {
	struct sx x={};
	return g_bad(&x);
}
RT(a27) {
	return g_intnn(3);
}

RT(a28) {
	return g_arr(0);
}
RT(a29) {
	int x[4]={};
	return g_arr(&x);
}
RT(a30) {
	int x[3]={};
	return g_arr((void*)&x);
}
RT(a31) {
	int*x=0;
	return g_pp(&x);
}
RT(a32) {
	return g_void(0);
}
RT(a33) {
	return g_fwd(0);
}

RT(a34) {
	return g_6(1,2,3,4,5);
}
RT(a35) {
	g_v(1);
	return 0;
}
RT(a36) {
	return g_ret(1)!=0;
}
RT(a37) {
	struct sx x={};
	return s_tag(&x);
}
RT(a38) {
	return g_rcu(a);
}
RT(a39) {
	char c=1;
	return g_char(&c);
}
RT(a40) {
	return g_enum(1)+g_bool(1);
}
RT(a41) {
	return g_trw(a);
}

RT(a42) {
	return g_6((long)a,2,3,4,5);
}
RT(a43) {
	return g_tr((void*)a+8);
}
RT(a44) {
	struct task_struct*t=bpf_task_from_pid(1);
	int r;
	if (!t) return 0;
	r=g_tr(t);
	bpf_task_release(t);
	return r;
}
RT(a45) {
	return g_tr(bpf_task_from_pid(1));
}

RT(a46) {
	return g_tr((void*)ctx);
}
RT(a47) {
	return g_nn((void*)a);
}
RT(a48) {
	return g_nn((void*)ctx);
}

SEC("tc") int b1(struct __sk_buff*s) {
	return g_ctx(s);
}

SEC("tc") int b2(struct __sk_buff*s) {
	return g_tr(bpf_get_current_task_btf());
}

NI int g_skb(struct __sk_buff*s) {
	return s->len;
}

SEC("tc") int b3(struct __sk_buff*s) {
	return g_skb(s);
}

SEC("xdp") int b4(struct xdp_md*s) {
	return g_skb((void*)s);
}

NI int g_skb2(struct __sk_buff*s TAG(ctx)) {
	return s->len;
}

SEC("xdp") int b5(struct xdp_md*s) {
	return g_skb2((void*)s);
}

SEC("tc") int b6(struct __sk_buff*s) {
	return g_skb2((void*)s+8);
}

SEC("kprobe/x") int b7(struct pt_regs*s) {
	return g_ctx(s);
}

NI int g_pt(struct pt_regs*s) {
	return s->di;
}

SEC("kprobe/x") int b8(struct pt_regs*s) {
	return g_pt(s);
}

SEC("tc") int b9(struct __sk_buff*s) {
	struct pt_regs r={};
	return g_pt(&r);
}

SEC("perf_event") int b10(struct bpf_perf_event_data*s) {
	return g_ctx(s);
}

SEC("raw_tp/x") int b11(void*s) {
	return g_ctx(s);
}

SEC("tp/syscalls/sys_enter_open") int b12(void*s) {
	return g_ctx(s);
}
