/** `enum btf_field_type`: what makes a member of a map value or of an allocated object special. */
export type FieldKind =
  | 'SPIN_LOCK'
  | 'RES_SPIN_LOCK'
  | 'TIMER'
  | 'WORKQUEUE'
  | 'TASK_WORK'
  | 'KPTR_UNREF'
  | 'KPTR_REF'
  | 'KPTR_PERCPU'
  | 'UPTR'
  | 'LIST_HEAD'
  | 'LIST_NODE'
  | 'RB_ROOT'
  | 'RB_NODE'
  | 'REFCOUNT';

interface KindRow {
  /** As messages call it (`btf_field_type_name`); the struct's name where the field is a struct. */
  readonly name: string;
  readonly size: number;
  readonly align: number;
  /** At most one in a struct. */
  readonly unique?: boolean;
  /** An array of it is allowed. */
  readonly repeats?: boolean;
}

/** include/linux/bpf.h: btf_field_type_name, btf_field_type_size, btf_field_type_align. */
export const FIELD_KINDS: Readonly<Record<FieldKind, KindRow>> = {
  SPIN_LOCK: { name: 'bpf_spin_lock', size: 4, align: 4, unique: true },
  RES_SPIN_LOCK: { name: 'bpf_res_spin_lock', size: 4, align: 4, unique: true },
  TIMER: { name: 'bpf_timer', size: 16, align: 8, unique: true },
  WORKQUEUE: { name: 'bpf_wq', size: 16, align: 8, unique: true },
  TASK_WORK: { name: 'bpf_task_work', size: 8, align: 8, unique: true },
  KPTR_UNREF: { name: 'kptr', size: 8, align: 8, repeats: true },
  KPTR_REF: { name: 'kptr', size: 8, align: 8, repeats: true },
  KPTR_PERCPU: { name: 'percpu_kptr', size: 8, align: 8, repeats: true },
  UPTR: { name: 'uptr', size: 8, align: 8, repeats: true },
  LIST_HEAD: { name: 'bpf_list_head', size: 16, align: 8, repeats: true },
  LIST_NODE: { name: 'bpf_list_node', size: 24, align: 8 },
  RB_ROOT: { name: 'bpf_rb_root', size: 16, align: 8, repeats: true },
  RB_NODE: { name: 'bpf_rb_node', size: 32, align: 8 },
  REFCOUNT: { name: 'bpf_refcount', size: 4, align: 4 },
};

export type FieldMask = ReadonlySet<FieldKind>;

/** BPF_KPTR. */
export const KPTR: FieldMask = new Set(['KPTR_UNREF', 'KPTR_REF', 'KPTR_PERCPU']);
/** BPF_KPTR | BPF_UPTR: pointers that programs may load. */
export const POINTER_FIELDS: FieldMask = new Set([...KPTR, 'UPTR']);
/** BPF_GRAPH_ROOT. */
export const GRAPH_ROOT: FieldMask = new Set(['LIST_HEAD', 'RB_ROOT']);
/** BPF_GRAPH_NODE. */
export const GRAPH_NODE: FieldMask = new Set(['LIST_NODE', 'RB_NODE']);

/** Kinds that are told by the name of their struct. */
export const STRUCT_KINDS: ReadonlyMap<string, FieldKind> = new Map(
  (Object.keys(FIELD_KINDS) as FieldKind[])
    .filter((kind) => !POINTER_FIELDS.has(kind))
    .map((kind) => [FIELD_KINDS[kind].name, kind]),
);
