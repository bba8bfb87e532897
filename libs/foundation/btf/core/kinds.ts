import { CORE_RELO_KIND } from './types';

/** What a relocation is about, which decides how its access string reads. */
type CoreCategory = 'field' | 'type' | 'enumval';

const K = CORE_RELO_KIND;

/** Category and libbpf's short name of each kind, by number (tools/lib/bpf/relo_core.c: core_relo_kind_str). */
const KINDS: Record<number, readonly [CoreCategory, string]> = {
  [K.FIELD_BYTE_OFFSET]: ['field', 'byte_off'],
  [K.FIELD_BYTE_SIZE]: ['field', 'byte_sz'],
  [K.FIELD_EXISTS]: ['field', 'field_exists'],
  [K.FIELD_SIGNED]: ['field', 'signed'],
  [K.FIELD_LSHIFT_U64]: ['field', 'lshift_u64'],
  [K.FIELD_RSHIFT_U64]: ['field', 'rshift_u64'],
  [K.TYPE_ID_LOCAL]: ['type', 'local_type_id'],
  [K.TYPE_ID_TARGET]: ['type', 'target_type_id'],
  [K.TYPE_EXISTS]: ['type', 'type_exists'],
  [K.TYPE_SIZE]: ['type', 'type_size'],
  [K.ENUMVAL_EXISTS]: ['enumval', 'enumval_exists'],
  [K.ENUMVAL_VALUE]: ['enumval', 'enumval_value'],
  [K.TYPE_MATCHES]: ['type', 'type_matches'],
};

/** Undefined for a kind that no kernel knows. */
export function coreCategory(kind: number): CoreCategory | undefined {
  return KINDS[kind]?.[0];
}

export function coreKindName(kind: number): string {
  return KINDS[kind]?.[1] ?? 'unknown';
}
