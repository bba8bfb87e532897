// SPDX-License-Identifier: GPL-2.0
// Packets, against the system's UAPI headers: parsing, rewriting, counters, redirection.
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#ifndef memcpy
#define memcpy(dest, src, n) __builtin_memcpy((dest), (src), (n))
#endif

struct datarec {
	__u64 rx_packets;
	__u64 rx_bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct datarec);
	__uint(max_entries, XDP_REDIRECT + 1);
} xdp_stats_map SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(key_size, sizeof(int));
	__uint(value_size, sizeof(int));
	__uint(max_entries, 256);
} tx_port SEC(".maps");

struct hdr_cursor {
	void *pos;
};

static __always_inline __u32 xdp_stats_record_action(struct xdp_md *ctx, __u32 action)
{
	struct datarec *rec;

	if (action > XDP_REDIRECT)
		return XDP_ABORTED;
	rec = bpf_map_lookup_elem(&xdp_stats_map, &action);
	if (!rec)
		return XDP_ABORTED;
	rec->rx_packets++;
	rec->rx_bytes += ctx->data_end - ctx->data;
	return action;
}

static __always_inline int parse_ethhdr(struct hdr_cursor *nh, void *data_end, struct ethhdr **ethhdr)
{
	struct ethhdr *eth = nh->pos;

	if (nh->pos + sizeof(*eth) > data_end)
		return -1;
	nh->pos += sizeof(*eth);
	*ethhdr = eth;
	return eth->h_proto;
}

SEC("xdp")
int xdp_patch_ports_func(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end, *data = (void *)(long)ctx->data;
	struct hdr_cursor nh = { .pos = data };
	__u32 action = XDP_PASS;
	struct ethhdr *eth;

	switch (parse_ethhdr(&nh, data_end, &eth)) {
	case bpf_htons(ETH_P_IP): {
		struct iphdr *iph = nh.pos;
		struct udphdr *udp = (void *)(iph + 1);

		if ((void *)(udp + 1) > data_end)
			break;
		if (iph->protocol == IPPROTO_UDP && iph->saddr != bpf_htonl(INADDR_LOOPBACK)) {
			udp->dest = bpf_htons(bpf_ntohs(udp->dest) - 1);
			udp->check += bpf_htons(1);
			if (udp->check == 0)
				udp->check += bpf_htons(1);
		}
		break;
	}
	case bpf_htons(ETH_P_IPV6): {
		struct ipv6hdr *ip6 = nh.pos;

		if ((void *)(ip6 + 1) > data_end)
			break;
		if (bpf_ntohl(ip6->daddr.s6_addr32[3]) == 0x01020304)
			action = bpf_redirect_map(&tx_port, ctx->ingress_ifindex, 0);
		break;
	}
	}
	return xdp_stats_record_action(ctx, action);
}

SEC("xdp")
int xdp_swap64(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end, *data = (void *)(long)ctx->data;
	__u64 *word = data;

	if ((void *)(word + 1) > data_end)
		return XDP_DROP;
	word[0] = bpf_cpu_to_be64(bpf_be64_to_cpu(word[0]) + 1);
	return word[0] == bpf_cpu_to_be64(0x0102030405060708ULL) ? XDP_TX : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
