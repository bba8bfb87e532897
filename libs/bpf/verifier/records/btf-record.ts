import type { Btf } from '@probed/btf';
import { FIELD_KINDS, type FieldKind, type FieldMask, GRAPH_ROOT, POINTER_FIELDS } from './field-kinds';
import { type FoundField, findFields, type RecordFault } from './find-fields';

/** A special field (`struct btf_field`). */
export interface RecordField {
  readonly kind: FieldKind;
  readonly offset: number;
  readonly size: number;
  /** Pointers: what they point to, in the kernel's BTF or, when {@link isLocal}, in the program's. */
  readonly targetId: number;
  readonly isLocal: boolean;
  /** Roots: the struct of the nodes in the program's BTF, and where in it the node is. */
  readonly valueId: number;
  readonly nodeOffset: number;
}

/** Special fields of one type, by offset (`struct btf_record`). */
export class BtfRecord {
  constructor(readonly fields: readonly RecordField[]) {}

  has(kind: FieldKind): boolean {
    return this.fields.some((f) => f.kind === kind);
  }

  hasAny(mask: FieldMask): boolean {
    return this.fields.some((f) => mask.has(f.kind));
  }

  /** `btf_record_find`. */
  find(offset: number, mask: FieldMask): RecordField | undefined {
    const field = this.fields.find((f) => f.offset === offset);
    return field && mask.has(field.kind) ? field : undefined;
  }

  /** Offset of the only field of a kind; -EINVAL when there is none, as the kernel prints it. */
  offsetOf(kind: FieldKind): number {
    return this.fields.find((f) => f.kind === kind)?.offset ?? -22;
  }
}

/** Kernel structs that referenced kptrs may hold: those with a destructor (register_btf_id_dtor_kfuncs). */
const DESTRUCTIBLE: ReadonlySet<string> = new Set([
  'task_struct',
  'cgroup',
  'bpf_cpumask',
  'bpf_crypto_ctx',
  'prog_test_ref_kfunc',
  'prog_test_member',
]);

/** Special fields of a type of the program (`btf_parse_fields`); undefined when it has none. */
export function parseRecord(
  btf: Btf,
  kernel: Btf,
  typeId: number,
  mask: FieldMask,
): BtfRecord | RecordFault | undefined {
  const found = findFields(btf, typeId, mask);
  if (typeof found === 'string') return found;
  if (found.length === 0) return undefined;
  const fields: RecordField[] = [];
  let free = 0;
  for (const one of found) {
    const { size } = FIELD_KINDS[one.kind];
    if (one.offset < free) return 'EEXIST';
    free = one.offset + size;
    const field = resolveField(btf, kernel, one);
    if (typeof field === 'string') return field;
    fields.push(field);
  }
  const record = new BtfRecord(fields.sort((a, b) => a.offset - b.offset));
  return consistencyFault(record) ?? record;
}

/** Fields that need each other, or exclude each other. */
function consistencyFault(record: BtfRecord): RecordFault | undefined {
  const spin = record.has('SPIN_LOCK');
  const resilient = record.has('RES_SPIN_LOCK');
  if (spin && resilient) return 'EINVAL';
  if (record.hasAny(GRAPH_ROOT) && !spin && !resilient) return 'EINVAL';
  if (record.has('LIST_NODE') && record.has('RB_NODE') && !record.has('REFCOUNT')) return 'EINVAL';
  return undefined;
}

function resolveField(btf: Btf, kernel: Btf, found: FoundField): RecordField | RecordFault {
  const { kind, offset } = found;
  const field = { kind, offset, size: FIELD_KINDS[kind].size, ...NOWHERE };
  if (POINTER_FIELDS.has(kind)) {
    const target = pointee(btf, kernel, found);
    return typeof target === 'string' ? target : { ...field, ...target };
  }
  if (!GRAPH_ROOT.has(kind)) return field;
  const nodeOffset = nodeOffsetOf(btf, found);
  return typeof nodeOffset === 'string' ? nodeOffset : { ...field, valueId: found.valueId ?? 0, nodeOffset };
}

const NOWHERE = { targetId: 0, isLocal: false, valueId: 0, nodeOffset: 0 };

/** `btf_parse_kptr`: a kernel's struct of that name, or else the program's own. */
function pointee(
  btf: Btf,
  kernel: Btf,
  { kind, targetId = 0 }: FoundField,
): { targetId: number; isLocal: boolean } | RecordFault {
  const { name } = btf.type(targetId);
  const id = kernel.findByName(name, 'struct');
  if (id === undefined) return { targetId, isLocal: true };
  if (kind === 'KPTR_REF' && !DESTRUCTIBLE.has(name)) return 'ENOENT';
  return { targetId: id, isLocal: false };
}

/** `btf_parse_graph_root`: where the named node is in the struct that the root holds. */
function nodeOffsetOf(btf: Btf, { kind, valueId = 0, nodeName }: FoundField): number | RecordFault {
  const type = btf.type(valueId);
  if (type.kind !== 'struct') return 'EINVAL';
  const members = type.members.filter((m) => m.name === nodeName);
  if (members.length === 0) return 'ENOENT';
  const node = FIELD_KINDS[kind === 'LIST_HEAD' ? 'LIST_NODE' : 'RB_NODE'];
  for (const { typeId, offsetBits } of members) {
    const member = btf.type(typeId);
    if (member.kind !== 'struct' || member.name !== node.name) return 'EINVAL';
    if ((offsetBits / 8) % node.align !== 0) return 'EINVAL';
  }
  return members.length > 1 ? 'EINVAL' : members[0].offsetBits / 8;
}
