// SPDX-License-Identifier: GPL-2.0
// Everything that formats, with 0 to 12 values of all widths and with constants.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

SEC("iter/task")
int dump_task(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;

	if (!task) {
		BPF_SEQ_PRINTF(seq, "=== END ===\n");
		return 0;
	}
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "%8s %8s %s\n", "tgid", "pid", "comm");
	BPF_SEQ_PRINTF(seq, "%8d %8d %s %lx\n", task->tgid, task->pid, task->comm, task->start_time);
	return 0;
}

SEC("tp/syscalls/sys_enter_nanosleep")
int many(struct trace_event_raw_sys_enter *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	u64 id = bpf_get_current_pid_tgid();
	char out[64], small = id;
	u16 half = id >> 3;

	bpf_printk("none");
	bpf_printk("one %d", small);
	bpf_printk("two %d %d", small, half);
	bpf_printk("three %d %d %llx", small, half, id);
	bpf_printk("four %d %d %llx %px", small, half, id, task);
	bpf_printk("constants %d %d %d %d", 1, 2, 3, 4);
	bpf_printk("nested %d %d %d %d %d", BPF_CORE_READ(task, pid), BPF_CORE_READ(task, real_parent, pid), 3, 4, 5);
	bpf_printk("twelve %d %d %d %d %d %d %d %d %d %d %d %d", 1, small, half, id, ctx->id, 6, 7, 8, 9, 10, 11, task);
	BPF_SNPRINTF(out, sizeof(out), "%s-%d", task->comm, half);
	BPF_SNPRINTF(out, sizeof(out), "plain");
	return out[0];
}

char LICENSE[] SEC("license") = "GPL";
