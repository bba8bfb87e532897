import { BudgetExceeded } from '@probed/spec';
import { TestKernel } from './testing';

const DIRECT_MAP_BASE = -0x7780_0000_0000;

function hashOf(entries: readonly [number, number][]) {
  const kernel = new TestKernel();
  const map = kernel.makeMap('HASH', { maxEntries: 8 });
  const key = kernel.memory.alloc(8);
  const value = kernel.memory.alloc(8);
  for (const [k, v] of entries) {
    kernel.memory.view.setUint32(key, k, true);
    kernel.memory.view.setUint32(value, v, true);
    map.update(key, value, 0);
  }
  return { kernel, map, key, value };
}

test.each([false, true])('lookup, update, delete; bound to one map: %s', (bound) => {
  const { kernel, map, key, value } = hashOf([]);
  const helper = (name: string) => kernel.helper(name, bound ? map.offset : undefined);
  kernel.memory.view.setUint32(value, 77, true);
  expect(helper('map_lookup_elem')(map.offset, key)).toBe(0);
  expect(helper('map_update_elem')(map.offset, key, value, 2, 0)).toBe(-2);
  expect(helper('map_update_elem')(map.offset, key, value, 0, 0)).toBe(0);
  expect(helper('map_update_elem')(map.offset, key, value, 1, 0)).toBe(-17);
  expect(kernel.memory.view.getUint32(helper('map_lookup_elem')(map.offset, key), true)).toBe(77);
  expect(helper('map_delete_elem')(map.offset, key)).toBe(0);
  expect(helper('map_delete_elem')(map.offset, key)).toBe(-2);
});

test('flags in the upper half are EINVAL', () => {
  const { kernel, map, key, value } = hashOf([]);
  expect(kernel.helper('map_update_elem')(map.offset, key, value, 0, 1)).toBe(-22);
});

test('map_lookup_percpu_elem', () => {
  const kernel = new TestKernel();
  const map = kernel.makeMap('PERCPU_ARRAY');
  const key = kernel.memory.alloc(8);
  const other = kernel.helper('map_lookup_percpu_elem')(map.offset, key, 1);
  expect(other).not.toBe(0);
  expect(other).not.toBe(map.lookupOffset(key));
  expect(kernel.helper('map_lookup_percpu_elem')(map.offset, key, 2)).toBe(0);
  expect(kernel.helper('map_lookup_percpu_elem')(map.offset, key, -1)).toBe(0);
});

describe('for_each_map_elem', () => {
  test('calls back with map, key, value, context', () => {
    const { kernel, map } = hashOf([
      [1, 10],
      [2, 20],
    ]);
    const seen: number[][] = [];
    kernel.env.invokeCallback = (slot, mapWord, key, value, ctx) => {
      const at = (word: number) => kernel.memory.view.getUint32(word - DIRECT_MAP_BASE, true);
      seen.push([slot, mapWord - DIRECT_MAP_BASE, at(key), at(value), ctx - DIRECT_MAP_BASE]);
      return 0;
    };
    expect(kernel.helper('for_each_map_elem')(map.offset, 9, 0x2_0000, 0, 0)).toBe(2);
    expect(seen.sort((a, b) => a[2] - b[2])).toEqual([
      [9, map.offset, 1, 10, 0x2_0000],
      [9, map.offset, 2, 20, 0x2_0000],
    ]);
  });

  test('stops at 1, refuses flags, deletes on the way', () => {
    const { kernel, map } = hashOf([
      [1, 10],
      [2, 20],
      [3, 30],
    ]);
    kernel.env.invokeCallback = () => 1;
    expect(kernel.helper('for_each_map_elem')(map.offset, 9, 0, 0, 0)).toBe(1);
    expect(kernel.helper('for_each_map_elem')(map.offset, 9, 0, 1, 0)).toBe(-22);
    kernel.env.invokeCallback = (_slot, _map, key) => {
      map.delete(key - DIRECT_MAP_BASE);
      return 0;
    };
    expect(kernel.helper('for_each_map_elem')(map.offset, 9, 0, 0, 0)).toBe(3);
    expect([...map.entries()]).toEqual([]);
  });

  test('spends the budget', () => {
    const { kernel, map } = hashOf([
      [1, 10],
      [2, 20],
    ]);
    kernel.env.budget = 1;
    expect(() => kernel.helper('for_each_map_elem')(map.offset, 9, 0, 0, 0)).toThrow(BudgetExceeded);
  });
});

describe('loop', () => {
  test.each([
    [5, 0, 5],
    [0, 0, 0],
    [8 * 1024 * 1024 + 1, 0, -7],
    [-1, 0, -7],
    [5, 1, -22],
  ])('%d times, flags %d', (count, flags, result) => {
    const kernel = new TestKernel();
    expect(kernel.helper('loop')(count, 3, 0, flags, 0)).toBe(result);
  });

  test('stops when the callback says so', () => {
    const kernel = new TestKernel();
    const seen: number[] = [];
    kernel.env.invokeCallback = (_slot, i) => {
      seen.push(i);
      return i === 2 ? 1 : 0;
    };
    expect(kernel.helper('loop')(10, 3, 0, 0, 0)).toBe(3);
    expect(seen).toEqual([0, 1, 2]);
  });

  test('spends the budget', () => {
    const kernel = new TestKernel();
    kernel.env.budget = 5;
    expect(kernel.helper('loop')(5, 3, 0, 0, 0)).toBe(5);
    expect(() => kernel.helper('loop')(1, 3, 0, 0, 0)).toThrow(BudgetExceeded);
  });
});

test('a spin lock reads as taken in between', () => {
  const kernel = new TestKernel();
  const lock = kernel.memory.alloc(8);
  kernel.helper('spin_lock')(lock);
  expect(kernel.bytes(lock, 4)).toEqual([1, 0, 0, 0]);
  kernel.helper('spin_unlock')(lock);
  expect(kernel.bytes(lock, 4)).toEqual([0, 0, 0, 0]);
});
