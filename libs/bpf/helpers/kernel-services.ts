import type { KernelWalks } from './kernel-walks';

import type { PacketTable } from './packet/packet-table';

/** A network device as packet helpers ask of it; bytes. */
export interface NetDevice {
  readonly mtu: number;
  /** `hard_header_len`. */
  readonly headerBytes: number;
}

/** Identity of the task that runs on the current CPU. */
export interface CurrentTask {
  /** Thread id in the initial pid namespace. */
  readonly pid: number;
  readonly tgid: number;
  readonly uid: number;
  readonly gid: number;
  /** At most 15 bytes. */
  readonly comm: string;
  /** Offset of its `task_struct` in linear memory. */
  readonly taskOffset: number;
  /** cgroup v2 id (inode number). */
  readonly cgroupId: number;
  /** PF_KTHREAD or PF_EXITING: gets no signals, its user memory cannot be written. */
  readonly withoutUser?: boolean;
}

/** `struct bpf_perf_event_value`; counts and ns. */
export interface PerfValue {
  readonly counter: number;
  readonly enabled: number;
  readonly running: number;
}

/**
 * What helpers ask of the kernel they run in; the machine implements it. Addresses are signed words (see base/u64),
 * times are nanoseconds, offsets index linear memory.
 */
export interface KernelServices {
  readonly cpus: number;
  cpu(): number;
  /** CLOCK_MONOTONIC. */
  ktimeNs(): number;
  /** CLOCK_BOOTTIME. */
  bootNs(): number;
  /** CLOCK_REALTIME in ns since 1970 as a bigint (it passes 2^53). */
  realtimeNs(): bigint;
  task(): CurrentTask;
  /** Id of the ancestor of the current task's cgroup at `level` (0 is the root), undefined when there is none. */
  ancestorCgroupId(level: number): number | undefined;
  /** pid and tgid of the current task as a pid namespace sees them; undefined when it is not in that namespace. */
  pidInNamespace(device: number, inode: number): { pid: number; tgid: number } | undefined;
  /** Copies from the current task's address space; false on an unmapped page (-EFAULT), nothing guaranteed of dst. */
  readUser(address: number, dst: number, bytes: number): boolean;
  writeUser(address: number, src: number, bytes: number): boolean;
  /** Return addresses, innermost first. */
  kernelStack(): readonly number[];
  userStack(): readonly number[];
  /** Uniform 32 bits. */
  random(): number;
  /** One formatted line for the trace pipe, without the trailing newline. */
  tracePrintk(text: string): void;
  /** Symbol for %ps and %pS; undefined prints the address. */
  symbolName(address: number): { name: string; offset: number; size?: number } | undefined;
  /** Queues a signal for the current task (thread) or its group; 0 or a negative errno. */
  sendSignal(signal: number, wholeGroup: boolean): number;
  /** Offset of the current task's user `pt_regs` (`task_pt_regs`); without it the helper gives NULL. */
  userRegs?(): number;
  /** Copies from the address space of a task given by the offset of its task_struct; false is -EFAULT. */
  readTaskUser?(task: number, address: number, dst: number, bytes: number): boolean;
  /** Kernel stack of a task given by the offset of its task_struct, innermost first. */
  taskKernelStack?(task: number): readonly number[];
  /** Path of the `struct path` at an offset (`d_path`); undefined is -EINVAL. */
  dPath?(path: number): string | undefined;
  /** Cookie of the `struct sock` at an offset. */
  socketCookie?(sock: number): number;
  /** Writes to the `struct seq_file` at an offset, all or nothing; false is -EOVERFLOW. */
  seqWrite?(seq: number, bytes: Uint8Array): boolean;
  /** Offset of a CPU's copy of the per-CPU variable at `variable`; without it per-CPU data reads as NULL. */
  perCpu?(variable: number, cpu: number): number;
  /** Walks over tasks and cgroups; without it kfuncs that look for one find none. */
  readonly walks?: KernelWalks;
  /** The packets that programs are looking at; without it, no program has one. */
  readonly packets?: PacketTable;
  /** Device by its index, undefined when there is none. */
  netDevice?(ifindex: number): NetDevice | undefined;
  /** Index of the device that the packet of the run in flight came from. */
  packetDevice?(): number;
  /** Cookie of the socket of the packet of the run in flight. */
  packetCookie?(): number;
  /** Attach cookie, probed function and its arguments for the program in flight. */
  run(): RunInfo;
}

/** The run in flight. */
export interface RunInfo {
  /** `bpf_get_attach_cookie`; 0 when none was given. */
  readonly cookie: number;
  /** Entry address of the probed function (`bpf_get_func_ip`), 0 for other hooks. */
  readonly functionIp: number;
  /** perf_event programs: period of the sample. */
  readonly samplePeriod: number;
  /** fentry, fexit, fmod_ret, lsm programs: words before the return value in the context (`bpf_get_func_arg_cnt`). */
  readonly argCount?: number;
  /** `kprobe.session` and `uprobe.session` programs: where the run is, and offset of the call's own u64. */
  readonly session?: { readonly isReturn: boolean; readonly cookie: number };
  /** perf_event programs: the counter that fired (`bpf_perf_prog_read_value`). */
  perfValue?(): PerfValue;
  /** kprobe programs: makes the probed function return `value` without running (`bpf_override_return`). */
  overrideReturn?(value: number): void;
}
