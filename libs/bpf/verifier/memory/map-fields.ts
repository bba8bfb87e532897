import type { Btf } from '@probed/btf';
import type { MapInfo } from '@probed/spec';
import type { VerifierEnv } from '../env';

/** A field of a map value that the kernel manages (`struct btf_field`). */
export interface MapField {
  /** As the verifier names it. */
  readonly name: string;
  /** Bytes from the start of the value. */
  readonly offset: number;
  readonly size: number;
  /** A pointer to a kernel object kept in the map. */
  readonly kptr: boolean;
}

/** Structs that make a field special, by name (kernel/bpf/btf.c: btf_get_field_type). */
const SPECIAL_STRUCTS: ReadonlySet<string> = new Set([
  'bpf_spin_lock',
  'bpf_res_spin_lock',
  'bpf_timer',
  'bpf_wq',
  'bpf_list_head',
  'bpf_list_node',
  'bpf_rb_root',
  'bpf_rb_node',
  'bpf_refcount',
  'bpf_task_work',
]);

/** Type tags that make a pointer a kptr. */
const KPTR_TAGS: Readonly<Record<string, string>> = {
  kptr_untrusted: 'kptr',
  kptr: 'kptr',
  percpu_kptr: 'percpu_kptr',
  uptr: 'uptr',
};

/** Nesting of structs and arrays that is searched (BTF_FIELDS_MAX levels would never be declared by hand). */
const MAX_DEPTH = 8;
/** BTF_FIELDS_MAX. */
const MAX_FIELDS = 11;

const cache = new WeakMap<MapInfo, readonly MapField[]>();

/** Special fields of a map's value, by its BTF (`map->record`). */
export function mapFields(env: VerifierEnv, map: MapInfo): readonly MapField[] {
  let fields = cache.get(map);
  if (!fields) {
    const { objectBtf } = env.options;
    fields = objectBtf && map.valueTypeId && objectBtf.has(map.valueTypeId) ? collect(objectBtf, map) : [];
    cache.set(map, fields);
  }
  return fields;
}

/** Whether the map's values hold a lock, so that pointers to different values must be told apart. */
export function mapHasSpinLock(env: VerifierEnv, map: MapInfo): boolean {
  return mapFields(env, map).some((f) => f.name === 'bpf_spin_lock' || f.name === 'bpf_res_spin_lock');
}

function collect(btf: Btf, map: MapInfo): MapField[] {
  const out: MapField[] = [];
  walk(btf, map.valueTypeId, 0, 0, out);
  return out;
}

function walk(btf: Btf, typeId: number, offset: number, depth: number, out: MapField[]): void {
  if (depth > MAX_DEPTH || out.length >= MAX_FIELDS) return;
  const type = btf.resolve(typeId);
  if (type.kind === 'array') {
    const size = btf.sizeOf(type.elemTypeId);
    // A long array of plain elements has no fields: look at the first element before walking all of them.
    const found = out.length;
    for (let i = 0; i < type.count && out.length < MAX_FIELDS; i++) {
      walk(btf, type.elemTypeId, offset + i * size, depth + 1, out);
      if (out.length === found) return;
    }
    return;
  }
  if (type.kind === 'ptr') {
    const target = btf.type(type.typeId);
    const name = target.kind === 'type_tag' ? KPTR_TAGS[target.name] : undefined;
    if (name) out.push({ name, offset, size: 8, kptr: true });
    return;
  }
  if (type.kind !== 'struct') return;
  if (SPECIAL_STRUCTS.has(type.name)) {
    out.push({ name: type.name, offset, size: type.size, kptr: false });
    return;
  }
  for (const member of type.members) {
    if (member.bits === 0) walk(btf, member.typeId, offset + (member.offsetBits >> 3), depth + 1, out);
  }
}
