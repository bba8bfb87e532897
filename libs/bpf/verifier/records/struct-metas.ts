import type { Btf } from '@probed/btf';
import { type BtfRecord, parseRecord, type RecordField } from './btf-record';
import { type FieldKind, type FieldMask, GRAPH_NODE, GRAPH_ROOT, KPTR } from './field-kinds';
import { pointerField, type RecordFault } from './find-fields';

/** Records of the structs of a program's BTF that have special fields, by type id (`btf->struct_meta_tab`). */
export type StructMetas = ReadonlyMap<number, BtfRecord>;

/** Structs that make the struct around them one to be looked at (`alloc_obj_fields`). */
const ALLOC_OBJ_FIELDS = [
  'bpf_spin_lock',
  'bpf_list_head',
  'bpf_list_node',
  'bpf_rb_root',
  'bpf_rb_node',
  'bpf_refcount',
];

const OBJECT_FIELDS: FieldMask = new Set<FieldKind>([
  'SPIN_LOCK',
  'RES_SPIN_LOCK',
  'LIST_HEAD',
  'LIST_NODE',
  'RB_ROOT',
  'RB_NODE',
  'REFCOUNT',
  ...KPTR,
]);

const PAGE_SIZE = 4096;

const cache = new WeakMap<Btf, WeakMap<Btf, StructMetas | RecordFault>>();

/**
 * What the kernel finds in a program's BTF when it is loaded (`btf_parse_struct_metas`, `btf_check_and_fixup_fields`);
 * a fault makes it refuse the BTF.
 */
export function structMetas(btf: Btf, kernel: Btf): StructMetas | RecordFault {
  let byKernel = cache.get(btf);
  if (!byKernel) {
    byKernel = new WeakMap();
    cache.set(btf, byKernel);
  }
  let metas = byKernel.get(kernel);
  if (metas === undefined) {
    metas = parseMetas(btf, kernel);
    byKernel.set(kernel, metas);
  }
  return metas;
}

function parseMetas(btf: Btf, kernel: Btf): StructMetas | RecordFault {
  const marks = markingTypes(btf);
  const metas = new Map<number, BtfRecord>();
  if (marks.size === 0) return metas;
  for (const id of btf.idsOfKind('struct')) {
    const type = btf.type(id);
    if (type.kind !== 'struct' || !type.members.some((m) => marks.has(m.typeId))) continue;
    const record = parseRecord(btf, kernel, id, OBJECT_FIELDS);
    if (record === undefined) return 'EFAULT';
    if (typeof record === 'string') return record;
    metas.set(id, record);
  }
  for (const record of metas.values()) {
    const fault = ownershipFault(btf, record, metas);
    if (fault) return fault;
  }
  return metas;
}

function markingTypes(btf: Btf): Set<number> {
  const marks = new Set<number>();
  for (const name of ALLOC_OBJ_FIELDS) {
    const id = btf.findByName(name, 'struct');
    if (id !== undefined) marks.add(id);
  }
  for (const kind of ['ptr', 'volatile'] as const) {
    for (const id of btf.idsOfKind(kind)) {
      const field = pointerField(btf, btf.type(id), 0, KPTR);
      if (field !== undefined && typeof field !== 'string') marks.add(id);
    }
  }
  return marks;
}

/** What a root holds may not own others in turn when the root's struct is itself held; a uptr fits one page. */
export function ownershipFault(btf: Btf, record: BtfRecord, metas: StructMetas): RecordFault | undefined {
  for (const field of record.fields) {
    const fault = field.kind === 'UPTR' ? uptrFault(btf, field) : rootFault(record, field, metas);
    if (fault) return fault;
  }
  return undefined;
}

function uptrFault(btf: Btf, field: RecordField): RecordFault | undefined {
  if (!field.isLocal) return 'EINVAL';
  const size = btf.sizeOf(field.targetId);
  if (size === 0) return 'EINVAL';
  return size > PAGE_SIZE ? 'E2BIG' : undefined;
}

function rootFault(record: BtfRecord, field: RecordField, metas: StructMetas): RecordFault | undefined {
  if (!GRAPH_ROOT.has(field.kind)) return undefined;
  const held = metas.get(field.valueId);
  if (!held) return 'EFAULT';
  return record.hasAny(GRAPH_NODE) && held.hasAny(GRAPH_ROOT) ? 'ELOOP' : undefined;
}
