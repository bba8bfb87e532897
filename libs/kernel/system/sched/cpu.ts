import type { Task } from '../task/task';
import type { TimedEvent } from './event-queue';
import type { KernelStack } from './kernel-stack';

/** One logical CPU: what it runs, what waits for it, and how far its time has come. */
export class Cpu {
  current: Task;
  /** Virtual time up to which it has executed, ns. */
  clock = 0;
  /** Runnable tasks other than the current one. */
  readonly queue: Task[] = [];
  minVruntime = 0;
  needResched = false;
  sliceEndNs = 0;
  /** The periodic tick; absent while idle (NO_HZ). */
  tick: TimedEvent | undefined;
  /** When the next perf sample is due here; Infinity when nothing samples. */
  nextSampleNs = Number.POSITIVE_INFINITY;
  /** Nested interrupts: frames go to the stack of the task that was interrupted. */
  irqDepth = 0;

  constructor(
    readonly id: number,
    readonly idle: Task,
  ) {
    this.current = idle;
  }

  get busy(): boolean {
    return this.current !== this.idle;
  }

  stack(): KernelStack {
    return this.current.stack;
  }
}
