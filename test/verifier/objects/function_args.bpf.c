/* Signatures of global functions: tags of parameters, contexts, dynptrs; calls of static ones. */
#define BPF_NO_KFUNC_PROTOTYPES
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define TAG(x) __attribute__((btf_decl_tag("arg:" #x)))
extern u32 bpf_dynptr_size(const struct bpf_dynptr *p) __ksym;
extern void *bpf_rdonly_cast(const void *o, u32 id) __ksym;
struct S { int a,b; char c[8]; }; char buf[64]; int g; struct S s0;
#define R(n) SEC("raw_tp") int n(void*ctx)
#define T(n) SEC("tp_btf/task_newtask") int BPF_PROG(n, struct task_struct *t, u64 fl)
#define N __attribute__((noinline,used))

N int g_null(struct S*s)
{
	if (!s) return 0;
	return s->a;
}

N int g_nonnull(struct S*s TAG(nonnull))
{
	return s->a;
}

N int g_unchecked(struct S*s)
{
	return s->a;
}

N int g_write(struct S*s TAG(nonnull))
{
	s->b = 1;
	return 0;
}

N int g_oob(struct S*s TAG(nonnull))
{
	return ((int*)s)[4];
}

N int g_ctx(void*c TAG(ctx))
{
	return bpf_get_smp_processor_id();
}

N int g_ctxbad(struct S*c TAG(ctx))
{
	return 0;
}

N int g_ctxcomb(void*c TAG(ctx) TAG(nonnull))
{
	return 0;
}

N int g_trusted(struct task_struct*t TAG(trusted))
{
	return t->pid;
}

N int g_trusted_null(struct task_struct*t TAG(trusted) TAG(nullable))
{
	return t ? t->pid:0;
}

N int g_trusted_null2(struct task_struct*t TAG(trusted) TAG(nullable))
{
	return t->pid;
}

N int g_trusted_nn(struct task_struct*t TAG(trusted) TAG(nonnull))
{
	return t->pid;
}

N int g_untrusted(struct task_struct*t TAG(untrusted))
{
	return t->pid;
}

N int g_unt_mem(char*t TAG(untrusted))
{
	return t[100];
}

N int g_unt_void(void*t TAG(untrusted))
{
	return *(int*)t;
}

N int g_unt_w(char*t TAG(untrusted))
{
	t[0] = 1;
	return 0;
}

N int g_unt_comb(char*t TAG(untrusted) TAG(nonnull))
{
	return 0;
}

N int g_trusted_bad(struct S*t TAG(trusted))
{
	return 0;
}

N int g_tagscalar(int t TAG(nonnull))
{
	return t;
}

N int g_tagweird(int*t TAG(foo))
{
	return 0;
}

N int g_void(void*p)
{
	return 0;
}

N int g_fwd(struct fwdonly*p)
{
	return 0;
}

N int g_enum(enum pid_type e, u64 x, short y)
{
	return e+x+y;
}

N void g_retvoid(int x)
{
	g = x;
}

N int* g_retptr(int x)
{
	return &g;
}

N int g_struct(struct S s)
{
	return s.a;
}

N int g_6(int a, int b, int c, int d, int e)
{
	return a+b+c+d+e;
}

N int g_dyn(struct bpf_dynptr*d)
{
	return bpf_dynptr_size(d);
}

N int g_dyntag(struct bpf_dynptr*d TAG(nonnull))
{
	return bpf_dynptr_size(d);
}

N int g_rawctx(struct bpf_raw_tracepoint_args*c)
{
	return c->args[0];
}

N int g_skb(struct __sk_buff*c)
{
	return c->len;
}

N int g_skb2(struct sk_buff*c)
{
	return 0;
}

N int g_u64ctx(u64*c TAG(ctx))
{
	return c[0];
}

N int g_arena(char*a TAG(arena))
{
	return 0;
}

static N int s_tag(struct S*s TAG(nonnull))
{
	return s->a;
}

static N int s_int(int x)
{
	return x+g;
}

static N int s_ctx(struct bpf_raw_tracepoint_args*c, int x)
{
	return x;
}

static N int s_dyn(struct bpf_dynptr*d)
{
	return bpf_dynptr_size(d);
}

R(r1)
{
	return g_null(&s0)+g_null(0);
}

R(r2)
{
	return g_nonnull(&s0);
}

R(r3)
{
	return g_nonnull(0);
}

R(r4)
{
	return g_unchecked(&s0);
}

R(r5)
{
	struct S s = {};
	return g_write(&s);
}

R(r6)
{
	return g_oob(&s0);
}

R(r7)
{
	return g_ctx(ctx);
}

R(r8)
{
	return g_ctx(&s0);
}

R(r9)
{
	return g_ctxbad(ctx);
}

R(r10)
{
	return g_ctxcomb(ctx);
}

R(r11)
{
	return g_tagscalar(1);
}

R(r12)
{
	return g_tagweird(&g);
}

R(r13)
{
	return g_void(buf);
}

R(r14)
{
	return g_enum(1, 2, 3);
}

R(r15)
{
	g_retvoid(1);
	return 0;
}

R(r16)
{
	return *g_retptr(1);
}

R(r18)
{
	return g_6(1, 2, 3, 4, 5);
}

R(r19)
{
	return g_6(1, 2, (long)ctx, 4, 5);
}

R(r20)
{
	struct bpf_dynptr d;
	bpf_dynptr_from_mem(buf, 8, 0, &d);
	return g_dyntag(&d);
}

R(r21)
{
	return g_rawctx(ctx);
}

R(r22)
{
	return g_rawctx((void*)&s0);
}

R(r23)
{
	return g_u64ctx(ctx);
}

R(r24)
{
	return g_unt_mem((void*)123)+g_unt_void(ctx);
}

R(r25)
{
	return g_unt_w(buf);
}

R(r26)
{
	return g_unt_comb(buf);
}

R(r27)
{
	return g_trusted_bad((void*)buf);
}

R(r28)
{
	return s_tag(&s0);
}

R(r29)
{
	return s_int((long)ctx);
}

R(r30)
{
	return s_ctx((void*)buf, 1);
}

R(r31)
{
	struct bpf_dynptr d;
	bpf_dynptr_from_mem(buf, 8, 0, &d);
	return s_dyn(&d)+s_int(3);
}

R(r32)
{
	struct S s;
	s.a = g;
	return g_nonnull(&s);
}

R(r33)
{
	return g_null((void*)(long)g);
}

R(r34)
{
	return g_null((void*)&s0.b);
}

R(r35)
{
	return g_null((void*)&s0.c[4]);
}

R(r36)
{
	return g_arena(buf);
}

R(r37)
{
	return g_arena((void*)5);
}

R(r38)
{
	return s_int((long)ctx)+s_int((long)buf);
}

T(t1)
{
	return g_trusted(t);
}

T(t2)
{
	return g_trusted((void*)bpf_get_current_task());
}

T(t3)
{
	return g_trusted(t->real_parent);
}

T(t4)
{
	return g_trusted_null(t)+g_trusted_null(0);
}

T(t5)
{
	return g_trusted_null2(t);
}

T(t6)
{
	return g_trusted_nn(t);
}

T(t7)
{
	return g_untrusted(t)+g_untrusted(t->last_wakee)+g_untrusted(0)+g_untrusted((void*)5);
}

T(t8)
{
	return g_trusted((void*)t->files);
}

T(t9)
{
	return g_trusted((void*)t+8);
}

T(t10)
{
	return g_trusted(0);
}

T(t11)
{
	return g_null((void*)t);
}

T(t12)
{
	return g_untrusted((void*)t->files);
}

T(t13)
{
	return g_u64ctx(ctx);
}

SEC("tc") int c1(struct __sk_buff*s)
{
	return g_skb(s);
}

SEC("tc") int c2(struct __sk_buff*s)
{
	return g_skb2((void*)s);
}

SEC("tc") int c3(struct __sk_buff*s)
{
	void*d = (void*)(long)s->data;
	if (d+sizeof(struct S)>(void*)(long)s->data_end) return 0;
	return g_null(d);
}

SEC("tc") int c4(struct __sk_buff*s)
{
	void*d = (void*)(long)s->data;
	return g_null(d);
}

SEC("tc") int c5(struct __sk_buff*s)
{
	return g_ctx(s);
}

SEC("xdp") int x1(struct xdp_md*s)
{
	return g_skb((void*)s);
}

SEC("kprobe/a") int k1(struct pt_regs*p)
{
	return g_ctx(p);
}

N int g_ptregs(struct pt_regs*p)
{
	return p->ip;
}

N int g_ptregs2(bpf_user_pt_regs_t*p TAG(ctx))
{
	return 0;
}

SEC("kprobe/a") int k2(struct pt_regs*p)
{
	return g_ptregs(p)+g_ptregs2(p);
}

SEC("perf_event") int p1(struct bpf_perf_event_data*p)
{
	return g_ptregs((void*)p);
}

SEC("tp/a/b") int tp1(void*p)
{
	return g_ctx(p)+g_ctxbad(p);
}
