// SPDX-License-Identifier: GPL-2.0
// Writes and reads bit fields of units of 1, 2 and 4 bytes. Returns 0 where each equals what plain C does.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct iphdr ip;
struct tcphdr tcp;

SEC("tc")
int bitfields(struct __sk_buff *skb)
{
	struct iphdr plain = {};
	struct tcphdr flags = {};
	int wrong = 0;

	__builtin_memset(&ip, 0xff, 1);
	__builtin_memset(&plain, 0xff, 1);
	BPF_CORE_WRITE_BITFIELD(&ip, ihl, 5);
	plain.ihl = 5;
	wrong += *(u8 *)&ip != *(u8 *)&plain;
	BPF_CORE_WRITE_BITFIELD(&ip, version, 0x14);
	plain.version = 4;
	wrong += *(u8 *)&ip != *(u8 *)&plain;
	wrong += BPF_CORE_READ_BITFIELD(&ip, ihl) != 5;
	wrong += BPF_CORE_READ_BITFIELD(&ip, version) != 4;
	wrong += BPF_CORE_READ_BITFIELD_PROBED(&ip, version) != 4;

	BPF_CORE_WRITE_BITFIELD(&tcp, syn, 1);
	BPF_CORE_WRITE_BITFIELD(&tcp, doff, 9);
	flags.syn = 1;
	flags.doff = 9;
	wrong += ((u16 *)&tcp)[6] != ((u16 *)&flags)[6];
	wrong += BPF_CORE_READ_BITFIELD(&tcp, doff) != 9;
	wrong += BPF_CORE_READ_BITFIELD(&tcp, fin);
	return wrong;
}

char LICENSE[] SEC("license") = "GPL";
