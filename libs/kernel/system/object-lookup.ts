import type { Cgroup } from './cgroup/cgroup';
import type { Kernel } from './kernel';
import { type CgroupOrder, cgroupWalk } from './kernel-objects';
import { vmaStruct } from './mm/faults';
import type { Task } from './task/task';

/**
 * Finds and walks kernel objects from others, as kernel functions for BPF programs do. Objects are the offsets of
 * their structs in linear memory, 0 for none; a `cgroup_subsys_state` is that of its cgroup, which begins with it.
 */
export class ObjectLookup {
  constructor(private readonly k: Kernel) {}

  /** Leaders of all processes, or all threads; the first is the idle task of CPU 0 (`init_task`). */
  *tasks(what: 'processes' | 'threads'): Generator<number> {
    yield this.k.sched.cpus[0].idle.offset;
    for (const task of [...this.k.tasks.all()])
      if (what === 'threads' || task.groupLeader === task) yield task.offset;
  }

  /** Threads of a task's process, that task first. */
  *threadsOf(offset: number): Generator<number> {
    const task = this.taskAt(offset);
    if (!task) return;
    yield offset;
    for (const other of [...this.k.tasks.all()])
      if (other !== task && other.groupLeader === task.groupLeader) yield other.offset;
  }

  /** `vm_area_struct`s of a task that end above an address. */
  *vmas(offset: number, address: number): Generator<number> {
    const mm = this.taskAt(offset)?.mm;
    if (!mm) return;
    for (const vma of [...mm.vmas]) if (vma.end > address) yield vmaStruct(this.k, mm, vma);
  }

  cgroups(offset: number, order: CgroupOrder): Iterable<number> {
    const cgroup = this.cgroupAt(offset);
    return cgroup ? cgroupWalk(cgroup, order) : [];
  }

  /** Threads in a cgroup itself. */
  *cgroupTasks(offset: number): Generator<number> {
    for (const task of [...this.k.tasks.all()]) if (task.cgroup.offset === offset) yield task.offset;
  }

  /** By its number in the initial pid namespace, or in the current task's. */
  taskByPid(pid: number, namespace: 'initial' | 'current'): number {
    if (namespace === 'initial') return this.k.tasks.find(pid)?.offset ?? 0;
    const { numbers } = this.k.task.thread;
    const { ns } = numbers[numbers.length - 1];
    if (pid <= 0) return 0;
    for (const task of this.k.tasks.all()) if (task.thread.numberIn(ns) === pid) return task.offset;
    return 0;
  }

  cgroupById(id: number): number {
    return this.k.cgroups.find(id)?.offset ?? 0;
  }

  pidOf(offset: number): number | undefined {
    return this.taskAt(offset)?.pid;
  }

  cgroupIdOf(offset: number): number | undefined {
    return this.cgroupAt(offset)?.id;
  }

  /** A cgroup's ancestor at a level, the root being 0. */
  ancestor(offset: number, level: number): number {
    return this.cgroupAt(offset)?.ancestor(level)?.offset ?? 0;
  }

  /** Whether a task's cgroup is this one or below it. */
  isUnder(offset: number, cgroup: number): boolean {
    for (let at: Cgroup | undefined = this.taskAt(offset)?.cgroup; at; at = at.parent)
      if (at.offset === cgroup) return true;
    return false;
  }

  private taskAt(offset: number): Task | undefined {
    const { task } = this.k;
    if (task.offset === offset) return task;
    for (const other of this.k.tasks.all()) if (other.offset === offset) return other;
    return undefined;
  }

  private cgroupAt(offset: number): Cgroup | undefined {
    for (const cgroup of this.k.cgroups.all()) if (cgroup.offset === offset) return cgroup;
    return undefined;
  }
}
