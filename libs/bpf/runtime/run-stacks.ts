import type { KernelMemory } from '@probed/memory';
import { TAIL_CALLS_MAX } from './tail-calls';

/** MAX_BPF_STACK (include/linux/filter.h): bytes of stack a frame can address. */
const FRAME_BYTES = 512;
/** MAX_CALL_FRAMES (include/linux/bpf_verifier.h). */
const FRAMES_MAX = 8;
/** A tail call from a subprogram begins a new program one frame further down. */
const STACK_BYTES = FRAME_BYTES * (FRAMES_MAX + TAIL_CALLS_MAX);
/** Programs nest when a helper fires another hook; contexts nest task, softirq, hardirq, NMI, twice over. */
const NESTING_MAX = 8;

/** BPF stacks in linear memory: one of (8 + 33) × 512 bytes for each CPU and nesting level. */
export class RunStacks {
  private readonly base: number;
  private readonly depth: Uint8Array;

  constructor(memory: KernelMemory, cpus: number) {
    this.base = memory.alloc(cpus * NESTING_MAX * STACK_BYTES);
    this.depth = new Uint8Array(cpus);
  }

  /** Offset just above a free stack of this CPU, or 0 when runs are nested too deep. Pair with {@link leave}. */
  enter(cpu: number): number {
    const level = this.depth[cpu];
    if (level === NESTING_MAX) return 0;
    this.depth[cpu] = level + 1;
    return this.base + (cpu * NESTING_MAX + level + 1) * STACK_BYTES;
  }

  leave(cpu: number): void {
    this.depth[cpu]--;
  }
}
