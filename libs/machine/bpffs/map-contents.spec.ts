import { loadKernelImage } from '@probed/assets';
import { toHex } from '@probed/base';
import type { BpfMap } from '@probed/maps';
import { MapType } from '@probed/spec';
import { Machine } from '../index';
import { restoreMap, saveMap } from './map-contents';

const node = new Machine({ image: loadKernelImage(), cpus: 2 });
const MIB = 1 << 20;

function make(
  type: keyof typeof MapType,
  maxEntries = 8,
  more: { frozen?: boolean; keySize?: number } = {},
): BpfMap {
  const keyless = type === 'QUEUE' || type === 'STACK';
  const sizes = { keySize: keyless ? 0 : 8, valueSize: 12, maxEntries };
  if (type.endsWith('ARRAY')) sizes.keySize = 4;
  const flags = type === 'LPM_TRIE' ? 1 : 0;
  const made = node.runtime.createMap({
    name: 'm',
    type: MapType[type],
    ...sizes,
    flags,
    keyTypeId: 0,
    valueTypeId: 0,
    ...more,
  });
  if (!made.ok) throw new Error(made.error.message);
  return made.value;
}

function fill(map: BpfMap, count: number): void {
  const perCpu =
    map.info.type === MapType.PERCPU_HASH ||
    map.info.type === MapType.PERCPU_ARRAY ||
    map.info.type === MapType.LRU_PERCPU_HASH;
  for (let i = 0; i < count; i++) {
    const key = new Uint8Array(map.info.keySize);
    // A prefix length, an index, or just four bytes.
    if (key.length > 0) key[0] = map.info.type === MapType.LPM_TRIE ? 32 : i;
    if (key.length > 4) key[4] = i;
    const value = Uint8Array.from({ length: perCpu ? 32 : 12 }, (_, at) => (at % 16 < 12 ? i * 3 + at : 0));
    expect(map.updateElem(key, value, 0)).toBe(0);
  }
}

/** Of a hash, in the order of the keys: its own depends on its seed. */
function entriesOf(map: BpfMap): string[] {
  const entries = [...map.entries()].map(({ key, value }) => `${toHex(key)} ${toHex(value)}`);
  return map.info.type === MapType.QUEUE || map.info.type === MapType.STACK ? entries : entries.sort();
}

test.each([
  'HASH',
  'PERCPU_HASH',
  'LRU_HASH',
  'LRU_PERCPU_HASH',
  'ARRAY',
  'PERCPU_ARRAY',
  'LPM_TRIE',
  'QUEUE',
  'STACK',
] as const)('%s comes back as it was', (type) => {
  const map = make(type);
  fill(map, 5);
  const saved = saveMap(map, MIB)!;
  const again = make(type);
  expect(restoreMap(again, saved)).toBe(type.endsWith('ARRAY') ? 8 : 5);
  expect(entriesOf(again)).toEqual(entriesOf(map));
});

test('an empty map is saved as empty', () => {
  const saved = saveMap(make('HASH'), MIB)!;
  expect([saved.length, restoreMap(make('HASH'), saved)]).toEqual([8, 0]);
});

test('what is too large, frozen or no map of entries is not saved', () => {
  const map = make('HASH', 100);
  fill(map, 100);
  expect(saveMap(map, 8 + 100 * 20)).toHaveLength(2008);
  expect(saveMap(map, 8 + 100 * 20 - 1)).toBeUndefined();
  expect(saveMap(make('ARRAY', 100_000), MIB)).toBeUndefined();
  expect(saveMap(make('ARRAY', 1, { frozen: true }), MIB)).toBeUndefined();
});

test('bytes that do not fit the map, or have no end, put back what they can and no more', () => {
  const map = make('HASH');
  fill(map, 5);
  const saved = saveMap(map, MIB)!;
  expect(restoreMap(make('ARRAY'), saved)).toBe(0);
  expect(restoreMap(make('PERCPU_HASH'), saved)).toBe(0);
  expect(restoreMap(make('HASH', 3), saved)).toBe(3);
  expect(restoreMap(make('HASH'), saved.subarray(0, saved.length - 1))).toBe(4);
  for (const length of [0, 7]) expect(restoreMap(make('HASH'), saved.subarray(0, length))).toBe(0);
});
