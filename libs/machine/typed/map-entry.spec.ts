import { toHex } from '@probed/base';
import { Btf, BtfBuilder, type EncodeInput } from '@probed/btf';
import { type BpfMap, createMap, MapRegistry } from '@probed/maps';
import { KernelMemory } from '@probed/memory';
import { type MapInfo, MapType } from '@probed/spec';
import { encodeMapKey, encodeMapValue, type ValueInput } from './map-entry';

const CPUS = 2;

const builder = new BtfBuilder();
const u32 = builder.int('unsigned int', 4);
const pair = builder.struct('pair', 8, [
  { name: 'a', typeId: u32, offsetBits: 0 },
  { name: 'b', typeId: u32, offsetBits: 32 },
]);
const parsed = Btf.parse(builder.finish());
if (!parsed.ok) throw new Error(parsed.error.message);
const btf = parsed.value;

function makeMap(type: number, more: Partial<MapInfo> = {}): BpfMap {
  const env = {
    memory: new KernelMemory(),
    cpus: CPUS,
    registry: new MapRegistry(),
    currentCpu: () => 0,
    mapField: () => undefined,
    programById: () => undefined,
  };
  const sizes = { keySize: 4, valueSize: 8, maxEntries: 4, flags: 0, frozen: false };
  const map = createMap({ name: 'm', type, ...sizes, keyTypeId: u32, valueTypeId: pair, ...more }, env);
  if (!map.ok) throw new Error(map.error.message);
  return map.value;
}

const untyped = { keyTypeId: 0, valueTypeId: 0 };

test.each<[string, EncodeInput, Partial<MapInfo>, string]>([
  ['a number by BTF', 7, {}, '07000000'],
  ['text by BTF', '0x10', {}, '10000000'],
  ['hex in spite of BTF', { hex: '01 02 03 04' }, {}, '01020304'],
  ['a struct', { a: 1, b: 2 }, { keyTypeId: pair, keySize: 8 }, '0100000002000000'],
  ['an integer without BTF', -2, untyped, 'feffffff'],
  ['hex without BTF', '0x0a0b0c0d', untyped, '0a0b0c0d'],
  ['nothing', null, untyped, '00000000'],
])('a key: %s', (_name, input, info, bytes) => {
  const encoded = encodeMapKey(makeMap(MapType.HASH, info), input, btf);
  expect(encoded.ok && toHex(encoded.value)).toBe(bytes);
});

test.each<[string, EncodeInput, Partial<MapInfo>, object]>([
  ['out of range', 2 ** 32, {}, { code: 'value-encode', where: 'key' }],
  ['a member that is none', { c: 1 }, { keyTypeId: pair, keySize: 8 }, { where: 'key.c' }],
  ['hex of another length', { hex: '01' }, {}, { code: 'map-value', message: '4 bytes of hex are wanted' }],
  ['too large without BTF', 2 ** 40, untyped, { code: 'map-value', where: 'key' }],
  ['text that is no hex', 'abc', untyped, { code: 'map-value' }],
])('refused: %s', (_name, input, info, error) => {
  expect(encodeMapKey(makeMap(MapType.HASH, info), input, btf)).toMatchObject({ ok: false, error });
});

test.each<[string, number, ValueInput, string]>([
  ['one', MapType.HASH, { value: { a: 1, b: 2 } }, '0100000002000000'],
  ['the same for each CPU', MapType.PERCPU_HASH, { value: { a: 1 } }, '01000000000000000100000000000000'],
  [
    'one for each CPU',
    MapType.PERCPU_HASH,
    { values: [{ a: 1 }, { b: 2 }] },
    '01000000000000000000000002000000',
  ],
  [
    'less than there are CPUs',
    MapType.PERCPU_ARRAY,
    { values: [{ b: 3 }] },
    '00000000030000000000000000000000',
  ],
])('a value: %s', (_name, type, input, bytes) => {
  const encoded = encodeMapValue(makeMap(type), input, btf, CPUS);
  expect(encoded.ok && toHex(encoded.value)).toBe(bytes);
});

test('what is encoded is what the map takes and gives back', () => {
  const map = makeMap(MapType.PERCPU_HASH);
  const key = encodeMapKey(map, 3, btf);
  const value = encodeMapValue(map, { values: [{ a: 1 }, { a: 2 }] }, btf, CPUS);
  if (!key.ok || !value.ok) throw new Error('not encoded');
  expect(map.updateElem(key.value, value.value, 0)).toBe(0);
  expect(map.lookup(key.value)).toEqual(value.value);
});
