/** What a load from a context field gives the verifier. */
export type ContextFieldKind =
  | 'scalar'
  /** PTR_TO_PACKET, PTR_TO_PACKET_META, PTR_TO_PACKET_END: 32-bit fields load as 64-bit pointers. */
  | 'packet'
  | 'packet-meta'
  | 'packet-end'
  /** PTR_TO_SOCK_COMMON_OR_NULL. */
  | 'sock-common-or-null'
  /** PTR_TO_SOCKET, and the same that may be NULL. */
  | 'socket'
  | 'socket-or-null'
  /** PTR_TO_FLOW_KEYS. */
  | 'flow-keys'
  /** PTR_TO_TP_BUFFER: the writable buffer of a raw tracepoint. */
  | 'tp-buffer'
  /** PTR_TO_BTF_ID, trusted; {@link ContextField.btf} names the struct. */
  | 'trusted-btf';

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
  /** `trusted-btf`: struct in the kernel's BTF. */
  readonly btf?: string;
  /** Low bytes that the kernel's own member keeps of what is stored; all when absent. */
  readonly keptBytes?: number;
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

export function field(
  name: string,
  offset: number,
  size: number,
  rule: ContextAccessRule,
  kind: ContextFieldKind = 'scalar',
): ContextField {
  return { name, offset, size, rule, kind };
}

/** Sixteen bytes as four fields `name[0]`…`name[3]`. */
export function words(
  name: string,
  offset: number,
  rule: ContextAccessRule = 'whole',
): readonly ContextField[] {
  return [0, 1, 2, 3].map((i) => field(`${name}[${i}]`, offset + 4 * i, 4, rule));
}

/** A word that may be loaded in part from its first byte on, and from there only. */
export function lowBytes(name: string, offset: number): readonly ContextField[] {
  return [1, 2, 4].map((size) => field(size === 4 ? name : `${name}:${size}`, offset, size, 'whole'));
}

/** A view of all fields but those denied. */
export function view(
  layout: ContextLayout,
  denied: readonly string[] = [],
  writable: readonly string[] = [],
): ContextView {
  const read = new Set(layout.fields.map((entry) => entry.name).filter((name) => !denied.includes(name)));
  return { layout, read, write: new Set(writable) };
}

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
  contextView: ContextView,
  offset: number,
  size: number,
  write: boolean,
): ContextAccess | undefined {
  if (offset < 0 || offset % size !== 0) return undefined;
  const names = write ? contextView.write : contextView.read;
  for (const candidate of contextView.layout.fields) {
    if (!hits(candidate, offset, size)) continue;
    const allowed = names.has(candidate.name) && sizeAllowed(candidate, size, write);
    if (!allowed) return undefined;
    return { field: candidate, fieldSize: candidate.rule === 'narrow' ? candidate.size : 0 };
  }
  return undefined;
}

function hits(candidate: ContextField, offset: number, size: number): boolean {
  const end = candidate.offset + candidate.size;
  if (offset < candidate.offset || offset + size > end) return false;
  return candidate.rule !== 'whole' || offset === candidate.offset;
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
