import type { Btf } from '@probed/btf';
import type { HookBus } from '@probed/hooks';
import type { KernelMemory } from '@probed/memory';
import type { KernelObjects } from './kernel-objects';
import type { ObjectLookup } from './object-lookup';

/** The kernel image's symbol table (kallsyms). Addresses are signed words. */
export interface KernelSymbols {
  address(name: string): number | undefined;
  /** All names, in order of address. */
  iterateNames(): Iterable<string>;
  /** The function that contains `address`. */
  lookup(
    address: number,
  ): { readonly name: string; readonly offset: number; readonly size: number } | undefined;
}

export interface KernelOptions {
  readonly memory: KernelMemory;
  /** BTF of the emulated kernel: where every modelled field lies. */
  readonly btf: Btf;
  readonly symbols: KernelSymbols;
  /** Same seed, same run. */
  readonly seed: number;
  /** Logical CPUs, default 4. */
  readonly cpus?: number;
  /** Wall time at virtual time 0 in ns since 1970, default 2026-01-01T00:00:00Z. */
  readonly epochNs?: bigint;
  /** Virtual time since boot at which the run begins, ns, default 3 h 25 min (a node that has been up for a while). */
  readonly bootedNs?: number;
  /** Node name, default `node-1`. */
  readonly hostname?: string;
  /** What uname shows, default `6.18.0`. */
  readonly release?: string;
}

/** Identity of a task, valid as long as the task exists. */
export interface TaskIdentity {
  /** Thread id in the initial pid namespace. */
  readonly pid: number;
  readonly tgid: number;
  readonly ppid: number;
  readonly uid: number;
  readonly gid: number;
  /** At most 15 bytes. */
  readonly comm: string;
  /** Offset of its `task_struct` in linear memory. */
  readonly taskOffset: number;
  /** cgroup v2 id (inode number). */
  readonly cgroupId: number;
  readonly cgroupPath: string;
  /** Exec session that the task belongs to, if any: given at launch, inherited by children. */
  readonly execSession?: string;
}

/** A resolved user address. */
export interface UserSymbol {
  readonly name: string;
  readonly offset: number;
  /** Path of the executable or library. */
  readonly module: string;
}

/**
 * What the machine needs of a node's kernel. Addresses are signed words, offsets index linear memory, times are
 * nanoseconds. All of it is synchronous; hooks fire inside {@link KernelApi.run}.
 */
export interface KernelApi {
  readonly hooks: HookBus;
  readonly memory: KernelMemory;
  readonly cpus: number;
  readonly hostname: string;
  /** Number of the CPU on which the kernel executes now. */
  cpu(): number;
  /** The task that this CPU runs (the idle task when none). */
  current(): TaskIdentity;
  taskByPid(pid: number): TaskIdentity | undefined;
  allTasks(): Iterable<TaskIdentity>;
  /** What iterators walk over. */
  readonly objects: KernelObjects;
  /** What kernel functions for programs find from an object. */
  readonly lookup: ObjectLookup;

  /** CLOCK_MONOTONIC of the current CPU, ns. */
  nowNs(): number;
  /** CLOCK_BOOTTIME, ns. */
  bootNs(): number;
  /** CLOCK_REALTIME, ns since 1970. */
  realtimeNs(): bigint;
  /** Wall time at CLOCK_MONOTONIC 0, ns since 1970; another one when the wall clock is stepped. */
  readonly bootEpochNs: bigint;
  /**
   * Advances virtual time to `untilNs` (CLOCK_MONOTONIC), running everything due before.
   * @returns false when it had to stop earlier, at a driven task in user mode; never without driven programs
   */
  run(untilNs: number): boolean;
  /** Time of the next thing that will happen, undefined when nothing ever will. */
  nextEventNs(): number | undefined;

  /** Copies from the current task's memory into linear memory; false on an unmapped page (-EFAULT). */
  readUser(address: number, dst: number, bytes: number): boolean;
  /** Copies into the current task's memory; false on an unmapped or read-only page (-EFAULT). */
  writeUser(address: number, src: number, bytes: number): boolean;
  /** Return addresses of the current task in kernel mode, innermost first; empty in user mode. */
  kernelStack(): readonly number[];
  userStack(): readonly number[];
  /**
   * Stack and frame pointer of the current task in kernel mode, addresses of memory that holds its return addresses.
   * @param returned at a function's return rather than its entry
   */
  kernelFrame(returned: boolean): { readonly sp: number; readonly bp: number };
  /** Address of a kernel function; 0 when there is none. */
  symbolAddress(name: string): number;
  kernelSymbol(address: number): { readonly name: string; readonly offset: number } | undefined;
  /** Resolves a user address in the current task, or in `pid`'s. */
  userSymbol(address: number, pid?: number): UserSymbol | undefined;
  /** Offset of the current task's user `pt_regs`, brought up to date (`bpf_task_pt_regs`). */
  userRegs(): number;

  /** cgroup id of the current task's ancestor at `level` (0 is the root). */
  ancestorCgroupId(level: number): number | undefined;
  cgroupPath(id: number): string | undefined;
  /** pid and tgid of the current task in the pid namespace with that nsfs device and inode. */
  pidInNamespace(device: number, inode: number): { readonly pid: number; readonly tgid: number } | undefined;
  /** Offset of `task->files->fdt[fd]`'s file in linear memory, undefined when not open. */
  fileOffset(pid: number, fd: number): number | undefined;
  /** Absolute path of a `struct path` in linear memory, as `d_path` prints it. */
  dPath(pathOffset: number): string | undefined;
  /** Cookie of the `struct sock` at an offset (`__sock_gen_cookie`). */
  socketCookie(sock: number): number;
  /** Queues a signal for the current thread or its group; 0 or a negative errno (`bpf_send_signal`). */
  sendSignal(signal: number, wholeGroup: boolean): number;
  /** Uniform 32 bits, for `bpf_get_prandom_u32`; its own stream. */
  random(): number;
}
