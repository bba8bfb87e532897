import { E } from './errno';
import { makeMap, testEnv, testInfo, u32 } from './testing';

const NOEXIST = 1;
const EXIST = 2;

describe('hash map', () => {
  it('follows the kernel in flags and errno', () => {
    const map = makeMap(testEnv(), testInfo('HASH', { maxEntries: 2 }));
    expect(map.updateElem(u32(1), u32(10, 0), EXIST)).toBe(E.NOENT);
    expect(map.updateElem(u32(1), u32(10, 0), NOEXIST)).toBe(0);
    expect(map.updateElem(u32(1), u32(11, 0), NOEXIST)).toBe(E.EXIST);
    expect(map.updateElem(u32(1), u32(12, 0), 3)).toBe(E.INVAL);
    expect(map.updateElem(u32(2), u32(20, 0), 0)).toBe(0);
    expect(map.updateElem(u32(3), u32(30, 0), 0)).toBe(E.TOO_BIG);
    expect(map.updateElem(u32(2), u32(21, 0), EXIST)).toBe(0);
    expect(map.lookup(u32(2))).toEqual(u32(21, 0));
    expect(map.deleteElem(u32(2))).toBe(0);
    expect(map.deleteElem(u32(2))).toBe(E.NOENT);
    expect(map.lookup(u32(2))).toBeUndefined();
  });

  it('keeps an old value readable after an update, as the kernel does', () => {
    const env = testEnv();
    const map = makeMap(env, testInfo('HASH'));
    map.updateElem(u32(1), u32(10, 0), 0);
    const key = env.memory.alloc(8);
    env.memory.view.setUint32(key, 1, true);
    const old = map.lookupOffset(key);
    map.updateElem(u32(1), u32(11, 0), 0);
    expect(env.memory.view.getUint32(old, true)).toBe(10);
    expect(env.memory.view.getUint32(map.lookupOffset(key), true)).toBe(11);
  });

  it.each([0, 1])('agrees with a Map under random operations (flags %i)', (flags) => {
    const env = testEnv();
    const map = makeMap(env, testInfo('HASH', { maxEntries: 50, flags, keySize: 7, valueSize: 5 }));
    const model = new Map<string, string>();
    let seed = 12345;
    const random = (n: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % n;
    };
    for (let i = 0; i < 5000; i++) {
      const key = new Uint8Array([random(80), 1, 2, 3, 4, 5, 6]);
      const value = new Uint8Array([random(256), random(256), 0, 0, 9]);
      if (random(3) === 0) expect(map.deleteElem(key)).toBe(model.delete(key.join()) ? 0 : E.NOENT);
      else {
        const full = !model.has(key.join()) && model.size === 50;
        expect(map.updateElem(key, value, 0)).toBe(full ? E.TOO_BIG : 0);
        if (!full) model.set(key.join(), value.join());
      }
    }
    const entries = [...map.entries()].map(({ key, value }) => [key.join(), value.join()] as const);
    expect(new Map(entries)).toEqual(model);
    expect(entries.length).toBe(model.size);
    map.destroy();
  });

  it('gives each CPU its own value', () => {
    const env = testEnv(2);
    const map = makeMap(env, testInfo('PERCPU_HASH', { valueSize: 4 }));
    const at = env.memory.alloc(16);
    env.memory.view.setUint32(at, 7, true);
    env.memory.view.setUint32(at + 8, 100, true);
    env.cpu = 1;
    expect(map.update(at, at + 8, 0)).toBe(0);
    expect(map.lookup(u32(7))).toEqual(u32(0, 0, 100, 0));
    expect(env.memory.view.getUint32(map.lookupOffset(at), true)).toBe(100);
    env.cpu = 0;
    expect(env.memory.view.getUint32(map.lookupOffset(at), true)).toBe(0);
    expect(map.updateElem(u32(7), u32(1, 0, 2, 0), EXIST)).toBe(0);
    expect(env.memory.view.getUint32(map.lookupPercpuOffset(at, 1), true)).toBe(2);
  });

  it('survives deletion of the visited element during a walk', () => {
    const env = testEnv();
    const map = makeMap(env, testInfo('HASH', { maxEntries: 20 }));
    for (let i = 0; i < 20; i++) map.updateElem(u32(i), u32(i, 0), 0);
    expect(map.walk((key) => map.delete(key))).toBe(20);
    expect([...map.entries()]).toEqual([]);
  });
});

describe('array map', () => {
  it('has all entries from the start and cannot delete', () => {
    const map = makeMap(testEnv(), testInfo('ARRAY', { maxEntries: 3 }));
    expect([...map.entries()].length).toBe(3);
    expect(map.updateElem(u32(3), u32(1, 0), 0)).toBe(E.TOO_BIG);
    expect(map.updateElem(u32(0), u32(1, 0), NOEXIST)).toBe(E.EXIST);
    expect(map.deleteElem(u32(0))).toBe(E.INVAL);
    expect(map.updateElem(u32(2), u32(5, 6), 0)).toBe(0);
    expect(map.lookup(u32(2))).toEqual(u32(5, 6));
  });

  it('refuses user writes once frozen', () => {
    const map = makeMap(testEnv(), testInfo('ARRAY'));
    map.freeze();
    expect(map.updateElem(u32(0), u32(1, 0), 0)).toBe(E.PERM);
  });

  it('describes itself in struct bpf_map', () => {
    const env = testEnv();
    const map = makeMap(env, testInfo('PERCPU_ARRAY', { maxEntries: 9 }));
    expect(env.memory.view.getUint32(map.offset + 36, true)).toBe(9);
    expect(env.registry.at(map.offset)).toBe(map);
  });
});
