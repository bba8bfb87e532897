import { assert } from '@probed/base';
import type { KernelMemory } from '@probed/memory';

/** PERF_MAX_TRACE_SIZE (include/linux/trace_events.h): the largest record a tracepoint program can be shown. */
export const CONTEXT_BYTES = 8192;
/** perf_trace_buf has four contexts a CPU: task, softirq, hardirq, NMI. */
const NESTING_MAX = 4;

/** Context buffers of each CPU, one a nesting level, in linear memory. */
export class ContextStack {
  private readonly base: number;
  private readonly depth: Uint8Array;

  constructor(memory: KernelMemory, cpus: number) {
    this.base = memory.alloc(cpus * NESTING_MAX * CONTEXT_BYTES);
    this.depth = new Uint8Array(cpus);
  }

  /** Offset of a buffer of {@link CONTEXT_BYTES}; 0 when this CPU is nested too deep (the event is lost, as on Linux). */
  enter(cpu: number): number {
    const level = this.depth[cpu];
    if (level === NESTING_MAX) return 0;
    this.depth[cpu] = level + 1;
    return this.base + (cpu * NESTING_MAX + level) * CONTEXT_BYTES;
  }

  leave(cpu: number): void {
    assert(this.depth[cpu] > 0, 'context stack underflow');
    this.depth[cpu]--;
  }
}
