import { BPF_F, ERRNO } from '@probed/abi';
import { MapType } from './uapi-enums';

/** The part of `union bpf_attr` that BPF_MAP_CREATE judges; sizes in bytes. */
export interface MapCreateAttr {
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly mapExtra?: number;
}

/** Why BPF_MAP_CREATE refuses an attribute; `errno` positive. */
export interface MapFault {
  readonly errno: number;
  /** What is wrong, without the map's name. */
  readonly message: string;
}

/** One condition of a `map_alloc_check`. */
export interface MapRule {
  readonly broken: (attr: MapCreateAttr) => boolean;
  readonly errno: number;
  readonly message: (attr: MapCreateAttr) => string;
}

/** One row of the table of map types. */
export interface MapTypeRow {
  readonly type: MapType;
  /** As `bpftool map` prints it. */
  readonly name: string;
  /** `partial`: the map exists, but nothing can be put into it. */
  readonly support: 'full' | 'partial' | 'none';
  /** What `map_create` and the type's `map_alloc_check` refuse, in the kernel's order. */
  readonly rules: readonly MapRule[];
  /** One value for each CPU; user space sees them all, each rounded up to 8 bytes. */
  readonly perCpu: boolean;
  /** Values of the kind `__u32` name a kernel object by fd and are read back as an id or not at all. */
  readonly fdValues: boolean;
  /** Values that a loader fills in where an object leaves them zero; see {@link loaderDefaults}. */
  readonly defaults?: { readonly keySize?: number; readonly valueSize?: number };
}

const { EINVAL, E2BIG } = ERRNO;
/** The kernel's internal ENOTSUPP, which reaches user space as 524. */
const ENOTSUPP = 524;

/** KMALLOC_MAX_SIZE on x86-64, bytes. */
const KMALLOC_BYTES_MAX = 4 * 1024 * 1024;
/** PCPU_MIN_UNIT_SIZE, bytes. */
const PERCPU_VALUE_BYTES_MAX = 32 * 1024;
/** sizeof(struct htab_elem), bytes. */
const HTAB_ELEM_BYTES = 48;
/** Buckets are 16 bytes and their array must fit 32 bits. */
const HASH_ENTRIES_MAX = 0xffff_ffff / 16;
const PAGE_BYTES = 4096;
const INT_MAX = 0x7fff_ffff;
/** sysctl kernel.perf_event_max_stack. */
const STACK_FRAMES_MAX = 127;
const BUILD_ID_BYTES = 32;
/** CONFIG_NR_CPUS. */
const CPUS_MAX = 8192;
/** MAX_BPF_STACK. */
const STACK_BYTES_MAX = 512;
/** BPF_LOCAL_STORAGE_MAX_VALUE_SIZE. */
const STORAGE_VALUE_BYTES_MAX = 0xffff - 96;

const ACCESS = BPF_F.RDONLY | BPF_F.WRONLY | BPF_F.RDONLY_PROG | BPF_F.WRONLY_PROG;
const PROG_ACCESS = BPF_F.RDONLY_PROG | BPF_F.WRONLY_PROG;

function rule(
  broken: (attr: MapCreateAttr) => boolean,
  message: string | ((attr: MapCreateAttr) => string),
  errno: number = EINVAL,
): MapRule {
  return { broken, errno, message: typeof message === 'string' ? () => message : message };
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}

function roundUp8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && 2 ** Math.round(Math.log2(value)) === value;
}

/** kernel/bpf/syscall.c: map_create, bpf_get_file_flag. */
const FILE_ACCESS = rule(
  ({ flags }) => (flags & BPF_F.RDONLY) !== 0 && (flags & BPF_F.WRONLY) !== 0,
  'BPF_F_RDONLY and BPF_F_WRONLY exclude each other',
);
const NO_EXTRA = rule(({ mapExtra }) => (mapExtra ?? 0) !== 0, 'map_extra must be 0 for this type');
const ENTRIES = rule(({ maxEntries }) => maxEntries === 0, 'max_entries must not be 0');
const KEY_U32 = rule(
  ({ keySize }) => keySize !== 4,
  ({ keySize }) => `key_size must be 4, it is ${keySize}`,
);
const KEY_NONE = rule(
  ({ keySize }) => keySize !== 0,
  ({ keySize }) => `key_size must be 0, it is ${keySize}`,
);
const KEY_SOME = rule(({ keySize }) => keySize === 0, 'key_size must not be 0');
const VALUE_SOME = rule(({ valueSize }) => valueSize === 0, 'value_size must not be 0');
const VALUE_FD = rule(
  ({ valueSize }) => valueSize !== 4,
  ({ valueSize }) => `value_size must be 4, it is ${valueSize}`,
);
/** include/linux/bpf.h: bpf_map_flags_access_ok. */
const PROG_ACCESS_OK = rule(
  ({ flags }) => (flags & PROG_ACCESS) === PROG_ACCESS,
  'BPF_F_RDONLY_PROG and BPF_F_WRONLY_PROG exclude each other',
);

function flagsWithin(mask: number): MapRule {
  return rule(
    ({ flags }) => (flags & ~mask) !== 0,
    ({ flags }) => `map_flags ${hex(flags & ~mask)} are not allowed for this type`,
  );
}

function flagsWithout(mask: number, name: string): MapRule {
  return rule(({ flags }) => (flags & mask) !== 0, `${name} is not allowed for this type`);
}

const PERCPU_VALUE = rule(
  ({ valueSize }) => roundUp8(valueSize) > PERCPU_VALUE_BYTES_MAX,
  ({ valueSize }) => `value_size ${valueSize} exceeds the ${PERCPU_VALUE_BYTES_MAX} bytes of a per-CPU value`,
  E2BIG,
);

/** kernel/bpf/arraymap.c: array_map_alloc_check. */
function arrayRules(type: 'array' | 'percpu' | 'perf' | 'fd'): readonly MapRule[] {
  const mask = ACCESS | BPF_F.NUMA_NODE | BPF_F.MMAPABLE | BPF_F.PRESERVE_ELEMS | BPF_F.INNER_MAP;
  const rules = [FILE_ACCESS, NO_EXTRA];
  if (type === 'perf' || type === 'fd') {
    rules.push(VALUE_FD, flagsWithout(PROG_ACCESS, 'BPF_F_RDONLY_PROG or BPF_F_WRONLY_PROG'));
  }
  rules.push(ENTRIES, KEY_U32, VALUE_SOME, flagsWithin(mask), PROG_ACCESS_OK);
  if (type === 'percpu') rules.push(flagsWithout(BPF_F.NUMA_NODE, 'BPF_F_NUMA_NODE'));
  if (type !== 'array') {
    rules.push(flagsWithout(BPF_F.MMAPABLE | BPF_F.INNER_MAP, 'BPF_F_MMAPABLE or BPF_F_INNER_MAP'));
  }
  if (type !== 'perf') rules.push(flagsWithout(BPF_F.PRESERVE_ELEMS, 'BPF_F_PRESERVE_ELEMS'));
  rules.push(
    rule(
      ({ valueSize }) => valueSize > INT_MAX,
      ({ valueSize }) => `value_size ${valueSize} is too large`,
      E2BIG,
    ),
  );
  if (type === 'percpu') rules.push(PERCPU_VALUE);
  return rules;
}

/** kernel/bpf/hashtab.c: htab_map_alloc_check, and the bucket limit of htab_map_alloc. */
function hashRules(kind: { lru: boolean; percpu: boolean }): readonly MapRule[] {
  const mask = ACCESS | BPF_F.NO_PREALLOC | BPF_F.NO_COMMON_LRU | BPF_F.NUMA_NODE | BPF_F.ZERO_SEED;
  const rules = [FILE_ACCESS, NO_EXTRA, flagsWithin(mask), PROG_ACCESS_OK];
  if (kind.lru) {
    rules.push(
      rule(({ flags }) => (flags & BPF_F.NO_PREALLOC) !== 0, 'an LRU map is always preallocated', ENOTSUPP),
    );
  } else rules.push(flagsWithout(BPF_F.NO_COMMON_LRU, 'BPF_F_NO_COMMON_LRU'));
  if (kind.percpu) rules.push(flagsWithout(BPF_F.NUMA_NODE, 'BPF_F_NUMA_NODE'));
  rules.push(ENTRIES, KEY_SOME, VALUE_SOME);
  rules.push(
    rule(
      ({ keySize, valueSize }) => keySize + valueSize >= KMALLOC_BYTES_MAX - HTAB_ELEM_BYTES,
      ({ keySize, valueSize }) =>
        `key_size ${keySize} and value_size ${valueSize} exceed what one element holds`,
      E2BIG,
    ),
  );
  if (kind.percpu) rules.push(PERCPU_VALUE);
  rules.push(
    rule(
      ({ maxEntries }) => 2 ** Math.ceil(Math.log2(maxEntries)) > HASH_ENTRIES_MAX,
      ({ maxEntries }) => `max_entries ${maxEntries} needs more buckets than the kernel allows`,
      E2BIG,
    ),
  );
  return rules;
}

/** kernel/bpf/ringbuf.c: ringbuf_map_alloc. */
const RINGBUF_RULES: readonly MapRule[] = [
  FILE_ACCESS,
  NO_EXTRA,
  flagsWithin(BPF_F.NUMA_NODE),
  KEY_NONE,
  rule(
    ({ valueSize }) => valueSize !== 0,
    ({ valueSize }) => `value_size must be 0, it is ${valueSize}`,
  ),
  rule(
    ({ maxEntries }) => !isPowerOfTwo(maxEntries) || maxEntries % PAGE_BYTES !== 0,
    ({ maxEntries }) => `max_entries ${maxEntries} must be a power of two and a multiple of ${PAGE_BYTES}`,
  ),
];

function frameBytes(attr: MapCreateAttr): number {
  return attr.flags & BPF_F.STACK_BUILD_ID ? BUILD_ID_BYTES : 8;
}

/** kernel/bpf/stackmap.c: stack_map_alloc. */
const STACK_TRACE_RULES: readonly MapRule[] = [
  FILE_ACCESS,
  NO_EXTRA,
  flagsWithin(BPF_F.NUMA_NODE | BPF_F.RDONLY | BPF_F.WRONLY | BPF_F.STACK_BUILD_ID),
  ENTRIES,
  KEY_U32,
  rule(
    (attr) => attr.valueSize < 8 || attr.valueSize % frameBytes(attr) !== 0,
    (attr) => `value_size must be a multiple of ${frameBytes(attr)}, it is ${attr.valueSize}`,
  ),
  rule(
    (attr) => attr.valueSize / frameBytes(attr) > STACK_FRAMES_MAX,
    (attr) => `value_size ${attr.valueSize} holds more than ${STACK_FRAMES_MAX} frames`,
  ),
];

/** kernel/bpf/queue_stack_maps.c: queue_stack_map_alloc_check. */
const QUEUE_RULES: readonly MapRule[] = [
  FILE_ACCESS,
  NO_EXTRA,
  ENTRIES,
  KEY_NONE,
  VALUE_SOME,
  flagsWithin(ACCESS | BPF_F.NUMA_NODE),
  PROG_ACCESS_OK,
  rule(
    ({ valueSize }) => valueSize > KMALLOC_BYTES_MAX,
    ({ valueSize }) => `value_size ${valueSize} is too large`,
    E2BIG,
  ),
];

/** kernel/bpf/lpm_trie.c: trie_alloc. */
const LPM_RULES: readonly MapRule[] = [
  FILE_ACCESS,
  NO_EXTRA,
  ENTRIES,
  rule(({ flags }) => (flags & BPF_F.NO_PREALLOC) === 0, 'an LPM trie needs BPF_F_NO_PREALLOC'),
  flagsWithin(ACCESS | BPF_F.NO_PREALLOC | BPF_F.NUMA_NODE),
  PROG_ACCESS_OK,
  rule(
    ({ keySize }) => keySize < 5 || keySize > 260,
    ({ keySize }) => `key_size must be 5 to 260, it is ${keySize}`,
  ),
  VALUE_SOME,
  rule(
    ({ valueSize }) => valueSize > KMALLOC_BYTES_MAX - 256 - 40,
    ({ valueSize }) => `value_size ${valueSize} is too large`,
  ),
];

/** kernel/bpf/bloom_filter.c: bloom_map_alloc. */
const BLOOM_RULES: readonly MapRule[] = [
  FILE_ACCESS,
  KEY_NONE,
  VALUE_SOME,
  ENTRIES,
  flagsWithin(ACCESS | BPF_F.NUMA_NODE | BPF_F.ZERO_SEED),
  PROG_ACCESS_OK,
  rule(({ mapExtra }) => (mapExtra ?? 0) > 15, 'map_extra holds the number of hash functions, at most 15'),
];

/** kernel/bpf/devmap.c: dev_map_init_map; kernel/bpf/cpumap.c: cpu_map_alloc; net/xdp/xskmap.c, net/core/sock_map.c. */
function targetRules(kind: 'dev' | 'cpu' | 'xsk' | 'sock' | 'sockhash'): readonly MapRule[] {
  const sizes = kind === 'xsk' ? [4] : [4, 8];
  const flags = kind === 'cpu' ? BPF_F.NUMA_NODE : BPF_F.NUMA_NODE | BPF_F.RDONLY | BPF_F.WRONLY;
  const rules = [
    FILE_ACCESS,
    NO_EXTRA,
    ENTRIES,
    kind === 'sockhash' ? KEY_SOME : KEY_U32,
    rule(
      ({ valueSize }) => !sizes.includes(valueSize),
      ({ valueSize }) => `value_size must be ${sizes.join(' or ')}, it is ${valueSize}`,
    ),
    flagsWithin(flags),
  ];
  if (kind === 'cpu')
    rules.push(rule(({ maxEntries }) => maxEntries > CPUS_MAX, `more than ${CPUS_MAX} CPUs`, E2BIG));
  if (kind === 'sockhash')
    rules.push(rule(({ keySize }) => keySize > STACK_BYTES_MAX, 'key_size is too large', E2BIG));
  return rules;
}

/** kernel/bpf/bpf_local_storage.c: bpf_local_storage_map_alloc_check. */
const STORAGE_RULES: readonly MapRule[] = [
  FILE_ACCESS,
  NO_EXTRA,
  flagsWithin(BPF_F.NO_PREALLOC | BPF_F.CLONE),
  rule(({ flags }) => (flags & BPF_F.NO_PREALLOC) === 0, 'a storage map needs BPF_F_NO_PREALLOC'),
  rule(({ maxEntries }) => maxEntries !== 0, 'max_entries must be 0: each object may have a value'),
  KEY_U32,
  VALUE_SOME,
  rule(
    ({ valueSize }) => valueSize > STORAGE_VALUE_BYTES_MAX,
    ({ valueSize }) => `value_size ${valueSize} is too large`,
    E2BIG,
  ),
];

const PLAIN = { perCpu: false, fdValues: false } as const;
const PER_CPU = { perCpu: true, fdValues: false } as const;
const FDS = { perCpu: false, fdValues: true } as const;
/** What BPF object loaders fill in for arrays of file descriptors. */
const FD_SIZES = { defaults: { keySize: 4, valueSize: 4 } } as const;

function unsupported(type: MapType, name: string): MapTypeRow {
  return { type, name, support: 'none', rules: [], ...PLAIN };
}

const T = MapType;
const HASH_RULES = hashRules({ lru: false, percpu: false });
const ARRAY_RULES = arrayRules('array');

/** All map types of Linux 6.18 in order of their number. */
export const MAP_TYPES: readonly MapTypeRow[] = [
  { type: T.HASH, name: 'hash', support: 'full', rules: HASH_RULES, ...PLAIN },
  { type: T.ARRAY, name: 'array', support: 'full', rules: ARRAY_RULES, ...PLAIN },
  { type: T.PROG_ARRAY, name: 'prog_array', support: 'full', rules: arrayRules('fd'), ...FDS, ...FD_SIZES },
  {
    type: T.PERF_EVENT_ARRAY,
    name: 'perf_event_array',
    support: 'full',
    rules: arrayRules('perf'),
    ...FDS,
    ...FD_SIZES,
  },
  {
    type: T.PERCPU_HASH,
    name: 'percpu_hash',
    support: 'full',
    rules: hashRules({ lru: false, percpu: true }),
    ...PER_CPU,
  },
  { type: T.PERCPU_ARRAY, name: 'percpu_array', support: 'full', rules: arrayRules('percpu'), ...PER_CPU },
  {
    type: T.STACK_TRACE,
    name: 'stack_trace',
    support: 'full',
    rules: STACK_TRACE_RULES,
    ...PLAIN,
    defaults: { keySize: 4, valueSize: STACK_FRAMES_MAX * 8 },
  },
  {
    type: T.CGROUP_ARRAY,
    name: 'cgroup_array',
    support: 'full',
    rules: arrayRules('fd'),
    ...FDS,
    ...FD_SIZES,
  },
  {
    type: T.LRU_HASH,
    name: 'lru_hash',
    support: 'full',
    rules: hashRules({ lru: true, percpu: false }),
    ...PLAIN,
  },
  {
    type: T.LRU_PERCPU_HASH,
    name: 'lru_percpu_hash',
    support: 'full',
    rules: hashRules({ lru: true, percpu: true }),
    ...PER_CPU,
  },
  { type: T.LPM_TRIE, name: 'lpm_trie', support: 'full', rules: LPM_RULES, ...PLAIN },
  {
    type: T.ARRAY_OF_MAPS,
    name: 'array_of_maps',
    support: 'full',
    rules: arrayRules('fd'),
    ...FDS,
    ...FD_SIZES,
  },
  {
    type: T.HASH_OF_MAPS,
    name: 'hash_of_maps',
    support: 'full',
    rules: [VALUE_FD, ...HASH_RULES],
    ...FDS,
    defaults: { valueSize: 4 },
  },
  { type: T.DEVMAP, name: 'devmap', support: 'full', rules: targetRules('dev'), ...PLAIN },
  { type: T.SOCKMAP, name: 'sockmap', support: 'partial', rules: targetRules('sock'), ...FDS },
  { type: T.CPUMAP, name: 'cpumap', support: 'full', rules: targetRules('cpu'), ...PLAIN },
  { type: T.XSKMAP, name: 'xskmap', support: 'partial', rules: targetRules('xsk'), ...FDS },
  { type: T.SOCKHASH, name: 'sockhash', support: 'partial', rules: targetRules('sockhash'), ...FDS },
  unsupported(T.CGROUP_STORAGE, 'cgroup_storage'),
  {
    type: T.REUSEPORT_SOCKARRAY,
    name: 'reuseport_sockarray',
    support: 'partial',
    rules: targetRules('sock'),
    ...FDS,
  },
  unsupported(T.PERCPU_CGROUP_STORAGE, 'percpu_cgroup_storage'),
  { type: T.QUEUE, name: 'queue', support: 'full', rules: QUEUE_RULES, ...PLAIN },
  { type: T.STACK, name: 'stack', support: 'full', rules: QUEUE_RULES, ...PLAIN },
  { type: T.SK_STORAGE, name: 'sk_storage', support: 'full', rules: STORAGE_RULES, ...PLAIN },
  { type: T.DEVMAP_HASH, name: 'devmap_hash', support: 'full', rules: targetRules('dev'), ...PLAIN },
  unsupported(T.STRUCT_OPS, 'struct_ops'),
  { type: T.RINGBUF, name: 'ringbuf', support: 'full', rules: RINGBUF_RULES, ...PLAIN },
  { type: T.INODE_STORAGE, name: 'inode_storage', support: 'full', rules: STORAGE_RULES, ...PLAIN },
  { type: T.TASK_STORAGE, name: 'task_storage', support: 'full', rules: STORAGE_RULES, ...PLAIN },
  { type: T.BLOOM_FILTER, name: 'bloom_filter', support: 'full', rules: BLOOM_RULES, ...PLAIN },
  unsupported(T.USER_RINGBUF, 'user_ringbuf'),
  { type: T.CGRP_STORAGE, name: 'cgrp_storage', support: 'full', rules: STORAGE_RULES, ...PLAIN },
  unsupported(T.ARENA, 'arena'),
];

const BY_TYPE = new Map<number, MapTypeRow>(MAP_TYPES.map((row) => [row.type, row]));
const BY_NAME = new Map(MAP_TYPES.map((row) => [row.name, row]));

/** Undefined for a number that `enum bpf_map_type` does not have (BPF_MAP_CREATE gives EINVAL). */
export function mapType(type: number): MapTypeRow | undefined {
  return BY_TYPE.get(type);
}

/** By the name that bpftool prints. */
export function mapTypeByName(name: string): MapTypeRow | undefined {
  return BY_NAME.get(name);
}

/** First rule of the type that an attribute breaks; undefined when the kernel would go on to allocate. */
export function checkMapAttr(attr: MapCreateAttr): MapFault | undefined {
  const row = BY_TYPE.get(attr.type);
  if (!row) return { errno: EINVAL, message: `map type ${attr.type} is unknown` };
  if (row.support === 'none') return { errno: EINVAL, message: `map type ${row.name} is not supported` };
  const broken = row.rules.find((entry) => entry.broken(attr));
  return broken && { errno: broken.errno, message: broken.message(attr) };
}

/**
 * Entries of a map whose `max_entries` an object leaves to its own user-space half, which is not there: what the tools
 * of bcc and xdp-tools set, one a CPU for arrays. Prog arrays and data sections are not for guessing.
 */
const UNSIZED_ENTRIES: ReadonlyMap<number, (cpus: number) => number> = new Map([
  ...[T.HASH, T.LRU_HASH, T.PERCPU_HASH, T.LRU_PERCPU_HASH, T.LPM_TRIE, T.HASH_OF_MAPS, T.QUEUE, T.STACK].map(
    (type) => [type, () => 10_240] as const,
  ),
  [T.STACK_TRACE, () => 16_384],
  [T.RINGBUF, () => 256 * 1024],
  ...[T.ARRAY, T.PERCPU_ARRAY, T.PERF_EVENT_ARRAY].map((type) => [type, (cpus: number) => cpus] as const),
]);

/** Power of two, at least one page: what libbpf makes of a ring buffer's size (adjust_ringbuf_sz). */
export function ringbufBytes(wanted: number): number {
  if (wanted === 0) return 0;
  const bytes = Math.max(PAGE_BYTES, 2 ** Math.ceil(Math.log2(wanted)));
  // What no u32 holds stays as it is, for the kernel to refuse.
  return bytes > 0xffff_ffff ? wanted : bytes;
}

/**
 * What object loaders (libbpf, cilium/ebpf) change in a declared map before they create it: arrays of file descriptors
 * get 4-byte keys and values and one entry a CPU, a ring buffer loses the event type it was declared with and is
 * rounded up to a lawful size, a stack map gets room for the deepest stack, a map without a size that of
 * {@link UNSIZED_ENTRIES}.
 */
export function loaderDefaults<S extends MapCreateAttr>(spec: S, cpus: number): S {
  const defaults = BY_TYPE.get(spec.type)?.defaults;
  const keySize = spec.keySize || defaults?.keySize || 0;
  const valueSize = spec.valueSize || defaults?.valueSize || 0;
  const maxEntries = spec.maxEntries || (UNSIZED_ENTRIES.get(spec.type)?.(cpus) ?? 0);
  if (spec.type === T.RINGBUF || spec.type === T.USER_RINGBUF) {
    return { ...spec, keySize: 0, valueSize: 0, maxEntries: ringbufBytes(maxEntries) };
  }
  return { ...spec, keySize, valueSize, maxEntries };
}
