import type { Cgroup } from '../cgroup/cgroup';
import type { Kernel } from '../kernel';
import type { AddressSpace } from '../mm/address-space';
import type { NsProxy } from '../namespaces/nsproxy';
import { WaitQueue } from '../sched/wait-queue';
import { KERNEL_FRAMES_BYTES } from '../trace/kernel-frames';
import { securityHook } from '../trace/security';
import type { FilesStruct } from '../vfs/files-struct';
import type { FsStruct } from '../vfs/fs-struct';
import { type Cred, getCred, putCred } from './cred';
import { allocPid, freePid, Pid } from './pid';
import { SignalStruct } from './signal-struct';
import { PF } from './state';
import { Task } from './task';

/** `THREAD_SIZE` of x86-64. */
const THREAD_SIZE = 16_384;
const TASK_COMM_LEN = 16;
const UNSET_LOGINUID = 0xffff_ffff;

const securityTaskFree = securityHook<[Task]>('task_free', (k, task) => [k.ptr(task.offset)]);

/** What a new task is made of; shared or copied parts have been decided by the caller. */
export interface TaskParts {
  readonly parent: Task | undefined;
  readonly comm: string;
  readonly cred: Cred;
  readonly cgroup: Cgroup;
  readonly nsproxy: NsProxy;
  readonly files: FilesStruct;
  readonly fs: FsStruct;
  readonly mm: AddressSpace | undefined;
  /** A thread of `parent` when given. */
  readonly threadOf?: Task;
  readonly flags?: number;
  /** Its number, claimed in the initial pid namespace; the next free one by default. */
  readonly pid?: number;
}

/** All tasks of a node, and the one place that writes `task_struct` and `signal_struct`. */
export class TaskTable {
  private readonly byPid = new Map<number, Task>();
  /** Tasks alive or unreaped, idle tasks not counted. */
  get count(): number {
    return this.byPid.size;
  }

  constructor(private readonly k: Kernel) {}

  find(pid: number): Task | undefined {
    return this.byPid.get(pid);
  }

  all(): Iterable<Task> {
    return this.byPid.values();
  }

  /** The idle task of a CPU: pid 0, in no list. */
  createIdle(cpu: number, parts: TaskParts): Task {
    const pid = new Pid(0, [{ nr: 0, ns: this.k.ns.initPid }]);
    const task = this.build(new Task(this.alloc(), 0, 0, pid), { ...parts, flags: PF.IDLE | PF.KTHREAD });
    task.allowedCpus = 1 << cpu;
    this.setCpu(task, cpu);
    return task;
  }

  create(parts: TaskParts): Task {
    const thread = allocPid(this.k, parts.nsproxy.all.pid, parts.pid);
    const { nr } = thread.numbers[0];
    const task = new Task(this.alloc(), nr, parts.threadOf ? parts.threadOf.tgid : nr, thread);
    this.build(task, parts);
    this.byPid.set(nr, task);
    return task;
  }

  private alloc(): number {
    return this.k.memory.alloc(this.k.layout.task.sizeBytes);
  }

  private build(task: Task, parts: TaskParts): Task {
    const { k } = this;
    const L = k.layout.task;
    const at = task.offset;
    const { threadOf } = parts;
    // Who has no other parent descends from init_task, the first CPU's idle task.
    task.parent = threadOf ? threadOf.parent : (parts.parent ?? k.sched.cpus[0]?.idle ?? task);
    task.groupLeader = threadOf ? threadOf.groupLeader : task;
    task.signal = threadOf ? threadOf.signal : this.createSignal(parts.parent);
    task.signal.threads.add(task);
    task.startNs = k.sched.cur ? k.nowNs() : 0;
    k.w.put(at, L.pid, task.pid);
    k.w.put(at, L.tgid, task.tgid);
    k.w.ptr(at, L.thread_pid, task.thread.offset);
    k.w.ptr(at, L.group_leader, task.groupLeader.offset);
    k.w.ptr(at, L.signal, task.signal.offset);
    k.w.ptr(at, L.sighand, task.signal.sighandOffset);
    k.w.put(at, L.start_time, task.startNs);
    k.w.put(at, L.start_boottime, task.startNs);
    k.w.put(at, L.exit_signal, task.exitSignal);
    k.w.put(at, L.loginuid, UNSET_LOGINUID);
    k.w.put(at, L.sessionid, UNSET_LOGINUID);
    k.w.put(at, L.nr_cpus_allowed, k.cpus);
    this.setParent(task, task.parent);
    this.initLists(task);
    this.initRegs(task);
    this.setComm(task, parts.comm);
    this.setCred(task, parts.cred);
    this.setCgroup(task, parts.cgroup);
    this.setNsProxy(task, parts.nsproxy);
    this.setFiles(task, parts.files);
    this.setFs(task, parts.fs);
    this.setMm(task, parts.mm);
    this.setFlags(task, parts.flags ?? 0);
    this.setNice(task, parts.parent?.nice ?? 0);
    this.writeThreads(task.signal);
    return task;
  }

  private createSignal(parent: Task | undefined): SignalStruct {
    const { k } = this;
    const offset = k.memory.alloc(k.layout.signal.sizeBytes);
    const sighand = k.memory.alloc(k.layout.sighand.sizeBytes);
    k.w.put(sighand, k.layout.sighand.count, 1);
    const signal = new SignalStruct(offset, sighand, new WaitQueue());
    if (parent) {
      signal.pgrp = parent.signal.pgrp;
      signal.session = parent.signal.session;
      signal.tty = parent.signal.tty;
      if (signal.tty) k.w.ptr(offset, k.layout.signal.tty, signal.tty.offset);
      for (const [number, action] of parent.signal.actions) signal.actions.set(number, action);
      for (const [resource, pair] of parent.signal.limits) signal.limits.set(resource, pair);
    }
    return signal;
  }

  /** List heads that nothing of ours is linked into point at themselves, so that a walk over them ends. */
  private initLists(task: Task): void {
    const { k } = this;
    const L = k.layout.task;
    for (const [next, prev] of [
      [L['children.next'], L['children.prev']],
      [L['sibling.next'], L['sibling.prev']],
      [L['tasks.next'], L['tasks.prev']],
      [L['thread_node.next'], L['thread_node.prev']],
    ]) {
      k.w.ptr(task.offset, next, task.offset + next.offset);
      k.w.ptr(task.offset, prev, task.offset + next.offset);
    }
  }

  /** Only the top of the kernel stack exists: the user registers. `stack` points where the whole would begin. */
  private initRegs(task: Task): void {
    const { k } = this;
    const bytes = k.layout.regs.sizeBytes;
    const at = k.memory.alloc(KERNEL_FRAMES_BYTES + bytes) + KERNEL_FRAMES_BYTES;
    task.regsOffset = at;
    const field = k.layout.task.stack;
    if (field.offset >= 0) k.writeWord(task.offset + field.offset, k.ptr(at) + bytes - THREAD_SIZE);
  }

  setParent(task: Task, parent: Task): void {
    const { k } = this;
    if (task.parent !== task) task.parent?.children.delete(task);
    task.parent = parent;
    if (parent !== task && task.groupLeader === task) parent.children.add(task);
    k.w.ptr(task.offset, k.layout.task.real_parent, parent.offset);
    k.w.ptr(task.offset, k.layout.task.parent, parent.offset);
  }

  /** `kernel/sched`: state as readers of `__state` see it. */
  setState(task: Task, state: number): void {
    task.state = state;
    this.k.w.put(task.offset, this.k.layout.task.__state, state);
  }

  setExitState(task: Task, state: number): void {
    task.exitState = state;
    this.k.w.put(task.offset, this.k.layout.task.exit_state, state);
  }

  setExitCode(task: Task, code: number): void {
    task.exitCode = code;
    this.k.w.put(task.offset, this.k.layout.task.exit_code, code);
  }

  setFlags(task: Task, flags: number): void {
    task.flags = flags;
    this.k.w.put(task.offset, this.k.layout.task.flags, flags);
  }

  setComm(task: Task, comm: string): void {
    task.comm = cutComm(comm);
    this.k.w.text(task.offset, this.k.layout.task.comm, task.comm);
  }

  setCred(task: Task, cred: Cred): void {
    const { k } = this;
    if (cred.users === 0 || task.cred !== cred) getCred(k, cred);
    if (task.cred && task.cred !== cred) putCred(k, task.cred);
    task.cred = cred;
    k.w.ptr(task.offset, k.layout.task.cred, cred.offset);
    k.w.ptr(task.offset, k.layout.task.real_cred, cred.offset);
  }

  setCgroup(task: Task, cgroup: Cgroup): void {
    task.cgroup = cgroup;
    this.k.w.ptr(task.offset, this.k.layout.task.cgroups, cgroup.cssSetOffset);
  }

  setNsProxy(task: Task, nsproxy: NsProxy): void {
    task.nsproxy = nsproxy;
    this.k.w.ptr(task.offset, this.k.layout.task.nsproxy, nsproxy.offset);
  }

  setFiles(task: Task, files: FilesStruct): void {
    task.files = files;
    this.k.w.ptr(task.offset, this.k.layout.task.files, files.offset);
  }

  setFs(task: Task, fs: FsStruct): void {
    task.fs = fs;
    this.k.w.ptr(task.offset, this.k.layout.task.fs, fs.offset);
  }

  setMm(task: Task, mm: AddressSpace | undefined): void {
    const { k } = this;
    task.mm = mm;
    k.w.ptr(task.offset, k.layout.task.mm, mm?.offset ?? 0);
    k.w.ptr(task.offset, k.layout.task.active_mm, mm?.offset ?? 0);
    if (mm && task.groupLeader === task) k.w.ptr(mm.offset, k.layout.mm.owner, task.offset);
  }

  setCpu(task: Task, cpu: number): void {
    const { k } = this;
    task.cpu = cpu;
    k.w.put(task.offset, k.layout.task['thread_info.cpu'], cpu);
    k.w.put(task.offset, k.layout.task.wake_cpu, cpu);
  }

  setOnCpu(task: Task, on: boolean): void {
    this.k.w.put(task.offset, this.k.layout.task.on_cpu, on ? 1 : 0);
  }

  setNice(task: Task, nice: number): void {
    const { k } = this;
    const L = k.layout.task;
    task.nice = nice;
    task.weightFactor = 1.25 ** nice;
    for (const field of [L.prio, L.static_prio, L.normal_prio]) k.w.put(task.offset, field, task.prio);
  }

  setLoginUid(task: Task, uid: number, session: number): void {
    this.k.w.put(task.offset, this.k.layout.task.loginuid, uid);
    this.k.w.put(task.offset, this.k.layout.task.sessionid, session);
  }

  writeRuntime(task: Task): void {
    const { k } = this;
    const L = k.layout.task;
    k.w.put(task.offset, L['se.sum_exec_runtime'], task.sumExecNs);
    k.w.put(task.offset, L['se.vruntime'], Math.floor(task.vruntime));
    k.w.put(task.offset, L.utime, task.utimeNs);
    k.w.put(task.offset, L.stime, task.stimeNs);
  }

  writeSwitchCounters(task: Task): void {
    this.k.w.put(task.offset, this.k.layout.task.nvcsw, task.nvcsw);
    this.k.w.put(task.offset, this.k.layout.task.nivcsw, task.nivcsw);
  }

  writeFaults(task: Task): void {
    this.k.w.put(task.offset, this.k.layout.task.min_flt, task.minFlt);
    this.k.w.put(task.offset, this.k.layout.task.maj_flt, task.majFlt);
  }

  writeThreads(signal: SignalStruct): void {
    const L = this.k.layout.signal;
    this.k.w.put(signal.offset, L.nr_threads, signal.threads.size);
    this.k.w.put(signal.offset, L.live, signal.threads.size);
  }

  /** `kernel/exit.c: release_task`: nothing refers to the task any more. */
  release(task: Task): void {
    const { k } = this;
    if (!this.byPid.delete(task.pid)) return;
    if (k.tp.schedProcessFree.active) k.tp.schedProcessFree.fire(task);
    task.parent.children.delete(task);
    task.signal.threads.delete(task);
    securityTaskFree(k, task);
    putCred(k, task.cred);
    freePid(k, task.thread);
    k.memory.free(task.regsOffset - KERNEL_FRAMES_BYTES);
    k.memory.free(task.offset);
    if (task.signal.threads.size === 0) {
      k.memory.free(task.signal.offset);
      k.memory.free(task.signal.sighandOffset);
    }
  }
}

/** At most 15 bytes; comm is bytes to the kernel, so a name is cut where a character ends. */
export function cutComm(name: string): string {
  let comm = name;
  while (new TextEncoder().encode(comm).length >= TASK_COMM_LEN) comm = comm.slice(0, -1);
  return comm;
}
