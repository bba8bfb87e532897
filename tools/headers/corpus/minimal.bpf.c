// SPDX-License-Identifier: GPL-2.0
// The least that is a program: no vmlinux.h, one global, one line to the trace pipe.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

int my_pid = 0;

SEC("tp/syscalls/sys_enter_write")
int handle_tp(void *ctx)
{
	int pid = bpf_get_current_pid_tgid() >> 32;

	if (pid != my_pid)
		return 0;
	bpf_printk("write from PID %d", pid);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
