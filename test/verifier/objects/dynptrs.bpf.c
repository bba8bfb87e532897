/* Dynptrs over map values, records and packets: slices, clones, callbacks, functions that take them. */
#define BPF_NO_KFUNC_PROTOTYPES
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

extern int bpf_dynptr_adjust(const struct bpf_dynptr *p, u32 start, u32 end) __ksym;
extern bool bpf_dynptr_is_null(const struct bpf_dynptr *p) __ksym;
extern bool bpf_dynptr_is_rdonly(const struct bpf_dynptr *p) __ksym;
extern u32 bpf_dynptr_size(const struct bpf_dynptr *p) __ksym;
extern int bpf_dynptr_clone(const struct bpf_dynptr *p, struct bpf_dynptr *c) __ksym;
extern int bpf_dynptr_copy(struct bpf_dynptr *d, u32 o, struct bpf_dynptr *s, u32 so, u32 sz) __ksym;
extern int bpf_dynptr_memset(struct bpf_dynptr *d, u32 o, u32 sz, u8 v) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *p, u32 o, void *buf, u32 sz) __ksym;
extern void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *p, u32 o, void *buf, u32 sz) __ksym;
extern int bpf_dynptr_from_skb(struct __sk_buff *s, u64 f, struct bpf_dynptr *p) __ksym;
extern int bpf_dynptr_from_xdp(struct xdp_md *s, u64 f, struct bpf_dynptr *p) __ksym;
extern int bpf_dynptr_from_skb_meta(struct __sk_buff *s, u64 f, struct bpf_dynptr *p) __ksym;
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_USER_RINGBUF); __uint(max_entries, 4096); } urb SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 2); __type(key,u32); __uint(value_size,64);} arr SEC(".maps");
char buf[64]; int global;
#define P(n) SEC("raw_tp") int n(void*ctx)

P(res_ok)
{
	struct bpf_dynptr p;
	bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &p);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

P(res_leak)
{
	struct bpf_dynptr p;
	bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &p);
	return 0;
}

P(res_twice)
{
	struct bpf_dynptr p;
	bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &p);
	bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &p);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

P(sub_twice)
{
	struct bpf_dynptr p;
	bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &p);
	bpf_ringbuf_submit_dynptr(&p, 0);
	bpf_ringbuf_discard_dynptr(&p, 0);
	return 0;
}

P(uninit)
{
	struct bpf_dynptr p;
	bpf_dynptr_write(&p, 0, buf, 4, 0);
	return 0;
}

P(mem_ok)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &p);
	long x = 0;
	bpf_dynptr_read(&x, 8, &p, 0, 0);
	return x;
}

P(mem_stack)
{
	struct bpf_dynptr p;
	char b[8] = {};
	bpf_dynptr_from_mem(b, sizeof b, 0, &p);
	return 0;
}

P(submit_local)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &p);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

P(data_ok)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &p);
	int*x = bpf_dynptr_data(&p, 0, 4);
	return x ? *x:0;
}

P(data_null)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &p);
	int*x = bpf_dynptr_data(&p, 0, 4);
	return *x;
}

P(data_oob)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &p);
	int*x = bpf_dynptr_data(&p, 0, 4);
	return x ? x[1]:0;
}

P(data_var)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &p);
	int*x = bpf_dynptr_data(&p, 0, global);
	return x ? x[0]:0;
}

P(data_after_submit)
{
	struct bpf_dynptr p;
	bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &p);
	int*x = bpf_dynptr_data(&p, 0, 4);
	bpf_ringbuf_submit_dynptr(&p, 0);
	if (x) *x = 5;
	return 0;
}

P(data_ok_rb)
{
	struct bpf_dynptr p;
	bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &p);
	int*x = bpf_dynptr_data(&p, 0, 4);
	if (x) *x = 5;
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

P(overwrite_first)
{
	struct bpf_dynptr p;
	bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &p);
	*(volatile long*)&p = 0;
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

P(overwrite_second)
{
	struct bpf_dynptr p;
	bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &p);
	*((volatile long*)&p+1) = 0;
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

P(overwrite_local)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &p);
	*((volatile long*)&p+1) = 0;
	bpf_dynptr_write(&p, 0, buf, 4, 0);
	return 0;
}

P(slice_after_overwrite)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &p);
	int*x = bpf_dynptr_data(&p, 0, 4);
	if (!x) return 0;
	bpf_dynptr_from_mem(buf, 32, 0, &p);
	return *x;
}

P(readit)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &p);
	return *(volatile int*)&p;
}

P(helper_over)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &p);
	bpf_get_current_comm(&p, 16);
	return 0;
}

P(helper_over_ref)
{
	struct bpf_dynptr p;
	bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &p);
	bpf_get_current_comm(&p, 16);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

P(helper_read)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &p);
	bpf_trace_printk((void*)&p, 8);
	return 0;
}

P(kf)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &p);
	bpf_dynptr_adjust(&p, 1, 9);
	if (bpf_dynptr_is_null(&p) || bpf_dynptr_is_rdonly(&p)) return 1;
	return bpf_dynptr_size(&p);
}

P(clone_ok)
{
	struct bpf_dynptr p, c;
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &p);
	bpf_dynptr_clone(&p, &c);
	return bpf_dynptr_size(&c);
}

P(clone_ref)
{
	struct bpf_dynptr p, c;
	bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &p);
	bpf_dynptr_clone(&p, &c);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

P(clone_ref2)
{
	struct bpf_dynptr p, c;
	bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &p);
	bpf_dynptr_clone(&p, &c);
	bpf_ringbuf_submit_dynptr(&c, 0);
	return bpf_dynptr_size(&p);
}

P(clone_ref3)
{
	struct bpf_dynptr p, c;
	bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &p);
	bpf_dynptr_clone(&p, &c);
	int*x = bpf_dynptr_data(&c, 0, 4);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return x ? *x:0;
}

P(clone_over)
{
	struct bpf_dynptr p, c;
	bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &p);
	bpf_dynptr_clone(&p, &c);
	*(volatile long*)&c = 0;
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

P(clone_self)
{
	struct bpf_dynptr p;
	bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &p);
	bpf_dynptr_clone(&p, &p);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

P(clone_uninit)
{
	struct bpf_dynptr p, c;
	bpf_dynptr_clone(&p, &c);
	return 0;
}

P(copy_ok)
{
	struct bpf_dynptr p, c;
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &p);
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &c);
	bpf_dynptr_copy(&p, 0, &c, 8, 8);
	bpf_dynptr_memset(&p, 0, 8, 1);
	return 0;
}

P(slice_local)
{
	struct bpf_dynptr p;
	char b[8];
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &p);
	int*x = bpf_dynptr_slice(&p, 0, b, 8);
	return x ? *x:0;
}

P(slice_rw_local)
{
	struct bpf_dynptr p;
	char b[8];
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &p);
	int*x = bpf_dynptr_slice_rdwr(&p, 0, b, 8);
	return x ? *x:0;
}

P(slice_nobuf)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &p);
	int*x = bpf_dynptr_slice(&p, 0, 0, 8);
	return x ? *x:0;
}

P(slice_var)
{
	struct bpf_dynptr p;
	char b[8];
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &p);
	int*x = bpf_dynptr_slice(&p, 0, b, global&7);
	return x ? *x:0;
}

P(slice_small)
{
	struct bpf_dynptr p;
	char b[4];
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &p);
	int*x = bpf_dynptr_slice(&p, 0, b, 600);
	return x ? *x:0;
}

P(slice_write)
{
	struct bpf_dynptr p;
	char b[8];
	bpf_dynptr_from_mem(buf, sizeof buf, 0, &p);
	int*x = bpf_dynptr_slice(&p, 0, b, 8);
	if (x) *x = 1;
	return 0;
}

P(fromskb_wrong)
{
	struct bpf_dynptr p;
	return bpf_dynptr_from_skb(ctx, 0, &p);
}

P(mapdyn)
{
	bpf_dynptr_from_mem(buf, 8, 0, (void*)buf);
	return 0;
}

P(offdyn)
{
	char b[24];
	bpf_dynptr_from_mem(buf, 8, 0, (void*)(b+4));
	return 0;
}

P(offdyn2)
{
	struct bpf_dynptr p[2];
	bpf_dynptr_from_mem(buf, 8, 0, &p[0]);
	bpf_dynptr_from_mem(buf, 8, 0, (void*)&p[0]+8);
	return bpf_dynptr_size(&p[0]);
}

P(vardyn)
{
	struct bpf_dynptr p[2];
	bpf_dynptr_from_mem(buf, 8, 0, &p[global&1]);
	return 0;
}

P(scalardyn)
{
	bpf_dynptr_from_mem(buf, 8, 0, (void*)4);
	return 0;
}

P(second_as_first)
{
	struct bpf_dynptr p[2];
	bpf_dynptr_from_mem(buf, 8, 0, &p[0]);
	return bpf_dynptr_size((void*)&p[0]+8);
}

static long cb(struct bpf_dynptr*d, void*c)
{
	int x = 0;
	bpf_dynptr_read(&x, 4, d, 0, 0);
	return x&1;
}

static long cb_bad(struct bpf_dynptr*d, void*c)
{
	bpf_ringbuf_submit_dynptr(d, 0);
	return 0;
}

static long cb_bad2(struct bpf_dynptr*d, void*c)
{
	bpf_dynptr_from_mem(buf, 8, 0, d);
	return 0;
}

static long cb_data(struct bpf_dynptr*d, void*c)
{
	int*x = bpf_dynptr_data(d, 0, 4);
	if (x) *x = 1;
	return 0;
}

static long cb_ret(struct bpf_dynptr*d, void*c)
{
	return 7;
}

static long cb_deref(struct bpf_dynptr*d, void*c)
{
	return *(volatile int*)d;
}

static long cb_off(struct bpf_dynptr*d, void*c)
{
	int x;
	return bpf_dynptr_read(&x, 4, (void*)d+8, 0, 0) != 0;
}

static long cb_kf(struct bpf_dynptr*d, void*c)
{
	bpf_dynptr_adjust(d, 1, 2);
	return bpf_dynptr_size(d) != 0;
}

static long cb_clone(struct bpf_dynptr*d, void*c)
{
	struct bpf_dynptr p;
	bpf_dynptr_clone(d, &p);
	return bpf_dynptr_size(&p) != 0;
}

P(drain)
{
	return bpf_user_ringbuf_drain(&urb, cb, 0, 0);
}

P(drain_bad)
{
	return bpf_user_ringbuf_drain(&urb, cb_bad, 0, 0);
}

P(drain_bad2)
{
	return bpf_user_ringbuf_drain(&urb, cb_bad2, 0, 0);
}

P(drain_data)
{
	return bpf_user_ringbuf_drain(&urb, cb_data, 0, 0);
}

P(drain_ret)
{
	return bpf_user_ringbuf_drain(&urb, cb_ret, 0, 0);
}

P(drain_deref)
{
	return bpf_user_ringbuf_drain(&urb, cb_deref, 0, 0);
}

P(drain_off)
{
	return bpf_user_ringbuf_drain(&urb, cb_off, 0, 0);
}

P(drain_kf)
{
	return bpf_user_ringbuf_drain(&urb, cb_kf, 0, 0);
}

P(drain_clone)
{
	return bpf_user_ringbuf_drain(&urb, cb_clone, 0, 0);
}

P(drain_ctx)
{
	int x = 0;
	bpf_user_ringbuf_drain(&urb, cb, &x, 0);
	return x;
}

P(drain_badmap)
{
	return bpf_user_ringbuf_drain(&rb, cb, 0, 0);
}

__noinline int glob(const struct bpf_dynptr*d)
{
	return bpf_dynptr_size(d);
}

__noinline int glob_w(const struct bpf_dynptr*d)
{
	return bpf_dynptr_write(d, 0, buf, 4, 0);
}

__noinline int glob_sub(struct bpf_dynptr*d)
{
	bpf_ringbuf_submit_dynptr(d, 0);
	return 0;
}

P(gcall)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_mem(buf, 8, 0, &p);
	return glob(&p)+glob_w(&p);
}

P(gcall_uninit)
{
	struct bpf_dynptr p;
	return glob(&p);
}

P(gcall_null)
{
	return glob(0);
}

P(gcall_map)
{
	return glob((void*)buf);
}

P(gcall_sub)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_mem(buf, 8, 0, &p);
	return glob_sub(&p);
}

P(gcall_ref)
{
	struct bpf_dynptr p;
	bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &p);
	int r = glob(&p);
	bpf_ringbuf_discard_dynptr(&p, 0);
	return r;
}

static __noinline int stsub(struct bpf_dynptr*d)
{
	bpf_ringbuf_submit_dynptr(d, 0);
	return 0;
}

static __noinline int stnew(struct bpf_dynptr*d)
{
	return bpf_ringbuf_reserve_dynptr(&rb, 8, 0, d);
}

P(scall)
{
	struct bpf_dynptr p;
	stnew(&p);
	return stsub(&p);
}

P(scall_leak)
{
	struct bpf_dynptr p;
	stnew(&p);
	return 0;
}

static long loopcb(u32 i, void*c)
{
	struct bpf_dynptr*p = c;
	bpf_dynptr_write(p, 0, &i, 4, 0);
	return 0;
}

P(loopdyn)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_mem(buf, 8, 0, &p);
	bpf_loop(10, loopcb, &p, 0);
	return 0;
}

P(branchy)
{
	struct bpf_dynptr p;
	if (global) bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &p);
	else bpf_dynptr_from_mem(buf, 8, 0, &p);
	if (global) bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

P(join)
{
	struct bpf_dynptr p;
	if (global) bpf_dynptr_from_mem(buf, 4, 0, &p);
	else bpf_dynptr_from_mem(buf, 8, 0, &p);
	return bpf_dynptr_size(&p);
}

SEC("tc") int t_skb(struct __sk_buff*s)
{
	struct bpf_dynptr p;
	char b[14];
	bpf_dynptr_from_skb(s, 0, &p);
	struct ethhdr*e = bpf_dynptr_slice(&p, 0, b, sizeof *e);
	return e ? e->h_proto:0;
}

SEC("tc") int t_skb_rw(struct __sk_buff*s)
{
	struct bpf_dynptr p;
	char b[14];
	bpf_dynptr_from_skb(s, 0, &p);
	struct ethhdr*e = bpf_dynptr_slice_rdwr(&p, 0, b, sizeof *e);
	if (e) e->h_proto = 1;
	return 0;
}

SEC("tc") int t_skb_inval(struct __sk_buff*s)
{
	struct bpf_dynptr p;
	char b[14];
	bpf_dynptr_from_skb(s, 0, &p);
	struct ethhdr*e = bpf_dynptr_slice_rdwr(&p, 0, b, sizeof *e);
	if (!e) return 0;
	bpf_skb_pull_data(s, 20);
	return e->h_proto;
}

SEC("tc") int t_skb_inval2(struct __sk_buff*s)
{
	struct bpf_dynptr p;
	char b[14];
	bpf_dynptr_from_skb(s, 0, &p);
	struct ethhdr*e = bpf_dynptr_slice(&p, 0, b, sizeof *e);
	if (!e) return 0;
	bpf_dynptr_write(&p, 0, buf, 4, 0);
	return e->h_proto;
}

SEC("tc") int t_skb_data(struct __sk_buff*s)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_skb(s, 0, &p);
	int*x = bpf_dynptr_data(&p, 0, 4);
	return x ? *x:0;
}

SEC("tc") int t_meta(struct __sk_buff*s)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_skb_meta(s, 0, &p);
	int*x = bpf_dynptr_slice_rdwr(&p, 0, 0, 4);
	if (x) *x = 1;
	return 0;
}

SEC("tc") int t_meta_inval(struct __sk_buff*s)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_skb_meta(s, 0, &p);
	int*x = bpf_dynptr_slice(&p, 0, 0, 4);
	bpf_dynptr_write(&p, 0, buf, 4, 0);
	return x ? *x:0;
}

SEC("tc") int t_clone_skb(struct __sk_buff*s)
{
	struct bpf_dynptr p, c;
	char b[14];
	bpf_dynptr_from_skb(s, 0, &p);
	bpf_dynptr_clone(&p, &c);
	int*x = bpf_dynptr_slice(&c, 0, b, 4);
	return x ? *x:0;
}

SEC("tc") int t_pktwrite(struct __sk_buff*s)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_mem(buf, 8, 0, &p);
	void*d = (void*)(long)s->data, *e = (void*)(long)s->data_end;
	if (d+8>e) return 0;
	bpf_dynptr_write(&p, 0, buf, 4, 0);
	return *(int*)d;
}

SEC("tc") int t_pktwrite2(struct __sk_buff*s)
{
	struct bpf_dynptr p;
	bpf_dynptr_from_skb(s, 0, &p);
	void*d = (void*)(long)s->data, *e = (void*)(long)s->data_end;
	if (d+8>e) return 0;
	bpf_dynptr_write(&p, 0, buf, 4, 0);
	return *(int*)d;
}

SEC("cgroup_skb/egress") int c_skb(struct __sk_buff*s)
{
	struct bpf_dynptr p;
	char b[14];
	bpf_dynptr_from_skb(s, 0, &p);
	struct iphdr*e = bpf_dynptr_slice(&p, 0, b, 8);
	return e ? e->ttl&1:0;
}

SEC("cgroup_skb/egress") int c_skb_rw(struct __sk_buff*s)
{
	struct bpf_dynptr p;
	char b[14];
	bpf_dynptr_from_skb(s, 0, &p);
	struct iphdr*e = bpf_dynptr_slice_rdwr(&p, 0, b, 8);
	return e ? e->ttl&1:0;
}

SEC("socket") int s_skb(struct __sk_buff*s)
{
	struct bpf_dynptr p;
	char b[14];
	bpf_dynptr_from_skb(s, 0, &p);
	struct iphdr*e = bpf_dynptr_slice(&p, 0, b, 8);
	return e ? e->ttl&1:0;
}

SEC("xdp") int x_ok(struct xdp_md*s)
{
	struct bpf_dynptr p;
	char b[14];
	bpf_dynptr_from_xdp(s, 0, &p);
	struct ethhdr*e = bpf_dynptr_slice_rdwr(&p, 0, b, sizeof *e);
	if (!e) return 1;
	e->h_proto = 0;
	bpf_xdp_adjust_head(s, 4);
	return e->h_proto;
}

SEC("xdp") int x_write(struct xdp_md*s)
{
	struct bpf_dynptr p;
	char b[14];
	bpf_dynptr_from_xdp(s, 0, &p);
	struct ethhdr*e = bpf_dynptr_slice_rdwr(&p, 0, b, sizeof *e);
	if (!e) return 1;
	bpf_dynptr_write(&p, 0, b, 4, 0);
	e->h_proto = 0;
	return 2;
}

SEC("tp_btf/kfree_skb") int tb(u64*ctx)
{
	struct sk_buff*s = (void*)ctx[0];
	struct bpf_dynptr p;
	char b[14];
	bpf_dynptr_from_skb((void*)s, 0, &p);
	struct iphdr*e = bpf_dynptr_slice(&p, 0, b, 8);
	return e ? e->ttl&1:0;
}

SEC("tp_btf/kfree_skb") int tb_w(u64*ctx)
{
	struct sk_buff*s = (void*)ctx[0];
	struct bpf_dynptr p;
	char b[14];
	bpf_dynptr_from_skb((void*)s, 0, &p);
	struct iphdr*e = bpf_dynptr_slice_rdwr(&p, 0, b, 8);
	return e ? e->ttl&1:0;
}
