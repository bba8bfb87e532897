/* Loops of iterators with maps, references, calls, callbacks and other loops in them, and their convergence. */
#define BPF_NO_KFUNC_PROTOTYPES
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;
extern int bpf_dynptr_clone(const struct bpf_dynptr *p, struct bpf_dynptr *c) __ksym;
extern u32 bpf_dynptr_size(const struct bpf_dynptr *p) __ksym;
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4); __type(key,u32); __type(value,u64);} h SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 40); __type(key,u32); __type(value,u64);} ar SEC(".maps");
#define FOR(i,s,e) for(struct bpf_iter_num __it __attribute__((aligned(8),cleanup(bpf_iter_num_destroy))), *__p __attribute__((unused))=(bpf_iter_num_new(&__it,(s),(e)),(void)bpf_iter_num_destroy,(void*)0); ({ int*_t=bpf_iter_num_next(&__it); (_t&&((i)=*_t,(i)>=(s)&&(i)<(e)));});)
int arr[100]; int g; char buf[64];
#define R(n) SEC("raw_tp") int n(void*ctx)

R(foreach)
{
	int i, s = 0;
	FOR(i, 0, 100) s += arr[i];
	return s;
}

R(nest2)
{
	int i, j, s = 0;
	FOR(i, 0, 10) FOR(j, 0, 10) s += arr[i*10+j];
	return s;
}

R(nest3)
{
	int i, j, k, s = 0;
	FOR(i, 0, 4) FOR(j, 0, 5) FOR(k, 0, 5) s += arr[i*25+j*5+k];
	return s;
}

R(varend)
{
	int i, s = 0;
	int e = g;
	if (e>100) e = 100;
	FOR(i, 0, e) s += arr[i];
	return s;
}

R(state_mach)
{
	int i, st = 0, s = 0;
	FOR(i, 0, 1000) {
		switch (st) {
			case 0:
			if (arr[i%100]) st = 1;
			break;
			case 1:
			if (arr[i%100]>5) st = 2;
			else st = 0;
			break;
			case 2:
			s++;
			st = 0;
			break;
		}
	}
	return s;
}

R(minmax)
{
	int i, mn = 0x7fffffff, mx = 0;
	FOR(i, 0, 100) {
		int v = arr[i];
		if (v<mn) mn = v;
		if (v>mx) mx = v;
	}
	return mx-mn;
}

R(sortish)
{
	int i, j;
	FOR(i, 0, 99) FOR(j, 0, 99) {
		if (arr[j]>arr[j+1]) {
			int t = arr[j];
			arr[j] = arr[j+1];
			arr[j+1] = t;
		}
	}
	return 0;
}

R(find)
{
	int i, r = -1;
	FOR(i, 0, 100) if (arr[i] == g) {
		r = i;
		break;
	}
	if (r >= 0 && r<100) return arr[r];
	return 0;
}

R(maplook)
{
	int i;
	u64 s = 0;
	FOR(i, 0, 40) {
		u64*v = bpf_map_lookup_elem(&h, &i);
		if (!v) continue;
		s += *v;
	}
	return s;
}

R(maplook2)
{
	int i;
	u64 s = 0;
	u64*last = 0;
	FOR(i, 0, 40) {
		u64*v = bpf_map_lookup_elem(&h, &i);
		if (v) last = v;
	}
	return last ? *last:0;
}

R(ref_in_loop)
{
	int i;
	FOR(i, 0, 4) {
		u64*e = bpf_ringbuf_reserve(&rb, 8, 0);
		if (!e) continue;
		*e = i;
		bpf_ringbuf_submit(e, 0);
	}
	return 0;
}

R(ref_leak_loop)
{
	int i;
	u64*e = 0;
	FOR(i, 0, 4) {
		e = bpf_ringbuf_reserve(&rb, 8, 0);
		if (!e) break;
	}
	if (e) bpf_ringbuf_submit(e, 0);
	return 0;
}

R(ref_held)
{
	int i;
	u64*e = bpf_ringbuf_reserve(&rb, 8, 0);
	if (!e) return 0;
	FOR(i, 0, 4) {
		*e += i;
	}
	bpf_ringbuf_submit(e, 0);
	return 0;
}

R(dyn_loop)
{
	int i;
	struct bpf_dynptr d;
	bpf_ringbuf_reserve_dynptr(&rb, 64, 0, &d);
	FOR(i, 0, 8) bpf_dynptr_write(&d, i*8, &i, 4, 0);
	bpf_ringbuf_submit_dynptr(&d, 0);
	return 0;
}

R(dyn_inside)
{
	int i;
	FOR(i, 0, 8) {
		struct bpf_dynptr d;
		bpf_ringbuf_reserve_dynptr(&rb, 64, 0, &d);
		bpf_dynptr_write(&d, 0, &i, 4, 0);
		bpf_ringbuf_submit_dynptr(&d, 0);
	}
	return 0;
}

static __noinline int body(int i, int*s)
{
	*s += arr[i&63];
	return *s>1000;
}

R(callbody)
{
	int i, s = 0;
	FOR(i, 0, 100) if (body(i, &s)) break;
	return s;
}

__noinline int gbody(int i)
{
	return arr[i&63];
}

R(callglob)
{
	int i, s = 0;
	FOR(i, 0, 100) s += gbody(i);
	return s;
}

static __noinline int inner(int n)
{
	int i, s = 0;
	FOR(i, 0, n) s += arr[i%100];
	return s;
}

R(callinner)
{
	int i, s = 0;
	FOR(i, 0, 10) s += inner(i);
	return s;
}

static long cb(u32 i, void*c)
{
	int j, *s = c;
	FOR(j, 0, 5) *s += arr[j];
	return 0;
}

R(loopwith)
{
	int s = 0;
	bpf_loop(10, cb, &s, 0);
	return s;
}

static long cb2(u32 i, void*c)
{
	struct bpf_iter_num*it = c;
	int*v = bpf_iter_num_next(it);
	return !v;
}

R(iter_in_cb)
{
	struct bpf_iter_num it;
	bpf_iter_num_new(&it, 0, 10);
	bpf_loop(10, cb2, &it, 0);
	bpf_iter_num_destroy(&it);
	return 0;
}

static long cb3(u32 i, void*c)
{
	struct bpf_iter_num*it = c;
	bpf_iter_num_destroy(it);
	return 0;
}

R(destroy_in_cb)
{
	struct bpf_iter_num it;
	bpf_iter_num_new(&it, 0, 10);
	bpf_loop(1, cb3, &it, 0);
	return 0;
}

static long cb4(u32 i, void*c)
{
	struct bpf_iter_num*it = c;
	bpf_iter_num_new(it, 0, 1);
	return 0;
}

R(new_in_cb)
{
	struct bpf_iter_num it;
	bpf_loop(1, cb4, &it, 0);
	return 0;
}

R(loop_in_iter)
{
	int i, s = 0;
	FOR(i, 0, 10) bpf_loop(10, cb, &s, 0);
	return s;
}

__noinline int giter(struct bpf_iter_num*it)
{
	return bpf_iter_num_next(it) != 0;
}

R(giter_call)
{
	struct bpf_iter_num it;
	bpf_iter_num_new(&it, 0, 10);
	int r = giter(&it);
	bpf_iter_num_destroy(&it);
	return r;
}

R(helper_write_iter)
{
	struct bpf_iter_num it;
	bpf_iter_num_new(&it, 0, 10);
	bpf_get_current_comm(&it, 8);
	bpf_iter_num_destroy(&it);
	return 0;
}

R(helper_read_iter)
{
	struct bpf_iter_num it;
	bpf_iter_num_new(&it, 0, 10);
	bpf_trace_printk((void*)&it, 8);
	bpf_iter_num_destroy(&it);
	return 0;
}

R(var_write_iter)
{
	struct {
		char a[8];
		struct bpf_iter_num it;
		char b[8];
	}
	x = {};
	bpf_iter_num_new(&x.it, 0, 10);
	volatile char*q = x.a;
	q[g&15] = 1;
	bpf_iter_num_destroy(&x.it);
	return 0;
}

R(var_read_iter)
{
	struct {
		char a[8];
		struct bpf_iter_num it;
		char b[8];
	}
	x = {};
	bpf_iter_num_new(&x.it, 0, 10);
	volatile char*q = x.a;
	int r = q[g&15];
	bpf_iter_num_destroy(&x.it);
	return r;
}

R(var_write_dyn)
{
	struct {
		char a[16];
		struct bpf_dynptr d;
	}
	x = {};
	bpf_dynptr_from_mem(buf, 8, 0, &x.d);
	volatile char*q = x.a;
	q[g&31] = 1;
	return bpf_dynptr_size(&x.d);
}

R(var_write_dynref)
{
	struct {
		char a[16];
		struct bpf_dynptr d;
	}
	x = {};
	bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &x.d);
	volatile char*q = x.a;
	q[g&31] = 1;
	bpf_ringbuf_submit_dynptr(&x.d, 0);
	return 0;
}

R(byte_write_iter)
{
	struct bpf_iter_num it;
	bpf_iter_num_new(&it, 0, 10);
	((volatile char*)&it)[3] = 1;
	bpf_iter_num_destroy(&it);
	return 0;
}

R(spill_write_iter)
{
	struct bpf_iter_num it;
	bpf_iter_num_new(&it, 0, 10);
	*(void*volatile*)&it = ctx;
	bpf_iter_num_destroy(&it);
	return 0;
}

R(cond_new)
{
	struct bpf_iter_num it;
	int*v;
	if (g) bpf_iter_num_new(&it, 0, 10);
	else bpf_iter_num_new(&it, 0, g);
	v = bpf_iter_num_next(&it);
	int r = v ? *v:0;
	bpf_iter_num_destroy(&it);
	return r;
}

R(cond_new2)
{
	struct bpf_iter_num it;
	int*v;
	int k = g;
	if (k) bpf_iter_num_new(&it, 0, 10);
	v = k ? bpf_iter_num_next(&it):0;
	int r = v ? *v:0;
	if (k) bpf_iter_num_destroy(&it);
	return r;
}

R(cond_destroy)
{
	struct bpf_iter_num it;
	bpf_iter_num_new(&it, 0, 10);
	if (g) bpf_iter_num_destroy(&it);
	return 0;
}

R(after_null)
{
	struct bpf_iter_num it;
	int*v;
	bpf_iter_num_new(&it, 0, 10);
	while ((v = bpf_iter_num_next(&it)));
	v = bpf_iter_num_next(&it);
	int r = v ? *v:7;
	bpf_iter_num_destroy(&it);
	return r;
}

R(two_next)
{
	struct bpf_iter_num it;
	int*v, *w;
	int s = 0;
	bpf_iter_num_new(&it, 0, 10);
	while ((v = bpf_iter_num_next(&it)) && (w = bpf_iter_num_next(&it))) s += *v-*w;
	bpf_iter_num_destroy(&it);
	return s;
}

R(stale_val)
{
	struct bpf_iter_num it;
	int*v, *w = 0;
	int s = 0;
	bpf_iter_num_new(&it, 0, 10);
	while ((v = bpf_iter_num_next(&it))) {
		if (w) s += *w;
		w = v;
	}
	bpf_iter_num_destroy(&it);
	return s;
}

R(write_val)
{
	struct bpf_iter_num it;
	int*v;
	bpf_iter_num_new(&it, 0, 10);
	while ((v = bpf_iter_num_next(&it))) *v = 1;
	bpf_iter_num_destroy(&it);
	return 0;
}

R(maygoto)
{
	int s = 0;
	for (int i = 0;i<1000 && ({ bool r = true; asm volatile goto("may_goto %l[out]"::::out); if (0){out:r = false;} r;});i++) s += arr[i%100];
	return s;
}

R(maygoto_iter)
{
	int i, s = 0;
	FOR(i, 0, 10) {
		for (int j = 0;({ bool r = true; asm volatile goto("may_goto %l[out2]"::::out2); if (0){out2:r = false;} r;});j++) s += arr[(j+i)&63];
	}
	return s;
}

R(iter_maygoto)
{
	int s = 0;
	for (int j = 0;({ bool r = true; asm volatile goto("may_goto %l[out3]"::::out3); if (0){out3:r = false;} r;});j++) {
		int i;
		FOR(i, 0, 10) s += arr[(j+i)&63];
	}
	return s;
}

R(plainloop_iter)
{
	int s = 0;
	for (int j = 0;j<5;j++) {
		int i;
		FOR(i, 0, 10) s += arr[(j+i)&63];
	}
	return s;
}

R(iter_plainloop)
{
	int i, s = 0;
	FOR(i, 0, 10) {
		for (int j = 0;j<20;j++) {
			s += arr[j+i];
			asm volatile(""::"r"(s));
		}
	}
	return s;
}

R(infinite)
{
	struct bpf_iter_num it;
	bpf_iter_num_new(&it, 0, 10);
	for (;;) {
		asm volatile("":::"memory");
		if (g == 77777) break;
	}
	bpf_iter_num_destroy(&it);
	return 0;
}

R(strscan)
{
	int i;
	char b[32];
	bpf_get_current_comm(b, 16);
	int n = 0;
	FOR(i, 0, 16) {
		if (!b[i]) break;
		n = n*31+b[i];
	}
	return n;
}

R(lookupwrite)
{
	int i;
	FOR(i, 0, 40) {
		u64*v = bpf_map_lookup_elem(&ar, &i);
		if (v) (*v)++;
	}
	return 0;
}

R(bitcount)
{
	int i;
	u64 x = bpf_get_prandom_u32();
	int c = 0;
	FOR(i, 0, 64) {
		if (x&1) c++;
		x>>=1;
	}
	return c;
}

R(fib)
{
	int i;
	u64 a = 0, b = 1;
	FOR(i, 0, 50) {
		u64 t = a+b;
		a = b;
		b = t;
	}
	return b;
}

R(ptrloop)
{
	struct task_struct*t = (void*)bpf_get_current_task_btf();
	int i, n = 0;
	FOR(i, 0, 20) {
		if (!t || t->pid == 1) break;
		t = t->real_parent;
		n++;
	}
	return n;
}
