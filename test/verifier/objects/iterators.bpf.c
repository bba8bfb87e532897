/* Open-coded iterators over numbers: their life, what loops with them may do, what else may touch their slots. */
#define BPF_NO_KFUNC_PROTOTYPES
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;
int arr[16]; 

SEC("raw_tp") int sum(void*ctx)
{
	struct bpf_iter_num it;
	int*v;
	int s = 0;
	bpf_iter_num_new(&it, 0, 10);
	while ((v = bpf_iter_num_next(&it))) s += *v;
	bpf_iter_num_destroy(&it);
	return s;
}

SEC("raw_tp") int nodestroy(void*ctx)
{
	struct bpf_iter_num it;
	int*v;
	int s = 0;
	bpf_iter_num_new(&it, 0, 10);
	while ((v = bpf_iter_num_next(&it))) s += *v;
	return s;
}

SEC("raw_tp") int nonew(void*ctx)
{
	struct bpf_iter_num it;
	int*v;
	int s = 0;
	while ((v = bpf_iter_num_next(&it))) s += *v;
	bpf_iter_num_destroy(&it);
	return s;
}

SEC("raw_tp") int twice(void*ctx)
{
	struct bpf_iter_num it;
	bpf_iter_num_new(&it, 0, 10);
	bpf_iter_num_new(&it, 0, 10);
	bpf_iter_num_destroy(&it);
	return 0;
}

SEC("raw_tp") int nonull(void*ctx)
{
	struct bpf_iter_num it;
	int*v;
	bpf_iter_num_new(&it, 0, 10);
	v = bpf_iter_num_next(&it);
	int r = *v;
	bpf_iter_num_destroy(&it);
	return r;
}

SEC("raw_tp") int nested(void*ctx)
{
	struct bpf_iter_num it, jt;
	int*v, *w;
	int s = 0;
	bpf_iter_num_new(&it, 0, 10);
	while ((v = bpf_iter_num_next(&it))) {
		bpf_iter_num_new(&jt, 0, *v);
		while ((w = bpf_iter_num_next(&jt))) s += *w**v;
		bpf_iter_num_destroy(&jt);
	}
	bpf_iter_num_destroy(&it);
	return s;
}

SEC("raw_tp") int index_ok(void*ctx)
{
	struct bpf_iter_num it;
	int*v;
	int s = 0;
	bpf_iter_num_new(&it, 0, 16);
	while ((v = bpf_iter_num_next(&it))) {
		unsigned i = *v;
		if (i >= 16) break;
		s += arr[i];
	}
	bpf_iter_num_destroy(&it);
	return s;
}

SEC("raw_tp") int index_bad(void*ctx)
{
	struct bpf_iter_num it;
	int*v;
	int s = 0;
	bpf_iter_num_new(&it, 0, 16);
	while ((v = bpf_iter_num_next(&it))) {
		unsigned i = *v;
		s += arr[i];
	}
	bpf_iter_num_destroy(&it);
	return s;
}

SEC("raw_tp") int write_over(void*ctx)
{
	struct bpf_iter_num it;
	int*v;
	bpf_iter_num_new(&it, 0, 10);
	*(volatile long*)&it = 5;
	v = bpf_iter_num_next(&it);
	bpf_iter_num_destroy(&it);
	return 0;
}

SEC("raw_tp") int read_it(void*ctx)
{
	struct bpf_iter_num it;
	bpf_iter_num_new(&it, 0, 10);
	long x = *(volatile long*)&it;
	bpf_iter_num_destroy(&it);
	return x;
}

SEC("raw_tp") int mapit(void*ctx)
{
	bpf_iter_num_new((void*)arr, 0, 10);
	return 0;
}

SEC("raw_tp") int destroy_twice(void*ctx)
{
	struct bpf_iter_num it;
	bpf_iter_num_new(&it, 0, 10);
	bpf_iter_num_destroy(&it);
	bpf_iter_num_destroy(&it);
	return 0;
}

SEC("raw_tp") int use_after(void*ctx)
{
	struct bpf_iter_num it;
	bpf_iter_num_new(&it, 0, 10);
	int*v = bpf_iter_num_next(&it);
	bpf_iter_num_destroy(&it);
	return v ? *v:0;
}

static __noinline int sub(struct bpf_iter_num*it)
{
	int*v;
	int s = 0;
	while ((v = bpf_iter_num_next(it))) s += *v;
	return s;
}

SEC("raw_tp") int insub(void*ctx)
{
	struct bpf_iter_num it;
	bpf_iter_num_new(&it, 0, 10);
	int s = sub(&it);
	bpf_iter_num_destroy(&it);
	return s;
}

SEC("raw_tp") int scalararg(void*ctx)
{
	struct bpf_iter_num it;
	bpf_iter_num_new(&it, (long)ctx, 10);
	bpf_iter_num_destroy(&it);
	return 0;
}

SEC("raw_tp") int breakout(void*ctx)
{
	struct bpf_iter_num it;
	int*v;
	int s = 0;
	bpf_iter_num_new(&it, 0, bpf_get_prandom_u32());
	while ((v = bpf_iter_num_next(&it))) {
		if (*v == 7) break;
		if (*v&1) continue;
		s += arr[*v&15];
	}
	bpf_iter_num_destroy(&it);
	return s;
}

SEC("raw_tp") int maybe_leak(void*ctx)
{
	struct bpf_iter_num it;
	int*v;
	bpf_iter_num_new(&it, 0, 10);
	while ((v = bpf_iter_num_next(&it))) {
		if (*v == 7) return 1;
	}
	bpf_iter_num_destroy(&it);
	return 0;
}

SEC("raw_tp") int ptradv(void*ctx)
{
	struct bpf_iter_num it;
	int*v;
	int*p = arr;
	bpf_iter_num_new(&it, 0, 10);
	while ((v = bpf_iter_num_next(&it))) {
		*p = *v;
		p++;
		asm volatile(""::"r"(p));
	}
	bpf_iter_num_destroy(&it);
	return 0;
}
