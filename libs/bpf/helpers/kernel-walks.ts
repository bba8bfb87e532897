/** Orders of a walk over cgroups. */
export type CgroupWalkOrder = 'descendants-pre' | 'descendants-post' | 'ancestors-up';

/**
 * Walks over the kernel's objects, for kfuncs. Objects are offsets of their structs in linear memory, 0 for none; a
 * `cgroup_subsys_state` is that of its cgroup, which begins with it.
 */
export interface KernelWalks {
  /** Leaders of all processes, or all threads; the first is the idle task (`init_task`). */
  tasks(what: 'processes' | 'threads'): Iterable<number>;
  /** Threads of a task's process, that task first. */
  threadsOf(task: number): Iterable<number>;
  /** `vm_area_struct`s of a task that end above an address. */
  vmas(task: number, address: number): Iterable<number>;
  cgroups(cgroup: number, order: CgroupWalkOrder): Iterable<number>;
  /** Threads in a cgroup itself. */
  cgroupTasks(cgroup: number): Iterable<number>;
  /** By its number in the initial pid namespace, or in the current task's. */
  taskByPid(pid: number, namespace: 'initial' | 'current'): number;
  cgroupById(id: number): number;
  /** The number that user space knows an object by; undefined when there is none at that offset. */
  pidOf(task: number): number | undefined;
  cgroupIdOf(cgroup: number): number | undefined;
  /** A cgroup's ancestor at a level, the root being 0. */
  ancestor(cgroup: number, level: number): number;
  /** Whether a task's cgroup is this one or below it. */
  isUnder(task: number, cgroup: number): boolean;
}
