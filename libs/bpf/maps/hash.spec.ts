import { makeMap, testEnv, testInfo } from './testing';

/** A hash of four-byte keys filled with 0, 1, 2, …, and offsets to call it with. */
function filled(count: number, more: { flags?: number; keySize?: number } = {}) {
  const env = testEnv();
  const map = makeMap(env, testInfo('HASH', { maxEntries: count, ...more }));
  const key = env.memory.alloc(64);
  const value = env.memory.alloc(64);
  const setKey = (at: number, k: number) => env.memory.view.setUint32(at, k, true);
  for (let i = 0; i < count; i++) {
    setKey(key, i);
    setKey(value, i);
    map.update(key, value, 0);
  }
  const keyOf = (at: number) => env.memory.view.getUint32(at, true);
  return { env, map, key, value, setKey, keyOf };
}

describe.each([0, 1])('walk, flags %d', (flags) => {
  test('goes on past elements that the callback deletes elsewhere', () => {
    const { map, key, setKey, keyOf } = filled(64, { flags });
    const seen: number[] = [];
    const deleted = new Set<number>();
    const visited = map.walk((at) => {
      const current = keyOf(at);
      seen.push(current);
      for (const victim of [current ^ 1, current ^ 2]) {
        setKey(key, victim);
        if (map.delete(key) === 0) deleted.add(victim);
      }
      return 0;
    });
    expect(visited).toBe(seen.length);
    expect(visited).toBeLessThanOrEqual(64);
    expect(new Set(seen).size).toBe(seen.length);
    expect(new Set([...seen, ...deleted]).size).toBe(64);
  });
});

test.each([4, 8, 12, 7, 22])('keys of %d bytes at odd offsets', (keySize) => {
  const { map, env, key, value } = filled(1, { keySize });
  const bytes = Uint8Array.from({ length: keySize }, (_, i) => i + 1);
  env.memory.u8.set(bytes, key + 1);
  env.memory.u8[key + 1 + keySize] = 0x55;
  map.delete(key);
  map.deleteElem(new Uint8Array(keySize));
  expect(map.update(key + 1, value, 1)).toBe(0);
  env.memory.u8.fill(0xaa, key, key + 64);
  env.memory.u8.set(bytes, key + 8);
  expect(map.lookupOffset(key + 8)).not.toBe(0);
  expect([...map.entries()].map((entry) => entry.key)).toEqual([bytes]);
});

test('a full map still takes updates of what it holds', () => {
  const { map, key, value, setKey } = filled(4);
  for (let i = 0; i < 100; i++) {
    setKey(key, i % 4);
    setKey(value, 1000 + i);
    expect(map.update(key, value, 0)).toBe(0);
  }
  expect([...map.entries()]).toHaveLength(4);
});

test('unknown flags and BPF_F_LOCK', () => {
  const { env, map, key, value, setKey } = filled(2);
  expect(map.update(key, value, 3)).toBe(-22);
  expect(map.update(key, value, -1)).toBe(-22);
  setKey(key, 0);
  const before = map.lookupOffset(key);
  setKey(value, 77);
  expect(map.update(key, value, 4)).toBe(0);
  expect(map.lookupOffset(key)).toBe(before);
  expect(env.memory.view.getUint32(before, true)).toBe(77);
});
