/** What a load from a context field gives the verifier. */
export type ContextFieldKind =
  | 'scalar'
  /** PTR_TO_PACKET, PTR_TO_PACKET_META, PTR_TO_PACKET_END: 32-bit fields that load as 64-bit pointers. */
  | 'packet'
  | 'packet-meta'
  | 'packet-end'
  /** PTR_TO_SOCK_COMMON_OR_NULL. */
  | 'sock-common-or-null'
  /** PTR_TO_FLOW_KEYS. */
  | 'flow-keys'
  /** PTR_TO_TP_BUFFER: the writable buffer of a raw tracepoint. */
  | 'tp-buffer';

/**
 * How a field may be accessed; every access must be aligned to its own size.
 * `whole`: only in its own size. `narrow`: reads of any smaller power of two, writes whole
 * (`bpf_ctx_narrow_access_ok`). `any`: 1, 2, 4, 8 bytes anywhere inside. `words`: 8 bytes anywhere inside.
 */
export type ContextAccessRule = 'whole' | 'narrow' | 'any' | 'words';

/** A field of a context as programs see it; offset and size in bytes. */
export interface ContextField {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly rule: ContextAccessRule;
  readonly kind: ContextFieldKind;
}

/** A context structure of include/uapi/linux/bpf.h. */
export interface ContextLayout {
  /** Name in the kernel's BTF; what the verifier log prints is `bpf_context` whichever it is. */
  readonly struct: string;
  /** Bytes. */
  readonly size: number;
  readonly fields: readonly ContextField[];
}

/** Which fields of a layout a program type may read and write, by name; every other access is refused. */
export interface ContextView {
  readonly layout: ContextLayout;
  readonly read: ReadonlySet<string>;
  readonly write: ReadonlySet<string>;
}

function field(
  name: string,
  offset: number,
  size: number,
  rule: ContextAccessRule,
  kind: ContextFieldKind = 'scalar',
): ContextField {
  return { name, offset, size, rule, kind };
}

/** Sixteen bytes as four fields `name[0]`…`name[3]`. */
function words(name: string, offset: number): readonly ContextField[] {
  return [0, 1, 2, 3].map((i) => field(`${name}[${i}]`, offset + 4 * i, 4, 'whole'));
}

/** `struct __sk_buff`; rules of net/core/filter.c: bpf_skb_is_valid_access. */
export const SK_BUFF: ContextLayout = {
  struct: '__sk_buff',
  size: 192,
  fields: [
    field('len', 0, 4, 'narrow'),
    field('pkt_type', 4, 4, 'narrow'),
    field('mark', 8, 4, 'narrow'),
    field('queue_mapping', 12, 4, 'narrow'),
    field('protocol', 16, 4, 'narrow'),
    field('vlan_present', 20, 4, 'narrow'),
    field('vlan_tci', 24, 4, 'narrow'),
    field('vlan_proto', 28, 4, 'narrow'),
    field('priority', 32, 4, 'narrow'),
    field('ingress_ifindex', 36, 4, 'narrow'),
    field('ifindex', 40, 4, 'narrow'),
    field('tc_index', 44, 4, 'narrow'),
    field('cb', 48, 20, 'any'),
    field('hash', 68, 4, 'narrow'),
    field('tc_classid', 72, 4, 'narrow'),
    field('data', 76, 4, 'whole', 'packet'),
    field('data_end', 80, 4, 'whole', 'packet-end'),
    field('napi_id', 84, 4, 'narrow'),
    field('family', 88, 4, 'narrow'),
    field('remote_ip4', 92, 4, 'whole'),
    field('local_ip4', 96, 4, 'whole'),
    ...words('remote_ip6', 100),
    ...words('local_ip6', 116),
    field('remote_port', 132, 4, 'narrow'),
    field('local_port', 136, 4, 'narrow'),
    field('data_meta', 140, 4, 'whole', 'packet-meta'),
    field('flow_keys', 144, 8, 'whole', 'flow-keys'),
    field('tstamp', 152, 8, 'whole'),
    field('wire_len', 160, 4, 'narrow'),
    field('gso_segs', 164, 4, 'narrow'),
    field('sk', 168, 8, 'whole', 'sock-common-or-null'),
    field('gso_size', 176, 4, 'narrow'),
    field('tstamp_type', 180, 1, 'whole'),
    field('hwtstamp', 184, 8, 'whole'),
  ],
};

/** `struct xdp_md`; net/core/filter.c: xdp_is_valid_access. */
export const XDP_MD: ContextLayout = {
  struct: 'xdp_md',
  size: 24,
  fields: [
    field('data', 0, 4, 'whole', 'packet'),
    field('data_end', 4, 4, 'whole', 'packet-end'),
    field('data_meta', 8, 4, 'whole', 'packet-meta'),
    field('ingress_ifindex', 12, 4, 'whole'),
    field('rx_queue_index', 16, 4, 'whole'),
    field('egress_ifindex', 20, 4, 'whole'),
  ],
};

/** x86-64 `struct pt_regs`, 21 words; kernel/trace/bpf_trace.c: kprobe_prog_is_valid_access. */
export const PT_REGS: ContextLayout = {
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
export const TRACEPOINT_RECORD: ContextLayout = {
  struct: 'trace_entry',
  size: TRACE_RECORD_BYTES_MAX,
  fields: [field('record', 8, TRACE_RECORD_BYTES_MAX - 8, 'any')],
};

/** Up to MAX_BPF_FUNC_ARGS = 12 words; kernel/trace/bpf_trace.c: raw_tp_prog_is_valid_access. */
export const RAW_TRACEPOINT_ARGS: ContextLayout = {
  struct: 'bpf_raw_tracepoint_args',
  size: 96,
  fields: [field('args', 0, 96, 'any')],
};

/**
 * The same with a writable buffer as first word, which loads whole only; raw_tp_writable_prog_is_valid_access. As in
 * the kernel, its bytes 1 to 7 load like those of any argument.
 */
export const RAW_TRACEPOINT_WRITABLE_ARGS: ContextLayout = {
  struct: 'bpf_raw_tracepoint_args',
  size: 96,
  fields: [field('buffer', 0, 8, 'whole', 'tp-buffer'), field('args', 1, 95, 'any')],
};

/** kernel/trace/bpf_trace.c: pe_prog_is_valid_access. */
export const PERF_EVENT_DATA: ContextLayout = {
  struct: 'bpf_perf_event_data',
  size: 184,
  fields: [
    field('regs', 0, 168, 'words'),
    field('sample_period', 168, 8, 'narrow'),
    field('addr', 176, 8, 'narrow'),
  ],
};

/** Any word of the user's buffer; kernel/bpf/syscall.c: syscall_prog_is_valid_access (U16_MAX bytes). */
export const SYSCALL_CONTEXT: ContextLayout = {
  struct: 'void',
  size: 65535,
  fields: [field('ctx', 0, 65535, 'any')],
};

/** Result of a lawful access. */
export interface ContextAccess {
  readonly field: ContextField;
  /**
   * Size that the kernel loads before it cuts a narrow read out (`ctx_field_size`), bytes; 0 for fields that are
   * accessed in place.
   */
  readonly fieldSize: number;
}

/** The field that an access hits, or undefined when it is refused (`invalid bpf_context access off=… size=…`). */
export function contextAccess(
  view: ContextView,
  offset: number,
  size: number,
  write: boolean,
): ContextAccess | undefined {
  if (offset < 0 || offset % size !== 0) return undefined;
  const names = write ? view.write : view.read;
  for (const candidate of view.layout.fields) {
    if (offset < candidate.offset || offset + size > candidate.offset + candidate.size) continue;
    if (candidate.rule === 'whole' && offset !== candidate.offset) continue;
    const allowed = names.has(candidate.name) && sizeAllowed(candidate, size, write);
    if (!allowed) return undefined;
    return { field: candidate, fieldSize: candidate.rule === 'narrow' ? candidate.size : 0 };
  }
  return undefined;
}

function sizeAllowed(candidate: ContextField, size: number, write: boolean): boolean {
  switch (candidate.rule) {
    case 'any':
      return true;
    case 'words':
      return size === 8;
    case 'narrow':
      return write ? size === candidate.size : true;
    case 'whole':
      return size === candidate.size;
  }
}
