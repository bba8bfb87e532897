// SPDX-License-Identifier: GPL-2.0
// Reads of user memory and of types that no kernel knows.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

struct user_node {
	struct user_node *next;
	long value;
	char name[24];
	struct {
		struct user_node *other;
		int numbers[4];
	} inner;
} __attribute__((preserve_access_index));

struct plain {
	struct plain *next;
	int value;
	char text[8];
};

char name[32];

SEC("uprobe")
int BPF_KPROBE(walk, struct user_node *head, struct plain *p)
{
	long sum = BPF_CORE_READ_USER(head, next, inner.other, value);
	struct user_node **list = &head;
	int n;

	sum += BPF_PROBE_READ_USER(p, next, next, value);
	sum += BPF_CORE_READ_USER(head, inner.numbers[2]);
	sum += BPF_CORE_READ_USER(list[0], next, next, next, next, next, next, next, next, value);
	sum += BPF_CORE_READ_USER_INTO(&n, head, next, inner.numbers[1]);
	sum += BPF_PROBE_READ_USER_INTO(&n, p, next, value);
	sum += BPF_CORE_READ_USER_STR_INTO(&name, head, next, name);
	sum += BPF_PROBE_READ_USER_STR_INTO(&name, p, text);
	sum += bpf_core_read_user(&n, sizeof(n), &head->value);
	sum += bpf_core_read_user_str(name, sizeof(name), &head->name);
	return sum + n;
}

char LICENSE[] SEC("license") = "GPL";
