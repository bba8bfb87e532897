/* Arguments and results of helpers. */
#include "programs.h"
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, long);
} arr SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, long);
} parr SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__uint(key_size,16);
	__type(value, long);
} hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} rb SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size,4);
	__uint(value_size,4);
} jt SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 4);
	__uint(key_size,4);
	__uint(value_size,80);
} st SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size,4);
	__uint(value_size,4);
} pe SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 4);
	__uint(key_size,4);
	__uint(value_size,4);
} smap SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, 1);
	__type(key, int);
	__type(value, long);
} sks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, 1);
	__type(key, int);
	__type(value, long);
} tks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CGRP_STORAGE);
	__uint(map_flags, 1);
	__type(key, int);
	__type(value, long);
} cgs SEC(".maps");

struct inm {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, long);
} im SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__uint(key_size,4);
	__array(values, struct inm);
}
mim SEC(".maps") = { .values = { &im } };

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 4);
	__uint(value_size,8);
} bl SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__uint(value_size,8);
} qu SEC(".maps");

const volatile char fmt[] = "%d %s";
#define TC(x) SEC("tc") int x(struct __sk_buff*s)
TC(a1) {
	int k=0;
	long*v=bpf_map_lookup_elem(&arr,&k);
	return *v;
}

TC(a2) {
	int k=4;
	long*v=bpf_map_lookup_elem(&arr,&k);
	return *v;
}

TC(a3) {
	int k=s->len;
	long*v=bpf_map_lookup_elem(&arr,&k);
	return *v;
}

TC(a4) {
	int k=3;
	long*v=bpf_map_lookup_elem(&parr,&k);
	return *v;
}

TC(a5) {
	long k=0;
	long*v=bpf_map_lookup_elem(&hash,&k);
	return v!=0;
}

TC(a6) {
	char k[16];
	long*v=bpf_map_lookup_elem(&hash,k);
	return v!=0;
}

TC(a7) {
	char k[16]={};
	return bpf_map_update_elem(&hash,k,s,0);
}

TC(a8) {
	char k[16]={};
	long v;
	return bpf_map_update_elem(&hash,k,&v,0);
}

TC(a9) {
	void*d=(void*)(long)s->data,*e=(void*)(long)s->data_end;
	if (d+16>e) return 0;
	long*v=bpf_map_lookup_elem(&hash,d);
	return v!=0;
}

TC(a10) {
	void*d=(void*)(long)s->data,*e=(void*)(long)s->data_end;
	if (d+15>e) return 0;
	long*v=bpf_map_lookup_elem(&hash,d);
	return v!=0;
}

TC(a11) {
	int k=0;
	return (long)bpf_map_lookup_percpu_elem(&parr,&k,0);
}

TC(a12) {
	int k=0;
	return (long)bpf_map_lookup_percpu_elem(&arr,&k,0);
}

TC(a13) {
	int k=0;
	void*i=bpf_map_lookup_elem(&mim,&k);
	long*v=bpf_map_lookup_elem(i,&k);
	return v?*v:0;
}

TC(a14) {
	int k=0;
	void*i=bpf_map_lookup_elem(&mim,&k);
	if (!i) return 0;
	long*v=bpf_map_lookup_elem(i,&k);
	return *v;
}

TC(a15) {
	int k=0;
	void*i=bpf_map_lookup_elem(&mim,&k);
	if (!i) return 0;
	k=s->len;
	long*v=bpf_map_lookup_elem(i,&k);
	return *v;
}

TC(a16) {
	int k=0;
	return bpf_map_update_elem(&mim,&k,&k,0);
}

TC(a17) {
	long k=0;
	return bpf_map_push_elem(&qu,&k,0);
}

TC(a18) {
	long k;
	return bpf_map_pop_elem(&qu,&k);
}

TC(a19) {
	long k;
	bpf_map_pop_elem(&qu,&k);
	return k;
}

TC(a20) {
	long k;
	return bpf_map_peek_elem(&bl,&k);
}

TC(a21) {
	long k=0;
	return bpf_map_pop_elem(&bl,&k);
}

TC(r1) {
	long*p=bpf_ringbuf_reserve(&rb,8,0);
	if (!p) return 0;
	*p=1;
	bpf_ringbuf_submit(p,0);
	return 0;
}

TC(r2) {
	long*p=bpf_ringbuf_reserve(&rb,8,0);
	if (!p) return 0;
	p[1]=1;
	bpf_ringbuf_submit(p,0);
	return 0;
}

TC(r3) {
	long*p=bpf_ringbuf_reserve(&rb,s->len,0);
	if (!p) return 0;
	bpf_ringbuf_submit(p,0);
	return 0;
}

TC(r4) {
	long*p=bpf_ringbuf_reserve(&rb,16,0);
	if (!p) return 0;
	bpf_ringbuf_submit(p+1,0);
	return 0;
}

TC(r5) {
	long*p=bpf_ringbuf_reserve(&rb,8,0);
	bpf_ringbuf_submit(p,0);
	return 0;
}

TC(r6) {
	long*p=bpf_ringbuf_reserve(&rb,8,0);
	if (!p) return 0;
	bpf_ringbuf_submit(p,0);
	return *p;
}

TC(r7) {
	int k=0;
	long*v=bpf_map_lookup_elem(&arr,&k);
	if (!v) return 0;
	bpf_ringbuf_submit(v,0);
	return 0;
}

TC(r8) {
	long x=0;
	bpf_ringbuf_discard(&x,0);
	return 0;
}

TC(r9) {
	long*p=bpf_ringbuf_reserve(&rb,8,0);
	if (!p) return 0;
	bpf_map_update_elem(&hash,p,p,0);
	bpf_ringbuf_submit(p,0);
	return 0;
}

TC(r10) {
	long*p=bpf_ringbuf_reserve(&rb,16,0);
	if (!p) return 0;
	bpf_map_update_elem(&hash,p,p,0);
	bpf_ringbuf_submit(p,0);
	return 0;
}

TC(p1) {
	char b[8];
	return bpf_probe_read_kernel(b,8,s);
}

TC(p2) {
	char b[8];
	return bpf_probe_read_kernel(b,9,s);
}

TC(p3) {
	char b[8];
	return bpf_probe_read_kernel(b,s->len,s);
}

TC(p4) {
	char b[8];
	return bpf_probe_read_kernel(b,s->len&7,s);
}

TC(p5) {
	char b[8];
	return bpf_probe_read_kernel(b,0,s);
}

TC(p6) {
	return bpf_probe_read_kernel(0,0,s);
}

TC(p7) {
	return bpf_probe_read_kernel(0,4,s);
}

TC(p8) {
	char b[8];
	int l=bpf_probe_read_kernel_str(b,8,s);
	if (l<0||l>8) return 0;
	return b[l&7];
}

TC(p9) {
	char b[64];
	int l=bpf_probe_read_kernel_str(b,64,s);
	if (l>0) b[l-1]=1;
	return b[0];
}

TC(p10) {
	char b[64];
	long l=bpf_probe_read_kernel_str(b,64,s);
	b[l]=1;
	return b[0];
}

TC(p11) {
	char b[8];
	long sz=s->len;
	if (sz>8) return 0;
	bpf_probe_read_kernel(b,sz,s);
	return b[7];
}

TC(p12) {
	char b[8];
	int sz=s->len;
	if (sz>8) return 0;
	bpf_probe_read_kernel(b,sz,s);
	return 0;
}

TC(c1) {
	return bpf_csum_diff(0,0,0,0,0);
}

TC(c2) {
	long a=0;
	return bpf_csum_diff((void*)&a,8,0,0,0);
}

TC(c3) {
	long a;
	return bpf_csum_diff((void*)&a,8,(void*)&a,4,0);
}

TC(c4) {
	return bpf_csum_diff(0,4,0,0,0);
}

TC(k1) {
	long a=0;
	return bpf_skb_load_bytes(s,0,&a,8)+a;
}

TC(k2) {
	long a;
	return bpf_skb_load_bytes(s,0,&a,9);
}

TC(k3) {
	long a;
	bpf_skb_load_bytes(s,0,&a,s->len&7);
	return a;
}

TC(k4) {
	long a=0;
	return bpf_skb_store_bytes(s,0,&a,8,0);
}

TC(k5) {
	void*d=(void*)(long)s->data,*e=(void*)(long)s->data_end;
	if (d+8>e) return 0;
	bpf_skb_pull_data(s,8);
	return *(char*)d;
}

TC(k6) {
	return bpf_skb_load_bytes((void*)s+8,0,0,0);
}

TC(k7) {
	return bpf_skb_load_bytes((void*)(long)s->len,0,0,0);
}

TC(k8) {
	struct bpf_tunnel_key t;
	bpf_skb_get_tunnel_key(s,&t,sizeof t,0);
	return t.tunnel_id;
}

TC(k9) {
	struct bpf_tunnel_key t;
	return bpf_skb_set_tunnel_key(s,&t,sizeof t,0);
}

TC(t1) {
	bpf_tail_call(s,&jt,0);
	return 0;
}

TC(t2) {
	bpf_tail_call(s,&arr,0);
	return 0;
}

TC(t3) {
	bpf_tail_call(s,&jt,s->len);
	return 0;
}

TC(t4) {
	int k=0;
	return (long)bpf_map_lookup_elem(&jt,&k);
}

TC(s1) {
	return bpf_get_stackid(s,&st,0);
}

SEC("raw_tp/x") int s2(void*s) {
	return bpf_get_stackid(s,&st,0);
}

SEC("raw_tp/x") int s3(void*s) {
	return bpf_get_stackid(s,&arr,0);
}

TC(o1) {
	long a=0;
	return bpf_perf_event_output(s,&pe,0,&a,8);
}

TC(o2) {
	long a;
	return bpf_perf_event_output(s,&pe,0,&a,8);
}

TC(o3) {
	long a=0;
	return bpf_perf_event_output(s,&arr,0,&a,8);
}

TC(o4) {
	long a=0;
	return bpf_perf_event_output(s,&pe,0,&a,0);
}

TC(x1) {
	struct bpf_sock*k=s->sk;
	return k->family;
}

TC(x2) {
	struct bpf_sock*k=s->sk;
	if (!k) return 0;
	return k->family;
}

TC(x3) {
	struct bpf_sock*k=s->sk;
	if (!k) return 0;
	k=bpf_sk_fullsock(k);
	if (!k) return 0;
	return k->type;
}

TC(x4) {
	struct bpf_sock_tuple t={};
	struct bpf_sock*k=bpf_sk_lookup_tcp(s,&t,sizeof(t.ipv4),0,0);
	if (k) bpf_sk_release(k);
	return 0;
}

TC(x5) {
	struct bpf_sock_tuple t={};
	struct bpf_sock*k=bpf_sk_lookup_tcp(s,&t,sizeof(t.ipv4),0,0);
	return 0;
}

TC(x6) {
	struct bpf_sock_tuple t={};
	struct bpf_sock*k=bpf_sk_lookup_tcp(s,&t,sizeof(t.ipv4),0,0);
	if (!k) return 0;
	bpf_sk_release(k);
	return k->type;
}

TC(x7) {
	struct bpf_sock_tuple t={};
	struct bpf_sock*k=bpf_skc_lookup_tcp(s,&t,sizeof(t.ipv4),0,0);
	if (!k) return 0;
	struct bpf_tcp_sock*q=bpf_tcp_sock(k);
	int r=q?q->snd_cwnd:0;
	bpf_sk_release(k);
	return r;
}

TC(x8) {
	struct bpf_sock_tuple t={};
	struct bpf_sock*k=bpf_skc_lookup_tcp(s,&t,sizeof(t.ipv4),0,0);
	if (!k) return 0;
	struct bpf_tcp_sock*q=bpf_tcp_sock(k);
	bpf_sk_release(k);
	return q?q->snd_cwnd:0;
}

TC(x9) {
	struct bpf_sock*k=s->sk;
	if (!k) return 0;
	bpf_sk_release(k);
	return 0;
}

TC(x10) {
	struct bpf_sock*k=s->sk;
	if (!k) return 0;
	long*v=bpf_sk_storage_get(&sks,k,0,1);
	return v?*v:0;
}

TC(x11) {
	struct bpf_sock*k=s->sk;
	long*v=bpf_sk_storage_get(&sks,k,0,1);
	return v?*v:0;
}

TC(x12) {
	int k=0;
	struct bpf_sock*q=bpf_map_lookup_elem(&smap,&k);
	if (!q) return 0;
	bpf_sk_release(q);
	return 0;
}

TC(x13) {
	int k=0;
	struct bpf_sock*q=bpf_map_lookup_elem(&smap,&k);
	return 0;
}

TC(x14) {
	int k=0;
	struct bpf_sock*q=s->sk;
	if (!q) return 0;
	return bpf_map_update_elem(&smap,&k,q,0);
}

TC(x15) {
	struct bpf_sock*q=s->sk;
	if (!q) return 0;
	struct tcp_sock*t=bpf_skc_to_tcp_sock(q);
	if (!t) return 0;
	return t->rcv_nxt;
}

TC(x16) {
	struct bpf_sock*q=s->sk;
	struct tcp_sock*t=bpf_skc_to_tcp_sock(q);
	if (!t) return 0;
	return t->rcv_nxt;
}

TC(g1) {
	long*v=bpf_task_storage_get(&tks,bpf_get_current_task_btf(),0,1);
	return v?*v:0;
}

TC(g2) {
	long*v=bpf_task_storage_get(&tks,(void*)s,0,1);
	return v?*v:0;
}

TC(g3) {
	long*v=bpf_task_storage_get(&arr,bpf_get_current_task_btf(),0,1);
	return v?*v:0;
}

TC(g4) {
	struct task_struct*t=bpf_get_current_task_btf();
	long*v=bpf_cgrp_storage_get(&cgs,t->cgroups->dfl_cgrp,0,1);
	return v?*v:0;
}

TC(f1) {
	char b[16];
	return bpf_snprintf(b,16,(void*)fmt,0,0);
}

TC(f2) {
	char b[16];
	long a[2]={1,2};
	return bpf_snprintf(b,16,(void*)fmt,a,16);
}

TC(f3) {
	char b[16];
	char f[]="%d";
	long a[1]={1};
	return bpf_snprintf(b,16,f,a,8);
}

TC(f4) {
	long r;
	char b[8]="12";
	return bpf_strtol(b,8,0,&r);
}

TC(f5) {
	int r;
	char b[8]="12";
	return bpf_strtol(b,8,0,(void*)&r);
}

TC(f6) {
	char b[8]="ab";
	return bpf_strncmp(b,8,"ab");
}

TC(f7) {
	char b[8]="ab";
	return bpf_strncmp(b,8,b);
}

TC(f8) {
	return bpf_get_numa_node_id()+bpf_get_smp_processor_id();
}

TC(f9) {
	long a[4];
	int c=bpf_get_smp_processor_id();
	a[0]=a[1]=a[2]=a[3]=0;
	return a[c];
}

TC(d1) {
	u64 m;
	return bpf_check_mtu(s,0,(void*)&m,0,0);
}

TC(d2) {
	u32 m=0;
	return bpf_check_mtu(s,0,&m,0,0);
}

TC(d3) {
	struct bpf_fib_lookup f={};
	return bpf_fib_lookup(s,&f,sizeof f,0);
}

TC(d4) {
	struct bpf_fib_lookup f;
	return bpf_fib_lookup(s,&f,sizeof f,0);
}

TC(d5) {
	return bpf_redirect_map(&arr,0,0);
}

TC(d6) {
	return bpf_msg_redirect_map(s,&smap,0,0);
}
