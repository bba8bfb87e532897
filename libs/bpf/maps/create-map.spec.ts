import { MAP_TYPES, type MapInfo, MapType } from '@probed/spec';
import { createMap } from './create-map';
import { testEnv, testInfo } from './testing';

/** Attributes that the types lay down; the rest takes those of a hash. */
const ATTRIBUTES: Partial<Record<keyof typeof MapType, Partial<MapInfo>>> = {
  RINGBUF: { keySize: 0, valueSize: 0, maxEntries: 4096 },
  PERF_EVENT_ARRAY: { valueSize: 4 },
  PROG_ARRAY: { valueSize: 4 },
  CGROUP_ARRAY: { valueSize: 4 },
  ARRAY_OF_MAPS: { valueSize: 4 },
  HASH_OF_MAPS: { valueSize: 4 },
  QUEUE: { keySize: 0 },
  STACK: { keySize: 0 },
  BLOOM_FILTER: { keySize: 0 },
  LPM_TRIE: { keySize: 8, flags: 1 },
  XSKMAP: { valueSize: 4 },
  SK_STORAGE: { maxEntries: 0, flags: 1 },
  INODE_STORAGE: { maxEntries: 0, flags: 1 },
  TASK_STORAGE: { maxEntries: 0, flags: 1 },
  CGRP_STORAGE: { maxEntries: 0, flags: 1 },
};

const nameOf = (type: number) =>
  Object.entries(MapType).find(([, value]) => value === type)?.[0] as keyof typeof MapType;

test.each(MAP_TYPES.map((row) => [row.name, row] as const))(
  '%s is made exactly when the table says so',
  (_name, row) => {
    const env = testEnv();
    const before = env.memory.usedBytes;
    const type = nameOf(row.type);
    const map = createMap(testInfo(type, ATTRIBUTES[type]), env);
    expect(map.ok).toBe(row.support !== 'none');
    if (!map.ok) {
      expect(map.error).toMatchObject({ code: 'map-type-unsupported', errno: 95 });
      expect(map.error.message).toContain(row.name);
      return;
    }
    expect(env.registry.byId(map.value.id)).toBe(map.value);
    map.value.destroy();
    expect(env.memory.usedBytes).toBe(before);
    expect(env.registry.byId(map.value.id)).toBeUndefined();
  },
);

test.each([
  ['HASH', 7],
  ['LRU_HASH', 7],
  ['ARRAY', 12],
  ['PERCPU_ARRAY', 12],
  ['STACK_TRACE', 12],
  ['LPM_TRIE', undefined],
  ['RINGBUF', 12],
  ['PERF_EVENT_ARRAY', 12],
  ['QUEUE', 12],
] as const)('%s of 2^31 entries fails at once and leaks nothing', (type, errno) => {
  const env = testEnv();
  const before = env.memory.usedBytes;
  const map = createMap(testInfo(type, { ...ATTRIBUTES[type], maxEntries: 2 ** 31 }), env);
  expect(map.ok ? undefined : map.error.errno).toBe(errno);
  if (!map.ok) expect(env.memory.usedBytes).toBe(before);
});
