// SPDX-License-Identifier: GPL-2.0
// Traffic control with tail calls through a program array that is filled at load, and maps of maps.
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

int tail_one(struct __sk_buff *skb);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, sizeof(__u32));
	__array(values, int(struct __sk_buff *));
} jumps SEC(".maps") = {
	.values = {
		[1] = (void *)&tail_one,
	},
};

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} inner1 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = {
	.values = { &inner1 },
};

static __noinline int count(struct __sk_buff *skb, __u32 key)
{
	void *map = bpf_map_lookup_elem(&outer, &key);
	__u32 zero = 0, *value;

	if (!map)
		return 0;
	value = bpf_map_lookup_elem(map, &zero);
	if (value)
		__sync_fetch_and_add(value, skb->len);
	return 1;
}

__hidden int hidden_check(struct __sk_buff *skb)
{
	return skb->mark == 7;
}

__weak int weak_check(struct __sk_buff *skb)
{
	return skb->priority == 1;
}

SEC("tc")
int tail_one(struct __sk_buff *skb)
{
	char byte;

	if (bpf_skb_load_bytes(skb, 14, &byte, 1))
		return TC_ACT_SHOT;
	return byte == 0x45 ? TC_ACT_OK : TC_ACT_SHOT;
}

SEC("tc")
int entry(struct __sk_buff *skb)
{
	if (skb->protocol != bpf_htons(0x0800))
		return TC_ACT_OK;
	if (hidden_check(skb) || weak_check(skb))
		bpf_tail_call(skb, &jumps, skb->mark & 3);
	count(skb, 0);
	bpf_tail_call_static(skb, &jumps, 1);
	return TC_ACT_OK;
}

char __license[] SEC("license") = "Dual MIT/GPL";
