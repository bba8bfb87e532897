// SPDX-License-Identifier: GPL-2.0
// Functions by their registers: all six arguments, return values, system calls, user space, by hand and by wrapper.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(do_unlinkat, int dfd, struct filename *name)
{
	pid_t pid = bpf_get_current_pid_tgid() >> 32;
	const char *filename = BPF_CORE_READ(name, name);

	bpf_printk("KPROBE ENTRY pid = %d, filename = %s\n", pid, filename);
	return 0;
}

SEC("kretprobe/do_unlinkat")
int BPF_KRETPROBE(do_unlinkat_exit, long ret)
{
	bpf_printk("KPROBE EXIT: pid = %d, ret = %ld\n", bpf_get_current_pid_tgid() >> 32, ret);
	return 0;
}

SEC("kprobe/five")
int BPF_KPROBE(five, void *a, int b, unsigned char c, long d, u16 e)
{
	return a ? b + c + d + e : 0;
}

SEC("kprobe")
int BPF_KPROBE(no_args)
{
	unsigned long ip, caller;

	BPF_KPROBE_READ_RET_IP(ip, ctx);
	BPF_KRETPROBE_READ_RET_IP(caller, ctx);
	return ip == caller;
}

SEC("kretprobe")
int BPF_KRETPROBE(no_result)
{
	return PT_REGS_IP(ctx) == PT_REGS_FP(ctx);
}

SEC("kprobe/by_hand")
int by_hand(struct pt_regs *ctx)
{
	struct pt_regs *regs = PT_REGS_SYSCALL_REGS(ctx);
	u64 sum = PT_REGS_PARM1(ctx) + PT_REGS_PARM2(ctx) + PT_REGS_PARM3(ctx) + PT_REGS_PARM4(ctx) + PT_REGS_PARM5(ctx);

	sum += PT_REGS_RET(ctx) ^ PT_REGS_FP(ctx) ^ PT_REGS_RC(ctx) ^ PT_REGS_SP(ctx) ^ PT_REGS_IP(ctx);
	sum += PT_REGS_PARM1_CORE(ctx) - PT_REGS_PARM4_CORE(ctx) - PT_REGS_RC_CORE(ctx) - PT_REGS_IP_CORE(ctx);
	sum += PT_REGS_PARM1_CORE_SYSCALL(regs) * PT_REGS_PARM4_CORE_SYSCALL(regs);
	sum += PT_REGS_PARM4_SYSCALL(ctx) + PT_REGS_PARM2_SYSCALL(ctx);
	return sum > 10;
}

SEC("ksyscall/kill")
int BPF_KSYSCALL(kill_entry, pid_t pid, int sig)
{
	bpf_printk("kill(%d, %d)", pid, sig);
	return 0;
}

SEC("kprobe/__x64_sys_mount")
int BPF_KPROBE_SYSCALL(mount_entry, char *dev, char *dir, char *type, unsigned long flags, void *data)
{
	char buf[16];

	if (flags & 1)
		return 0;
	return bpf_probe_read_user_str(buf, sizeof(buf), dir) + bpf_probe_read_user_str(buf, sizeof(buf), type) +
	       (dev && data);
}

SEC("ksyscall/getpid")
int BPF_KSYSCALL(getpid_entry)
{
	return 1;
}

SEC("uretprobe")
int BPF_KRETPROBE(uprobe_sub_exit, int ret)
{
	bpf_printk("%d", ret);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
