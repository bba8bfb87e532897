// SPDX-License-Identifier: GPL-2.0
// Audits program starts: one record from the execve attempt (with the whole argv, read from user memory) and one from
// the exec that succeeded, so that a refused or failing command is seen as well.
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define FILENAME_LEN 128
#define ARGV_BYTES 512
#define MAX_ARGS 20
#define ARG_LEN 64

enum event_kind {
	EXEC_ATTEMPT = 1,
	EXEC_DONE = 2,
};

struct event {
	__u64 ktime_ns;
	__u64 cgroup_id;
	enum event_kind kind;
	__u32 pid;
	__u32 ppid;
	__u32 uid;
	char comm[16];
	char filename[FILENAME_LEN];
	__u32 argc;
	__u32 argv_len;
	char argv[ARGV_BYTES]; /* arguments joined by a blank */
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

/* Keeps the record's type in the BTF, so that loaders can decode it. */
const struct event *unused_event __attribute__((unused));

/* Only programs of this user are audited; -1 for all. Set before load. */
const volatile __s32 target_uid = -1;

static __always_inline bool wanted(__u32 uid)
{
	return target_uid < 0 || uid == (__u32)target_uid;
}

static __always_inline void fill_identity(struct event *e, enum event_kind kind)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	e->ktime_ns = bpf_ktime_get_ns();
	e->cgroup_id = bpf_get_current_cgroup_id();
	e->kind = kind;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->ppid = BPF_CORE_READ(task, real_parent, tgid);
	e->uid = (__u32)bpf_get_current_uid_gid();
	bpf_get_current_comm(e->comm, sizeof(e->comm));
}

SEC("tracepoint/syscalls/sys_enter_execve")
int on_execve(struct trace_event_raw_sys_enter *ctx)
{
	const char *const *argv = (const char *const *)ctx->args[1];
	__u32 used = 0, argc = 0;
	struct event *e;

	if (!wanted((__u32)bpf_get_current_uid_gid()))
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e)
		return 0;
	fill_identity(e, EXEC_ATTEMPT);
	bpf_probe_read_user_str(e->filename, sizeof(e->filename), (const char *)ctx->args[0]);

	for (int i = 0; i < MAX_ARGS; i++) {
		const char *arg = NULL;
		long n;

		if (bpf_probe_read_user(&arg, sizeof(arg), &argv[i]) || !arg)
			break;
		if (used > ARGV_BYTES - ARG_LEN)
			break;
		n = bpf_probe_read_user_str(&e->argv[used], ARG_LEN, arg);
		if (n <= 0)
			break;
		used += n;
		argc++;
		/* the terminating NUL becomes the separator; the last one stays */
		if (used > 0 && used < ARGV_BYTES)
			e->argv[used - 1] = ' ';
	}
	if (used > 0 && used <= ARGV_BYTES)
		e->argv[used - 1] = 0;
	else
		e->argv[0] = 0;
	e->argc = argc;
	e->argv_len = used;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tracepoint/sched/sched_process_exec")
int on_exec(struct trace_event_raw_sched_process_exec *ctx)
{
	unsigned int offset = ctx->__data_loc_filename & 0xffff;
	struct event *e;

	if (!wanted((__u32)bpf_get_current_uid_gid()))
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e)
		return 0;
	fill_identity(e, EXEC_DONE);
	bpf_probe_read_kernel_str(e->filename, sizeof(e->filename), (void *)ctx + offset);
	e->argc = 0;
	e->argv_len = 0;
	e->argv[0] = 0;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
