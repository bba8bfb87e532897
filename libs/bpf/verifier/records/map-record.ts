import type { Btf } from '@probed/btf';
import { type MapInfo, MapType } from '@probed/spec';
import { type BtfRecord, parseRecord } from './btf-record';
import { type FieldKind, type FieldMask, KPTR } from './field-kinds';
import { ownershipFault, structMetas } from './struct-metas';

const MAP_FIELDS: FieldMask = new Set<FieldKind>([
  'SPIN_LOCK',
  'RES_SPIN_LOCK',
  'TIMER',
  ...KPTR,
  'LIST_HEAD',
  'RB_ROOT',
  'REFCOUNT',
  'WORKQUEUE',
  'UPTR',
  'TASK_WORK',
]);

const M = MapType;
const STORAGE = [M.SK_STORAGE, M.INODE_STORAGE, M.TASK_STORAGE, M.CGRP_STORAGE];
const LOCKS = [M.HASH, M.ARRAY, M.CGROUP_STORAGE, ...STORAGE];
const DEFERRED = [M.HASH, M.LRU_HASH, M.ARRAY];
const KPTRS = [M.HASH, M.PERCPU_HASH, M.LRU_HASH, M.LRU_PERCPU_HASH, M.ARRAY, M.PERCPU_ARRAY, ...STORAGE];

/** Map types whose values may have a field (kernel/bpf/syscall.c: map_check_btf). */
const MAPS_OF_FIELD: Readonly<Partial<Record<FieldKind, readonly number[]>>> = {
  SPIN_LOCK: LOCKS,
  RES_SPIN_LOCK: LOCKS,
  TIMER: DEFERRED,
  WORKQUEUE: DEFERRED,
  TASK_WORK: DEFERRED,
  KPTR_UNREF: KPTRS,
  KPTR_REF: KPTRS,
  KPTR_PERCPU: KPTRS,
  REFCOUNT: KPTRS,
  UPTR: [M.TASK_STORAGE],
  LIST_HEAD: DEFERRED,
  RB_ROOT: DEFERRED,
};

const BPF_F_RDONLY_PROG = 1 << 7;
const BPF_F_WRONLY_PROG = 1 << 8;

/** What BTF tells of a map. */
export interface MapTypes {
  /** The kernel took the types of key and value; loaders create the map without them when it does not. */
  readonly hasBtf: boolean;
  readonly record: BtfRecord | undefined;
}

const NO_BTF: MapTypes = { hasBtf: false, record: undefined };
interface Known {
  readonly btf: Btf | undefined;
  readonly kernel: Btf;
  readonly types: MapTypes;
}

const cache = new WeakMap<MapInfo, Known>();

/** Types and special fields of a map's values. @param btf the program's, where it has one that the kernel takes */
export function mapTypes(map: MapInfo, btf: Btf | undefined, kernel: Btf): MapTypes {
  const known = cache.get(map);
  if (known && known.btf === btf && known.kernel === kernel) return known.types;
  const types = btf ? checkTypes(map, btf, kernel) : NO_BTF;
  cache.set(map, { btf, kernel, types });
  return types;
}

/** `map_check_btf`. */
function checkTypes(map: MapInfo, btf: Btf, kernel: Btf): MapTypes {
  const isData = map.dataSecTypeId !== undefined;
  const declared = map.dataSecTypeId ?? map.valueTypeId;
  if (declared === 0 || !btf.has(declared)) return NO_BTF;
  const valueId = isData ? declared : btf.skipModifiers(declared);
  if (!isData && (!keyFits(btf, map) || btf.sizeOf(valueId) !== map.valueSize)) return NO_BTF;
  const { kind } = btf.type(valueId);
  if (kind !== 'struct' && kind !== 'datasec') return { hasBtf: true, record: undefined };
  const record = parseRecord(btf, kernel, valueId, MAP_FIELDS);
  // The fault of a record is found out again when a program uses the field; the map itself is made.
  if (record === undefined || typeof record === 'string') return { hasBtf: true, record: undefined };
  if ((map.flags & (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)) !== 0) return NO_BTF;
  if (!record.fields.every((f) => MAPS_OF_FIELD[f.kind]?.includes(map.type))) return NO_BTF;
  const metas = structMetas(btf, kernel);
  if (typeof metas === 'string' || ownershipFault(btf, record, metas)) return NO_BTF;
  return { hasBtf: true, record };
}

/** Arrays are indexed by a 32-bit number, local storage is found by a descriptor. */
const INT_KEYS: ReadonlySet<number> = new Set([M.ARRAY, M.PERCPU_ARRAY, ...STORAGE]);

function keyFits(btf: Btf, map: MapInfo): boolean {
  if (map.keyTypeId === 0 || !btf.has(map.keyTypeId)) return false;
  const key = btf.resolve(map.keyTypeId);
  if (INT_KEYS.has(map.type)) return key.kind === 'int' && key.bits === 32 && key.bitOffset === 0;
  return btf.sizeOf(key.id) === map.keySize;
}
