// SPDX-License-Identifier: GPL-2.0
// What happens inside chosen containers: programs started and ended, files opened, reads and writes, connections, in one
// stream of events. A container is chosen by its cgroup id (the inode number of its folder below /sys/fs/cgroup), put
// into the map watched_cgroups; a call's entry is kept in a map until its exit joins it.
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define PATH_LEN 192
#define ARGV_LEN 256

#define AF_INET 2
#define AF_INET6 10

enum event_type {
	POD_EXEC = 1,
	POD_EXIT = 2,
	POD_OPEN = 3,
	POD_READ = 4,
	POD_WRITE = 5,
	POD_CONNECT = 6,
};

struct event {
	__u64 ktime_ns;
	__u64 cgroup_id;
	__u64 duration_ns; /* of the call; of the whole life for POD_EXIT */
	__s64 ret;         /* what the call gave, or a negative errno; the exit code for POD_EXIT */
	enum event_type type;
	__u32 pid;
	__u32 tid;
	__u32 ppid;
	__u32 uid;
	__s32 fd;     /* read, write, connect */
	__u32 flags;  /* of openat */
	__u32 signal; /* that ended the process, or 0 */
	__u64 bytes;  /* asked for: read, write */
	__u16 family; /* connect */
	__u16 port;   /* host order */
	__be32 daddr;
	__u8 daddr6[16];
	char comm[16];
	char path[PATH_LEN]; /* POD_EXEC, POD_OPEN */
	char argv[ARGV_LEN]; /* POD_EXEC: arguments joined by a blank */
};

/* A system call that has been entered. */
struct call {
	__u64 ktime_ns;
	const char *path;
	__u64 bytes;
	enum event_type type;
	__s32 fd;
	__u32 flags;
	__u16 family;
	__u16 port;
	__be32 daddr;
	__u8 daddr6[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1024 * 1024);
} events SEC(".maps");

/* Keeps the record's type in the BTF, so that loaders can decode it. */
const struct event *unused_event __attribute__((unused));

/* Calls in progress, by thread. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, struct call);
} calls SEC(".maps");

/* Containers to watch; the value does not matter. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u8);
} watched_cgroups SEC(".maps");

/* Everything on the node. Set before load. */
const volatile bool watch_all = false;
/* Reads and writes too: most of what happens. */
const volatile bool with_io = true;

static __always_inline bool watched(void)
{
	__u64 cgroup = bpf_get_current_cgroup_id();

	return watch_all || bpf_map_lookup_elem(&watched_cgroups, &cgroup);
}

/* A zeroed event with who it is about. */
static __always_inline struct event *new_event(enum event_type type)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u64 id = bpf_get_current_pid_tgid();
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e)
		return NULL;
	__builtin_memset(e, 0, sizeof(*e));
	e->ktime_ns = bpf_ktime_get_ns();
	e->cgroup_id = bpf_get_current_cgroup_id();
	e->type = type;
	e->pid = id >> 32;
	e->tid = (__u32)id;
	e->ppid = BPF_CORE_READ(task, real_parent, tgid);
	e->uid = (__u32)bpf_get_current_uid_gid();
	e->fd = -1;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	return e;
}

/* The argument area of the new program, with its NULs made blanks. */
static __always_inline void read_argv(char *argv)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	unsigned long start = BPF_CORE_READ(task, mm, arg_start);
	unsigned long bytes = BPF_CORE_READ(task, mm, arg_end) - start;

	if (bytes == 0)
		return;
	if (bytes > ARGV_LEN)
		bytes = ARGV_LEN;
	if (bpf_probe_read_user(argv, bytes, (const void *)start))
		return;
	for (int i = 0; i < ARGV_LEN - 1; i++) {
		if (i + 1 >= bytes)
			break;
		if (!argv[i])
			argv[i] = ' ';
	}
	argv[ARGV_LEN - 1] = 0;
}

SEC("tracepoint/sched/sched_process_exec")
int on_exec(struct trace_event_raw_sched_process_exec *ctx)
{
	unsigned int offset = ctx->__data_loc_filename & 0xffff;
	struct event *e;

	if (!watched())
		return 0;
	e = new_event(POD_EXEC);
	if (!e)
		return 0;
	bpf_probe_read_kernel_str(e->path, sizeof(e->path), (void *)ctx + offset);
	read_argv(e->argv);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tracepoint/sched/sched_process_exit")
int on_exit(void *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u64 id = bpf_get_current_pid_tgid();
	__u32 tid = (__u32)id;
	struct event *e;
	int code;

	bpf_map_delete_elem(&calls, &tid);
	/* a process ends with its main thread, for our purposes */
	if (id >> 32 != tid || !watched())
		return 0;
	e = new_event(POD_EXIT);
	if (!e)
		return 0;
	code = BPF_CORE_READ(task, exit_code);
	e->ret = (code >> 8) & 0xff;
	e->signal = code & 0x7f;
	e->duration_ns = e->ktime_ns - BPF_CORE_READ(task, start_time);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

static __always_inline int enter(struct call *call)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	call->ktime_ns = bpf_ktime_get_ns();
	bpf_map_update_elem(&calls, &tid, call, BPF_ANY);
	return 0;
}

/* Joins a call that returns with its entry. */
static __always_inline int leave(enum event_type type, long ret)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct call *call = bpf_map_lookup_elem(&calls, &tid);
	struct event *e;

	if (!call)
		return 0;
	if (call->type != type)
		goto done;
	e = new_event(type);
	if (!e)
		goto done;
	e->duration_ns = e->ktime_ns - call->ktime_ns;
	e->ret = ret;
	e->fd = call->fd;
	e->flags = call->flags;
	e->bytes = call->bytes;
	e->family = call->family;
	e->port = call->port;
	e->daddr = call->daddr;
	__builtin_memcpy(e->daddr6, call->daddr6, sizeof(e->daddr6));
	/* only now is the page of the path certain to be there */
	if (call->path)
		bpf_probe_read_user_str(e->path, sizeof(e->path), call->path);
	bpf_ringbuf_submit(e, 0);
done:
	bpf_map_delete_elem(&calls, &tid);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int enter_openat(struct trace_event_raw_sys_enter *ctx)
{
	struct call call = { .type = POD_OPEN, .fd = -1 };

	if (!watched())
		return 0;
	call.path = (const char *)ctx->args[1];
	call.flags = (__u32)ctx->args[2];
	return enter(&call);
}

SEC("tracepoint/syscalls/sys_exit_openat")
int exit_openat(struct trace_event_raw_sys_exit *ctx)
{
	return leave(POD_OPEN, ctx->ret);
}

static __always_inline int enter_io(struct trace_event_raw_sys_enter *ctx, enum event_type type)
{
	struct call call = { .type = type };

	if (!with_io || !watched())
		return 0;
	call.fd = (__s32)ctx->args[0];
	call.bytes = ctx->args[2];
	return enter(&call);
}

SEC("tracepoint/syscalls/sys_enter_read")
int enter_read(struct trace_event_raw_sys_enter *ctx)
{
	return enter_io(ctx, POD_READ);
}

SEC("tracepoint/syscalls/sys_exit_read")
int exit_read(struct trace_event_raw_sys_exit *ctx)
{
	return leave(POD_READ, ctx->ret);
}

SEC("tracepoint/syscalls/sys_enter_write")
int enter_write(struct trace_event_raw_sys_enter *ctx)
{
	return enter_io(ctx, POD_WRITE);
}

SEC("tracepoint/syscalls/sys_exit_write")
int exit_write(struct trace_event_raw_sys_exit *ctx)
{
	return leave(POD_WRITE, ctx->ret);
}

SEC("tracepoint/syscalls/sys_enter_connect")
int enter_connect(struct trace_event_raw_sys_enter *ctx)
{
	const void *address = (const void *)ctx->args[1];
	struct call call = { .type = POD_CONNECT };

	if (!watched())
		return 0;
	call.fd = (__s32)ctx->args[0];
	bpf_probe_read_user(&call.family, sizeof(call.family), address);
	if (call.family == AF_INET) {
		struct sockaddr_in in = {};

		bpf_probe_read_user(&in, sizeof(in), address);
		call.port = bpf_ntohs(in.sin_port);
		call.daddr = in.sin_addr.s_addr;
	} else if (call.family == AF_INET6) {
		struct sockaddr_in6 in6 = {};

		bpf_probe_read_user(&in6, sizeof(in6), address);
		call.port = bpf_ntohs(in6.sin6_port);
		__builtin_memcpy(call.daddr6, &in6.sin6_addr, sizeof(call.daddr6));
	}
	return enter(&call);
}

SEC("tracepoint/syscalls/sys_exit_connect")
int exit_connect(struct trace_event_raw_sys_exit *ctx)
{
	return leave(POD_CONNECT, ctx->ret);
}

char LICENSE[] SEC("license") = "GPL";
