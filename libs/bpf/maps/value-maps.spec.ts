import { E } from './errno';
import { ProgArrayMap } from './prog-array';
import { makeMap, testEnv, testInfo, u32 } from './testing';

const EXIST = 2;
const NONE = new Uint8Array(0);

function staged(type: 'QUEUE' | 'STACK' | 'BLOOM_FILTER', maxEntries: number, valueSize = 4) {
  const env = testEnv();
  const map = makeMap(env, testInfo(type, { keySize: 0, valueSize, maxEntries }));
  const at = env.memory.alloc(16);
  const put = (value: number, flags = 0) => {
    env.memory.view.setUint32(at, value, true);
    return map.push(at, flags);
  };
  const get = (take: (offset: number) => number) => {
    env.memory.u8.fill(0x55, at, at + 8);
    const result = take(at);
    return [result, env.memory.view.getUint32(at, true)];
  };
  const has = (value: Uint8Array) => {
    env.memory.u8.set(value, at);
    return map.peek(at) === 0;
  };
  return { map, put, has, pop: () => get((o) => map.pop(o)), peek: () => get((o) => map.peek(o)) };
}

describe.each([
  ['QUEUE', [1, 2, 3]],
  ['STACK', [3, 2, 1]],
] as const)('%s', (type, order) => {
  test('gives values back in order', () => {
    const { map, put, pop, peek } = staged(type, 3);
    expect(pop()).toEqual([E.NOENT, 0]);
    expect([put(1), put(2), put(3), put(4)]).toEqual([0, 0, 0, E.TOO_BIG]);
    expect([...map.entries()].map((entry) => entry.value)).toEqual(order.map((value) => u32(value)));
    expect(map.lookup(NONE)).toEqual(u32(order[0]));
    expect(peek()).toEqual([0, order[0]]);
    expect([pop(), pop(), pop(), pop()]).toEqual([...order.map((value) => [0, value]), [E.NOENT, 0]]);
    expect(map.lookup(NONE)).toBeUndefined();
  });

  test('BPF_EXIST pushes the oldest out, other flags are EINVAL', () => {
    const { map, put } = staged(type, 2);
    put(1);
    put(2);
    expect(put(3, EXIST)).toBe(0);
    const values = [...map.entries()].map((entry) => entry.value[0]).sort();
    expect(values).toEqual([2, 3]);
    expect([put(4, 1), put(4, 3), put(4, 8)]).toEqual([E.INVAL, E.INVAL, E.INVAL]);
  });

  test('user space pushes too', () => {
    const { map, pop } = staged(type, 2);
    expect(map.updateElem(NONE, u32(9), 0)).toBe(0);
    expect(map.deleteElem(NONE)).toBe(E.INVAL);
    expect(pop()).toEqual([0, 9]);
    map.freeze();
    expect(map.updateElem(NONE, u32(9), 0)).toBe(E.PERM);
  });
});

describe('bloom filter', () => {
  test.each([4, 7])('knows what was pushed, and little else (%d bytes)', (valueSize) => {
    const { map, has } = staged('BLOOM_FILTER', 500, valueSize);
    const value = (i: number) => {
      const bytes = new Uint8Array(valueSize);
      new DataView(bytes.buffer).setUint32(0, i, true);
      return bytes;
    };
    for (let i = 0; i < 500; i++) expect(map.updateElem(NONE, value(i), 0)).toBe(0);
    const hits = (from: number) => {
      let count = 0;
      for (let i = from; i < from + 500; i++) count += has(value(i)) ? 1 : 0;
      return count;
    };
    expect(hits(0)).toBe(500);
    expect(hits(1000)).toBeLessThan(60);
  });

  test('flags are EINVAL', () => {
    const { put, peek } = staged('BLOOM_FILTER', 10);
    expect(put(1, 1)).toBe(E.INVAL);
    expect(peek()[0]).toBe(E.NOENT);
    expect(put(0x5555_5555)).toBe(0);
    expect(peek()).toEqual([0, 0x5555_5555]);
  });
});

/** Programs 1 and 42 of one type, 50 of another. */
function envWithPrograms() {
  const types = new Map([
    [1, 5],
    [42, 5],
    [50, 6],
  ]);
  const programById = (id: number) => {
    const type = types.get(id);
    return type === undefined ? undefined : { id, type };
  };
  return { ...testEnv(), programById };
}

test('a PROG_ARRAY holds programs that exist, all of one type', () => {
  const map = makeMap(envWithPrograms(), testInfo('PROG_ARRAY', { valueSize: 4, maxEntries: 3 }));
  expect(map.updateElem(u32(0), u32(7), 0)).toBe(E.BADF);
  expect(map.updateElem(u32(0), u32(42), 0)).toBe(0);
  expect(map.updateElem(u32(1), u32(50), 0)).toBe(E.INVAL);
  expect(map).toBeInstanceOf(ProgArrayMap);
  const array = map as ProgArrayMap;
  expect(array.programAt(0)).toMatchObject({ id: 42 });
  expect(array.claim(6)).toBe(false);
  expect(map.deleteElem(u32(0))).toBe(0);
  expect(array.programAt(0)).toBeUndefined();
});

describe.each(['PROG_ARRAY', 'CGROUP_ARRAY'] as const)('%s', (type) => {
  test('holds ids', () => {
    const map = makeMap(envWithPrograms(), testInfo(type, { valueSize: 4, maxEntries: 3 }));
    expect(map.updateElem(u32(1), u32(42), 0)).toBe(0);
    expect(map.lookup(u32(1))).toEqual(u32(42));
    expect(map.lookup(u32(0))).toBeUndefined();
    expect(map.updateElem(u32(3), u32(42), 0)).toBe(E.TOO_BIG);
    expect(map.updateElem(u32(1), u32(0), 0)).toBe(E.BADF);
    expect(map.updateElem(u32(1), u32(1), 1)).toBe(E.INVAL);
    expect([...map.entries()]).toEqual([{ key: u32(1), value: u32(42) }]);
    expect(map.deleteElem(u32(0))).toBe(E.NOENT);
    expect(map.deleteElem(u32(3))).toBe(E.TOO_BIG);
    expect(map.deleteElem(u32(1))).toBe(0);
    expect([...map.entries()]).toEqual([]);
  });
});

describe.each(['ARRAY_OF_MAPS', 'HASH_OF_MAPS'] as const)('%s', (type) => {
  const template = testInfo('HASH', { maxEntries: 8 });

  test('gives programs the inner map', () => {
    const env = testEnv();
    const outer = makeMap(env, testInfo(type, { valueSize: 4, inner: template }));
    const inner = makeMap(env, testInfo('HASH', { maxEntries: 99 }));
    const key = env.memory.alloc(8);
    env.memory.view.setUint32(key, 2, true);
    expect(outer.lookupOffset(key)).toBe(0);
    expect(outer.updateElem(u32(2), u32(inner.id), 0)).toBe(0);
    expect(outer.lookupOffset(key)).toBe(inner.offset);
    expect(outer.lookup(u32(2))).toEqual(u32(inner.id));
    expect([...outer.entries()]).toEqual([{ key: u32(2), value: u32(inner.id) }]);
    expect(outer.deleteElem(u32(2))).toBe(0);
    expect(outer.lookupOffset(key)).toBe(0);
    expect(outer.deleteElem(u32(2))).toBe(E.NOENT);
  });

  test('takes only maps that are like the template', () => {
    const env = testEnv();
    const outer = makeMap(env, testInfo(type, { valueSize: 4, inner: template }));
    const wrong = makeMap(env, testInfo('HASH', { valueSize: 16 }));
    expect(outer.updateElem(u32(0), u32(wrong.id), 0)).toBe(E.INVAL);
    expect(outer.updateElem(u32(0), u32(999), 0)).toBe(E.BADF);
  });

  test('inner arrays must be of the same length, unless declared otherwise', () => {
    const env = testEnv();
    const small = makeMap(env, testInfo('ARRAY', { maxEntries: 1 }));
    const outer = makeMap(env, testInfo(type, { valueSize: 4, inner: testInfo('ARRAY', { maxEntries: 2 }) }));
    expect(outer.updateElem(u32(0), u32(small.id), 0)).toBe(E.INVAL);
  });
});
