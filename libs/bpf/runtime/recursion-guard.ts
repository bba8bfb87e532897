/** Program types that share the per-CPU `bpf_prog_active` counter (kernel/trace/bpf_trace.c: trace_call_bpf). */
const SHARED_GUARD_TYPES: ReadonlySet<number> = new Set([
  2, // BPF_PROG_TYPE_KPROBE
  5, // BPF_PROG_TYPE_TRACEPOINT
  7, // BPF_PROG_TYPE_PERF_EVENT
]);

/**
 * Keeps tracing programs from running inside themselves, as Linux does: kprobe, tracepoint and perf_event programs
 * never nest on a CPU; every other program has an active flag of its own per CPU.
 */
export class RecursionGuards {
  private readonly shared: Uint8Array;

  constructor(private readonly cpus: number) {
    this.shared = new Uint8Array(cpus);
  }

  /** The flags, one byte a CPU, that guard a program of this type. */
  guardFor(type: number): Uint8Array {
    return SHARED_GUARD_TYPES.has(type) ? this.shared : new Uint8Array(this.cpus);
  }
}
