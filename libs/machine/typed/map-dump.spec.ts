import { Btf, BtfBuilder } from '@probed/btf';
import { type BpfMap, createMap, type MapEnv, MapRegistry, StackTraceMap } from '@probed/maps';
import { KernelMemory } from '@probed/memory';
import { type CollectionSpec, type MapInfo, MapType } from '@probed/spec';
import type { KernelApi } from '@probed/system';
import { dumpMap, dumpMapSteps, type TypedMap } from './map-dump';

const CPUS = 2;

const builder = new BtfBuilder();
const u32 = builder.int('unsigned int', 4);
const u64 = builder.int('unsigned long long', 8);
const pair = builder.struct('pair', 8, [
  { name: 'a', typeId: u32, offsetBits: 0 },
  { name: 'b', typeId: u32, offsetBits: 32 },
]);
const parsed = Btf.parse(builder.finish());
if (!parsed.ok) throw new Error(parsed.error.message);
const collection: CollectionSpec = { name: 'o', programs: [], maps: [], license: 'GPL', btf: parsed.value };

function makeMap(type: number, more: Partial<MapInfo>): BpfMap {
  const env: MapEnv = {
    memory: new KernelMemory(),
    cpus: CPUS,
    registry: new MapRegistry(),
    currentCpu: () => 0,
    mapField: () => undefined,
    tagRecord: () => ({ pid: 42 }),
  };
  const sizes = { keySize: 4, valueSize: 8, maxEntries: 4, flags: 0, frozen: false };
  const map = createMap({ name: 'm', type, ...sizes, keyTypeId: 0, valueTypeId: 0, ...more }, env);
  if (!map.ok) throw new Error(map.error.message);
  return map.value;
}

const symbols: Partial<KernelApi> = {
  kernelSymbol: (address) => (address === -4096 ? { name: 'vfs_read', offset: 26 } : undefined),
  userSymbol: (address, pid) =>
    pid === 42 ? { name: 'main', offset: address - 0x4000, module: '/bin/x' } : undefined,
};
const kernel = symbols as KernelApi;

const word = (value: number) => new Uint8Array(new Uint32Array([value]).buffer);
const words = (...values: number[]) => new Uint8Array(new Uint32Array(values).buffer);

test('entries are decoded by BTF, and are hex without it', () => {
  const typed = makeMap(MapType.HASH, { keyTypeId: u32, valueTypeId: pair });
  const bare = makeMap(MapType.HASH, {});
  for (const map of [typed, bare]) map.updateElem(word(7), words(1, 2), 0);
  const dump = (map: BpfMap) => dumpMap(map, collection, kernel);
  expect(dump(typed)).toEqual({
    kind: 'entries',
    entries: [{ key: 7, value: { a: 1, b: 2 } }],
    zeroEntries: 0,
    truncated: false,
  });
  expect(dump(bare)).toMatchObject({ entries: [{ key: '07000000', value: '0100000002000000' }] });
});

test('values per CPU are listed; integers are summed, exactly', () => {
  const counts = makeMap(MapType.PERCPU_HASH, { keyTypeId: u32, valueTypeId: u64 });
  counts.updateElem(word(1), words(5, 0, 6, 0), 0);
  counts.updateElem(word(2), words(0xffffffff, 0xffffffff, 1, 0), 0);
  expect(dumpMap(counts, collection, kernel)).toMatchObject({
    entries: expect.arrayContaining([
      { key: 1, values: [5, 6], sum: 11 },
      { key: 2, values: ['18446744073709551615', 1], sum: '18446744073709551616' },
    ]),
  });
  const pairs = makeMap(MapType.PERCPU_ARRAY, { maxEntries: 1, valueTypeId: pair });
  pairs.updateElem(word(0), words(1, 2, 3, 4), 0);
  expect(dumpMap(pairs, collection, kernel)).toMatchObject({
    entries: [
      {
        key: 0,
        values: [
          { a: 1, b: 2 },
          { a: 3, b: 4 },
        ],
      },
    ],
  });
});

test('a large array is listed without its zeros, a small one whole', () => {
  const large = makeMap(MapType.ARRAY, { maxEntries: 500, valueTypeId: u64 });
  large.updateElem(word(499), words(3, 0), 0);
  expect(dumpMap(large, collection, kernel)).toEqual({
    kind: 'entries',
    entries: [{ key: 499, value: 3 }],
    zeroEntries: 499,
    truncated: false,
  });
  const small = makeMap(MapType.ARRAY, { maxEntries: 2, valueTypeId: u64 });
  expect(dumpMap(small, collection, kernel)).toMatchObject({
    zeroEntries: 0,
    entries: [{ key: 0 }, { key: 1 }],
  });
});

test('stacks have the symbols of the kernel and of the task that was sampled', () => {
  const stacks = makeMap(MapType.STACK_TRACE, { valueSize: 64 });
  if (!(stacks instanceof StackTraceMap)) throw new Error('not a stack map');
  const id = stacks.stackId([-4096, -8192, 0x4010], 0);
  expect(dumpMap(stacks, collection, kernel)).toEqual({
    kind: 'stacks',
    stacks: [
      {
        id,
        frames: [
          { ip: '0xfffffffffffff000', symbol: 'vfs_read', offset: 26 },
          { ip: '0xffffffffffffe000' },
          { ip: '0x4010', symbol: 'main', offset: 16, module: '/bin/x' },
        ],
      },
    ],
    truncated: false,
  });
});

test('a dump in steps takes no more entries than asked for, and no account of those that go meanwhile', () => {
  const map = makeMap(MapType.HASH, { maxEntries: 5_000, keyTypeId: u32, valueTypeId: u64 });
  for (let key = 0; key < 3_000; key++) map.updateElem(word(key), words(key, 0), 0);
  const run = (entriesMax: number, between: () => void) => {
    const steps = dumpMapSteps(map, collection, kernel, entriesMax);
    for (let count = 0; ; count++) {
      const { done, value } = steps.next();
      if (done) return { count, value: value as TypedMap & { kind: 'entries' } };
      between();
    }
  };
  const some = run(1_000, () => undefined);
  expect(some.value.entries).toHaveLength(1_000);
  expect(some.value.truncated).toBe(true);
  const all = run(3_000, () => undefined);
  expect(new Set(all.value.entries.map(({ key }) => key)).size).toBe(3_000);
  expect(all.value.truncated).toBe(false);
  expect(all.count).toBeGreaterThan(2);
  const emptied = run(3_000, () => {
    for (let key = 0; key < 3_000; key++) map.deleteElem(word(key));
  });
  expect(emptied.value.entries.length).toBeLessThan(3_000);
});

test('a buffer has no entries', () => {
  const ring = makeMap(MapType.RINGBUF, { keySize: 0, valueSize: 0, maxEntries: 4096 });
  expect(dumpMap(ring, collection, kernel)).toEqual({ kind: 'buffer' });
});
