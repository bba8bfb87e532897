/* Kernel functions of packet programs: connection tracking, pulled data, sockets. */
#define BPF_NO_KFUNC_PROTOTYPES
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

extern int bpf_xdp_metadata_rx_timestamp(const struct xdp_md *ctx, u64 *t) __ksym;
extern int bpf_xdp_pull_data(struct xdp_md*, u32) __ksym;
extern struct nf_conn___init *bpf_xdp_ct_alloc(struct xdp_md *xdp_ctx, struct bpf_sock_tuple *bpf_tuple, u32 tuple__sz, struct bpf_ct_opts *opts, u32 opts__sz) __ksym;
extern struct nf_conn *bpf_xdp_ct_lookup(struct xdp_md *xdp_ctx, struct bpf_sock_tuple *bpf_tuple, u32 tuple__sz, struct bpf_ct_opts *opts, u32 opts__sz) __ksym;
extern struct nf_conn *bpf_skb_ct_lookup(struct __sk_buff *xdp_ctx, struct bpf_sock_tuple *bpf_tuple, u32 tuple__sz, struct bpf_ct_opts *opts, u32 opts__sz) __ksym;
extern struct nf_conn___init *bpf_skb_ct_alloc(struct __sk_buff *xdp_ctx, struct bpf_sock_tuple *bpf_tuple, u32 tuple__sz, struct bpf_ct_opts *opts, u32 opts__sz) __ksym;
extern struct nf_conn *bpf_ct_insert_entry(struct nf_conn___init *) __ksym;
extern void bpf_ct_release(struct nf_conn*) __ksym;
extern void bpf_ct_set_timeout(struct nf_conn___init*,u32) __ksym;
extern int bpf_ct_change_timeout(struct nf_conn*,u32) __ksym;
extern int bpf_ct_set_status(const struct nf_conn___init*,u32) __ksym;
extern int bpf_ct_change_status(struct nf_conn*,u32) __ksym;
extern int bpf_sk_assign_tcp_reqsk(struct __sk_buff *s, struct sock *sk, struct bpf_tcp_req_attrs *attrs, int attrs__sz) __ksym;
extern struct xfrm_state *bpf_xdp_get_xfrm_state(struct xdp_md *ctx, struct bpf_xfrm_state_opts *opts, u32 opts__sz) __ksym;
extern void bpf_xdp_xfrm_state_release(struct xfrm_state*) __ksym;

SEC("xdp") int md(struct xdp_md*x)
{
	u64 t;
	return bpf_xdp_metadata_rx_timestamp(x, &t);
}

SEC("xdp") int pull(struct xdp_md*x)
{
	void*d = (void*)(long)x->data, *e = (void*)(long)x->data_end;
	if (d+8>e) return 1;
	bpf_xdp_pull_data(x, 40);
	return *(char*)d&1;
}

SEC("xdp") int pull2(struct xdp_md*x)
{
	bpf_xdp_pull_data(x, 40);
	void*d = (void*)(long)x->data, *e = (void*)(long)x->data_end;
	if (d+8>e) return 1;
	return *(char*)d&1;
}

static __noinline int dopull(struct xdp_md*x)
{
	return bpf_xdp_pull_data(x, 40);
}

__noinline int gpull(struct xdp_md*x)
{
	return bpf_xdp_pull_data(x, 40);
}

SEC("xdp") int pull3(struct xdp_md*x)
{
	void*d = (void*)(long)x->data, *e = (void*)(long)x->data_end;
	if (d+8>e) return 1;
	gpull(x);
	return *(char*)d&1;
}

SEC("xdp") int pull4(struct xdp_md*x)
{
	void*d = (void*)(long)x->data, *e = (void*)(long)x->data_end;
	if (d+8>e) return 1;
	dopull(x);
	return *(char*)d&1;
}
#define TU struct bpf_sock_tuple t={}; struct bpf_ct_opts o={};

SEC("xdp") int ct(struct xdp_md*x)
{
	TU struct nf_conn*c = bpf_xdp_ct_lookup(x, &t, sizeof t.ipv4, &o, sizeof o);
	if (c) bpf_ct_release(c);
	return 2;
}

SEC("xdp") int ct_leak(struct xdp_md*x)
{
	TU struct nf_conn*c = bpf_xdp_ct_lookup(x, &t, sizeof t.ipv4, &o, sizeof o);
	return 2;
}

SEC("xdp") int ct_size(struct xdp_md*x)
{
	TU struct nf_conn*c = bpf_xdp_ct_lookup(x, &t, sizeof t.ipv4, &o, 800);
	if (c) bpf_ct_release(c);
	return 2;
}

SEC("xdp") int ct_sizeu(struct xdp_md*x)
{
	TU struct nf_conn*c = bpf_xdp_ct_lookup(x, &t, x->rx_queue_index, &o, 12);
	if (c) bpf_ct_release(c);
	return 2;
}

SEC("xdp") int ct_null(struct xdp_md*x)
{
	TU struct nf_conn*c = bpf_xdp_ct_lookup(x, 0, 12, &o, 12);
	if (c) bpf_ct_release(c);
	return 2;
}

SEC("xdp") int ct_pkt(struct xdp_md*x)
{
	struct bpf_ct_opts o = {};
	void*d = (void*)(long)x->data, *e = (void*)(long)x->data_end;
	if (d+40>e) return 1;
	struct nf_conn*c = bpf_xdp_ct_lookup(x, d, 12, &o, 12);
	if (c) bpf_ct_release(c);
	return 2;
}

SEC("tc") int ct_alloc(struct __sk_buff*x)
{
	TU struct nf_conn___init*c = bpf_skb_ct_alloc(x, &t, sizeof t.ipv4, &o, sizeof o);
	if (!c) return 0;
	bpf_ct_set_timeout(c, 10);
	bpf_ct_set_status(c, 1);
	struct nf_conn*n = bpf_ct_insert_entry(c);
	if (n) bpf_ct_release(n);
	return 2;
}

SEC("tc") int ct_alloc_rel(struct __sk_buff*x)
{
	TU struct nf_conn___init*c = bpf_skb_ct_alloc(x, &t, sizeof t.ipv4, &o, sizeof o);
	if (!c) return 0;
	bpf_ct_release((void*)c);
	return 2;
}

SEC("tc") int ct_change_init(struct __sk_buff*x)
{
	TU struct nf_conn___init*c = bpf_skb_ct_alloc(x, &t, sizeof t.ipv4, &o, sizeof o);
	if (!c) return 0;
	bpf_ct_change_timeout((void*)c, 1);
	bpf_ct_insert_entry(c);
	return 2;
}

SEC("tc") int ct_set_conn(struct __sk_buff*x)
{
	TU struct nf_conn*c = bpf_skb_ct_lookup(x, &t, sizeof t.ipv4, &o, sizeof o);
	if (!c) return 0;
	bpf_ct_set_timeout((void*)c, 1);
	bpf_ct_release(c);
	return 2;
}

SEC("tc") int ct_change(struct __sk_buff*x)
{
	TU struct nf_conn*c = bpf_skb_ct_lookup(x, &t, sizeof t.ipv4, &o, sizeof o);
	if (!c) return 0;
	bpf_ct_change_timeout(c, 1);
	bpf_ct_change_status(c, 1);
	bpf_ct_release(c);
	return 2;
}

SEC("tc") int ct_uaf(struct __sk_buff*x)
{
	TU struct nf_conn*c = bpf_skb_ct_lookup(x, &t, sizeof t.ipv4, &o, sizeof o);
	if (!c) return 0;
	bpf_ct_release(c);
	return c->mark;
}

SEC("tc") int ct_write(struct __sk_buff*x)
{
	TU struct nf_conn*c = bpf_skb_ct_lookup(x, &t, sizeof t.ipv4, &o, sizeof o);
	if (!c) return 0;
	c->mark = 1;
	bpf_ct_release(c);
	return 0;
}

SEC("tc") int ct_write2(struct __sk_buff*x)
{
	TU struct nf_conn*c = bpf_skb_ct_lookup(x, &t, sizeof t.ipv4, &o, sizeof o);
	if (!c) return 0;
	c->status = 1;
	bpf_ct_release(c);
	return 0;
}

SEC("tc") int reqsk(struct __sk_buff*x)
{
	struct bpf_tcp_req_attrs a = {};
	struct bpf_sock_tuple t = {};
	struct bpf_sock*sk = bpf_skc_lookup_tcp(x, &t, 12, -1, 0);
	if (!sk) return 0;
	int r = bpf_sk_assign_tcp_reqsk(x, (void*)sk, &a, sizeof a);
	bpf_sk_release(sk);
	return r;
}

SEC("tc") int reqsk2(struct __sk_buff*x)
{
	struct bpf_tcp_req_attrs a = {};
	struct bpf_sock_tuple t = {};
	struct bpf_sock*sk = bpf_sk_lookup_tcp(x, &t, 12, -1, 0);
	if (!sk) return 0;
	int r = bpf_sk_assign_tcp_reqsk(x, (void*)sk, &a, sizeof a);
	bpf_sk_release(sk);
	return r;
}

SEC("tc") int reqsk3(struct __sk_buff*x)
{
	struct bpf_tcp_req_attrs a = {};
	struct bpf_sock*sk = x->sk;
	if (!sk) return 0;
	int r = bpf_sk_assign_tcp_reqsk(x, (void*)sk, &a, sizeof a);
	return r;
}

SEC("xdp") int xfrm(struct xdp_md*x)
{
	struct bpf_xfrm_state_opts o = {};
	struct xfrm_state*s = bpf_xdp_get_xfrm_state(x, &o, sizeof o);
	if (!s) return 1;
	int r = s->props.mode;
	bpf_xdp_xfrm_state_release(s);
	return r;
}
