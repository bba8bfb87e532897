import { type ContextLayout, field, view } from './layout';

/** x86-64 `struct pt_regs`, 21 words; kernel/trace/bpf_trace.c: kprobe_prog_is_valid_access. */
const PT_REGS: ContextLayout = {
  struct: 'pt_regs',
  size: 168,
  fields: [field('regs', 0, 168, 'any')],
};

/** PERF_MAX_TRACE_SIZE, bytes. */
const TRACE_RECORD_BYTES_MAX = 8192;

/**
 * A tracepoint's record without its first 8 bytes; kernel/trace/bpf_trace.c: tp_prog_is_valid_access. The record's own
 * size is checked at attach (`max_ctx_offset`).
 */
const TRACEPOINT_RECORD: ContextLayout = {
  struct: 'trace_entry',
  size: TRACE_RECORD_BYTES_MAX,
  fields: [field('record', 8, TRACE_RECORD_BYTES_MAX - 8, 'any')],
};

/** Up to MAX_BPF_FUNC_ARGS = 12 words; kernel/trace/bpf_trace.c: raw_tp_prog_is_valid_access. */
const RAW_TRACEPOINT_ARGS: ContextLayout = {
  struct: 'bpf_raw_tracepoint_args',
  size: 96,
  fields: [field('args', 0, 96, 'any')],
};

/**
 * The same with a writable buffer as first word, which loads whole only; raw_tp_writable_prog_is_valid_access. As in
 * the kernel, its bytes 1 to 7 load like those of any argument.
 */
const RAW_TRACEPOINT_WRITABLE_ARGS: ContextLayout = {
  struct: 'bpf_raw_tracepoint_args',
  size: 96,
  fields: [field('buffer', 0, 8, 'whole', 'tp-buffer'), field('args', 1, 95, 'any')],
};

/** kernel/trace/bpf_trace.c: pe_prog_is_valid_access. */
const PERF_EVENT_DATA: ContextLayout = {
  struct: 'bpf_perf_event_data',
  size: 184,
  fields: [
    field('regs', 0, 168, 'words'),
    field('sample_period', 168, 8, 'narrow'),
    field('addr', 176, 8, 'narrow'),
  ],
};

/** Any word of the user's buffer; kernel/bpf/syscall.c: syscall_prog_is_valid_access (U16_MAX bytes). */
const SYSCALL_CONTEXT: ContextLayout = {
  struct: 'void',
  size: 65535,
  fields: [field('ctx', 0, 65535, 'any')],
};

export const KPROBE_VIEW = view(PT_REGS);
export const TRACEPOINT_VIEW = view(TRACEPOINT_RECORD);
export const RAW_TRACEPOINT_VIEW = view(RAW_TRACEPOINT_ARGS);
export const RAW_TRACEPOINT_WRITABLE_VIEW = view(RAW_TRACEPOINT_WRITABLE_ARGS);
export const PERF_EVENT_VIEW = view(PERF_EVENT_DATA);
export const SYSCALL_VIEW = view(SYSCALL_CONTEXT, [], ['ctx']);
