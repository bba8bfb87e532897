import { readFileSync } from 'node:fs';
import type { MapType } from '@probed/spec';
import { makeMap, testEnv, testInfo, u32 } from './testing';

/** Which results and which keys a 6.18 kernel with two CPUs gave for a pseudo-random run of operations. */
interface Measured {
  type: number;
  flags: number;
  maxEntries: number;
  /** CPUs that the operations ran on. */
  cpus: number;
  seed: number;
  ops: number;
  /** 31-ary fold of all results. */
  results: number;
  keys: number[];
}
const measured: Measured[] = JSON.parse(readFileSync(`${__dirname}/fixtures/lru-6.18.json`, 'utf8'));
const TYPES: Record<number, keyof typeof MapType> = { 9: 'LRU_HASH', 10: 'LRU_PERCPU_HASH' };

/** The run of operations: seven in sixteen are updates, five lookups, two deletes, one each NOEXIST and EXIST. */
function replay(row: Measured) {
  const env = testEnv(2);
  const map = makeMap(env, testInfo(TYPES[row.type], { flags: row.flags, maxEntries: row.maxEntries }));
  const key = env.memory.alloc(8);
  const value = env.memory.alloc(8);
  let { seed } = row;
  let results = 17;
  for (let i = 0; i < row.ops; i++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    const draw = seed >>> 8;
    const kind = draw % 16;
    env.cpu = row.cpus === 2 ? (draw >>> 20) & 1 : 0;
    env.memory.view.setUint32(key, (draw >>> 4) % (row.maxEntries * 2 + 1), true);
    let result: number;
    if (kind < 7) result = map.update(key, value, 0);
    else if (kind < 12) result = map.lookupOffset(key) ? 1 : 0;
    else if (kind < 14) result = map.delete(key);
    else result = map.update(key, value, kind === 14 ? 1 : 2);
    results = (Math.imul(results, 31) + result) >>> 0;
  }
  const keys = [...map.entries()].map((entry) => new DataView(entry.key.buffer).getUint32(0, true));
  return { results, keys: keys.sort((a, b) => a - b) };
}

test.each(measured)('type $type flags $flags max $maxEntries on $cpus CPUs: as the kernel evicts', (row) => {
  expect(replay(row)).toEqual({ results: row.results, keys: row.keys });
});

test('user space sees all CPUs, and its lookups do not count as use', () => {
  const env = testEnv(2);
  const map = makeMap(env, testInfo('LRU_PERCPU_HASH', { maxEntries: 2 }));
  expect(map.updateElem(u32(1), u32(1, 0, 2, 0), 0)).toBe(0);
  expect(map.lookup(u32(1))).toEqual(u32(1, 0, 2, 0));
  expect(map.updateElem(u32(2), u32(3, 0, 4, 0), 0)).toBe(0);
  for (let i = 0; i < 5; i++) map.lookup(u32(1));
  expect(map.updateElem(u32(3), u32(5, 0, 6, 0), 0)).toBe(0);
  expect(map.lookup(u32(1))).toBeUndefined();
  expect([...map.entries()]).toHaveLength(2);
});
