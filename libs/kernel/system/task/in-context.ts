import type { Kernel } from '../kernel';
import type { Cpu } from '../sched/cpu';
import { TASK_STATE } from './state';
import type { Task } from './task';

/** A task that a host has put on a CPU, and what was there before. */
interface Borrowed {
  readonly task: Task;
  readonly cpu: Cpu;
  readonly outerCpu: Cpu;
  readonly outerTask: Task;
  readonly taskCpu: number;
  readonly state: number;
}

/** Innermost last. */
const borrowedOf = new WeakMap<Kernel, Borrowed[]>();

/**
 * Runs `work` as if `task` executed on a CPU: what hooks and helpers see there is the task, its memory, its stack. No
 * time passes. Call it between runs of the kernel, or from within a hook.
 */
export function inContextOf<T>(k: Kernel, task: Task, cpuId: number, work: () => T): T {
  const borrowed = borrowedOf.get(k) ?? [];
  borrowedOf.set(k, borrowed);
  borrowed.push(enter(k, task, cpuId));
  try {
    return work();
  } finally {
    leave(k, borrowed.pop()!);
  }
}

/** Lets the kernel run from within {@link inContextOf}: its tasks sleep meanwhile, and are back on their CPUs afterwards. */
export function outOfContext<T>(k: Kernel, work: () => T): T {
  const borrowed = borrowedOf.get(k) ?? [];
  borrowedOf.delete(k);
  for (const one of [...borrowed].reverse()) leave(k, one);
  try {
    return work();
  } finally {
    const again = borrowed.map(({ task, cpu }) => enter(k, task, cpu.id));
    borrowed.splice(0, borrowed.length, ...again);
    borrowedOf.set(k, borrowed);
  }
}

function enter(k: Kernel, task: Task, cpuId: number): Borrowed {
  const { sched, tasks } = k;
  const cpu = sched.cpus[cpuId];
  const borrowed = {
    task,
    cpu,
    outerCpu: sched.cur,
    outerTask: cpu.current,
    taskCpu: task.cpu,
    state: task.state,
  };
  const nowNs = k.nowNs();
  if (cpu.current !== task) tasks.setOnCpu(cpu.current, false);
  cpu.current = task;
  sched.enter(cpu, nowNs);
  tasks.setCpu(task, cpuId);
  tasks.setOnCpu(task, true);
  tasks.setState(task, TASK_STATE.RUNNING);
  return borrowed;
}

function leave(k: Kernel, { task, cpu, outerCpu, outerTask, taskCpu, state }: Borrowed): void {
  const { sched, tasks } = k;
  tasks.setState(task, state);
  cpu.current = outerTask;
  if (outerTask !== task) {
    tasks.setOnCpu(task, false);
    tasks.setOnCpu(outerTask, true);
    tasks.setCpu(task, taskCpu);
  }
  sched.cur = outerCpu;
  // A signal that came meanwhile found it awake; now it sleeps again.
  if (state === TASK_STATE.INTERRUPTIBLE && task.signalPending()) sched.wake(task);
}
