// SPDX-License-Identifier: GPL-2.0
// Shows each line typed into bash: what readline returns is a string in the shell's own memory.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct event {
	__u64 ktime_ns;
	__u32 pid;
	__u32 uid;
	char comm[16];
	char line[80];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

/* Keeps the record's type in the BTF, so that loaders can decode it. */
const struct event *unused_event __attribute__((unused));

SEC("uretprobe//bin/bash:readline")
int BPF_KRETPROBE(on_readline, const void *line)
{
	struct event *e;

	if (!line)
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e)
		return 0;
	e->ktime_ns = bpf_ktime_get_ns();
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->uid = (__u32)bpf_get_current_uid_gid();
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_probe_read_user_str(e->line, sizeof(e->line), line);
	bpf_printk("readline in %d: %s", e->pid, e->line);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
