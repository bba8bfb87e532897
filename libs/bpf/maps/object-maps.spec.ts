import { MapType } from '@probed/spec';
import { LocalStorageMap } from './local-storage';
import type { MapEnv } from './map-env';
import { RedirectMap } from './redirect-map';
import { makeMap, testEnv, testInfo, u32 } from './testing';

const [ENOENT, E2BIG, EBADF, EEXIST, EINVAL, EOPNOTSUPP] = [-2, -7, -9, -17, -22, -95];
const [ANY, NOEXIST, EXIST] = [0, 1, 2];

describe('local storage', () => {
  function taskStorage(more: Partial<MapEnv> = {}) {
    const env = { ...testEnv(), ...more };
    const map = makeMap(env, testInfo('TASK_STORAGE', { maxEntries: 0, flags: 1 })) as LocalStorageMap;
    expect(map).toBeInstanceOf(LocalStorageMap);
    return { env, map, task: env.memory.alloc(64) };
  }

  test('an object has a value from when a program asks for one, until it goes', () => {
    const { env, map, task } = taskStorage();
    const used = env.memory.usedBytes;
    expect(map.storageFor(task, false, 0)).toBe(0);
    const at = map.storageFor(task, true, 0);
    expect(env.memory.view.getBigUint64(at, true)).toBe(0n);
    expect(map.storageFor(task, false, 0)).toBe(at);
    env.memory.free(task);
    expect(map.size).toBe(0);
    expect(env.memory.usedBytes).toBeLessThan(used);
    const next = env.memory.alloc(64);
    expect([next, map.storageFor(next, false, 0)]).toEqual([task, 0]);
  });

  test('a value begins with what the program gives', () => {
    const { env, map, task } = taskStorage();
    const initial = env.memory.alloc(8);
    env.memory.view.setBigUint64(initial, 77n, true);
    expect(env.memory.view.getBigUint64(map.storageFor(task, true, initial), true)).toBe(77n);
    expect([map.remove(task), map.remove(task)]).toEqual([0, ENOENT]);
  });

  test('user space names the object by its number', () => {
    const { map, task } = taskStorage({
      objectByNumber: (type, pid) => (type === MapType.TASK_STORAGE && pid < 8 ? pid * 4096 : undefined),
      numberOfObject: (_type, object) => (object % 4096 === 0 ? object / 4096 : undefined),
    });
    expect(map.updateElem(u32(7), u32(1, 2), EXIST)).toBe(ENOENT);
    expect(map.updateElem(u32(7), u32(1, 2), ANY)).toBe(0);
    expect(map.updateElem(u32(7), u32(1, 2), NOEXIST)).toBe(EEXIST);
    expect(map.updateElem(u32(8), u32(1, 2), ANY)).toBe(EBADF);
    map.storageFor(task + 8, true, 0);
    map.updateElem(u32(5), u32(3, 4), NOEXIST);
    expect([...map.entries()].map(({ key, value }) => [[...key], [...value]])).toEqual([
      [
        [5, 0, 0, 0],
        [3, 0, 0, 0, 4, 0, 0, 0],
      ],
      [
        [7, 0, 0, 0],
        [1, 0, 0, 0, 2, 0, 0, 0],
      ],
    ]);
    expect([map.deleteElem(u32(7)), map.lookup(u32(7))]).toEqual([0, undefined]);
  });

  test('nothing is left behind', () => {
    const env = testEnv();
    const task = env.memory.alloc(64);
    const before = env.memory.usedBytes;
    const map = makeMap(env, testInfo('TASK_STORAGE', { maxEntries: 0, flags: 1 })) as LocalStorageMap;
    map.storageFor(task, true, 0);
    map.destroy();
    expect(env.memory.usedBytes).toBe(before);
    env.memory.free(task);
  });
});

describe('redirect maps', () => {
  test.each(['DEVMAP', 'CPUMAP'] as const)('%s: an entry is there once it is set', (type) => {
    const env = testEnv();
    const map = makeMap(env, testInfo(type)) as RedirectMap;
    const key = env.memory.alloc(4);
    env.memory.u32[key >>> 2] = 2;
    expect([map.lookupOffset(key), map.has(2)]).toEqual([0, false]);
    expect(map.updateElem(u32(2), u32(9, 0), ANY)).toBe(0);
    expect(env.memory.u32[map.lookupOffset(key) >>> 2]).toBe(9);
    expect([...map.lookup(u32(2))!]).toEqual([9, 0, 0, 0, 0, 0, 0, 0]);
    expect(map.updateElem(u32(4), u32(9, 0), ANY)).toBe(E2BIG);
    expect(map.updateElem(u32(2), u32(9, 0), NOEXIST)).toBe(EEXIST);
    expect(map.updateElem(u32(2), u32(9, 5), ANY)).toBe(EOPNOTSUPP);
    expect([map.update(), map.delete()]).toEqual([EINVAL, EINVAL]);
    expect([map.deleteElem(u32(2)), map.has(2)]).toEqual([0, false]);
  });

  test('DEVMAP_HASH: any key, as many as max_entries', () => {
    const map = makeMap(testEnv(), testInfo('DEVMAP_HASH', { maxEntries: 2 })) as RedirectMap;
    expect(map.updateElem(u32(1000), u32(3, 0), NOEXIST)).toBe(0);
    expect(map.updateElem(u32(7), u32(4, 0), ANY)).toBe(0);
    expect(map.updateElem(u32(8), u32(4, 0), ANY)).toBe(E2BIG);
    expect([...map.entries()].map(({ key }) => key[0] | (key[1] << 8))).toEqual([1000, 7]);
    expect([map.deleteElem(u32(7)), map.deleteElem(u32(7))]).toEqual([0, ENOENT]);
  });
});

test.each(['SOCKMAP', 'SOCKHASH', 'XSKMAP', 'REUSEPORT_SOCKARRAY'] as const)('%s takes no socket', (type) => {
  const map = makeMap(testEnv(), testInfo(type, { valueSize: 4 }));
  expect(map.updateElem(u32(0), u32(5), ANY)).toBe(EOPNOTSUPP);
  expect([...map.entries()]).toEqual([]);
});
