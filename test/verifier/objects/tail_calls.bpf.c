/* Tail calls out of functions of a program. */
#include "programs.h"
#define NI __attribute__((noinline))
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size,4);
	__uint(value_size,4);
} jt SEC(".maps");

char buf[16];
char big[256];

#define TC(x) SEC("tc") int x(struct __sk_buff*s)
NI static int s1(struct __sk_buff*s) {
	bpf_tail_call(s,&jt,0);
	return 1;
}

NI static int s2(struct __sk_buff*s,int a) {
	if (s->len>5) bpf_tail_call(s,&jt,0);
	return a&7;
}

NI static int s3(struct __sk_buff*s,long*p) {
	bpf_tail_call(s,&jt,0);
	*p=1;
	return 1;
}

NI static int s4(struct __sk_buff*s) {
	return s2(s,3)+1;
}

TC(a1) {
	int r=s1(s);
	return buf[r];
}

TC(a2) {
	int r=s1(s);
	if (r<0||r>15) return 0;
	return buf[r];
}

TC(a3) {
	int k=s->mark&15;
	s1(s);
	return buf[k];
}

TC(a4) {
	int k=s->mark&15;
	int r=s2(s,k);
	return buf[k]+(r>3?big[k+1]:0);
}

TC(a5) {
	long x=0;
	s3(s,&x);
	return buf[x&15];
}

TC(a6) {
	long x=9;
	s3(s,&x);
	return buf[x];
}

TC(a7) {
	long x;
	s3(s,&x);
	return x;
}

TC(a8) {
	int k=s->mark;
	if (k>15) return 0;
	int r=s4(s);
	if (r>9) k=3;
	return buf[k&15];
}

TC(a9) {
	int i,t=0;
	for (i=0;i<8;i++) {
		t+=s2(s,i);
	}
	return buf[i]+t;
}

TC(a10) {
	int i,t=0;
	for (i=0;i<8;i++) {
		t=s2(s,i);
		if (t>7) break;
		buf[t&15]=i;
	}
	return buf[i];
}

NI static int sl(struct __sk_buff*s) {
	asm volatile("r6 = r1; r0 = *(u8*)skb[3];":::"r0","r6","r1","r2","r3","r4","r5");
	return 1;
}

TC(b1) {
	int k=s->mark&15;
	int r=sl(s);
	return buf[k]+buf[r&15];
}

TC(b2) {
	int k=s->mark&15;
	int r=sl(s);
	return buf[r];
}
