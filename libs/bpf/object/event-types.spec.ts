import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Btf, decodeValue } from '@probed/btf';
import { eventTypes, findMap, namedEventType, parseObject, pickEventType } from './index';
import type { ObjectSpec } from './object-spec';

function load(name: string): ObjectSpec {
  const result = parseObject(readFileSync(join(__dirname, 'fixtures', `${name}.bpf.o`)), `${name}.bpf.o`);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

const types = (object: ObjectSpec, map: string, kernel?: Btf) =>
  eventTypes(object, findMap(object, map)!, kernel).map((type) => `${type.name}:${type.bytes}`);

const dwarf = load('dwarf');

test.each([
  ['maps', 'ring', ['value:24'], 'the value type'],
  ['maps', 'perf', ['key:8'], 'the size that is output, even of a map key when nothing else fits'],
  ['events', 'ring', ['message:256'], 'no constant size: the struct of the one-element array'],
  ['events', 'events', [], 'a legacy map definition is no record, though as long'],
  ['dwarf', 'ring', ['open_event:96'], 'the size that is reserved, by DWARF'],
  ['dwarf', 'perf', ['close_event:16'], 'the size that is output, and no hash value'],
  ['dwarf', 'two_sizes', ['close_event:16', 'open_event:96'], 'one for each size'],
  ['records', 'events', ['event:104'], 'a struct of the stack alone, by the code that fills it'],
  ['records', 'tagged', ['opened:8', 'closed:8'], 'two of one size'],
  ['records', 'composed_events', ['composed:608'], 'the value of the map that it is composed in'],
  ['records', 'sent', ['passed:24'], "the type of a subprogram's parameter"],
  ['dwarf', 'by_pointer', ['pointed:12'], 'no constant size: the struct of the global pointer'],
])('%s %s: %j (%s)', (fixture, map, expected) => {
  expect(types(load(fixture), map)).toEqual(expected);
});

test("the kernel's structs are none of the object's", () => {
  // A kernel whose BTF has the same names: what is left is what the code tells.
  const [ring] = eventTypes(dwarf, findMap(dwarf, 'ring')!, dwarf.debugTypes());
  expect(ring).toMatchObject({ fromCode: true, bytes: 96 });
  expect(types(dwarf, 'by_pointer', dwarf.debugTypes())).toEqual(['pointed:12']);
});

test('types made from DWARF have the layout that the compiler gave them', () => {
  const { btf, typeId } = namedEventType(dwarf, 'open_event')!;
  const places = [
    'pid',
    'kind',
    'comm',
    'matrix[1][2]',
    'low',
    'high',
    'word',
    'bytes[3]',
    'name',
    'unused',
  ].map((path) => {
    const place = btf.member(typeId, path);
    return place && [path, place.offsetBits, place.bits, btf.sizeOf(place.typeId)];
  });
  expect(places).toEqual([
    ['pid', 0, 0, 4],
    ['kind', 32, 0, 4],
    ['comm', 64, 0, 16],
    ['matrix[1][2]', 192 + 5 * 64, 0, 8],
    ['low', 576, 4, 4],
    ['high', 580, 12, 4],
    ['word', 608, 0, 4],
    ['bytes[3]', 632, 0, 1],
    ['name', 640, 0, 8],
    ['unused', 704, 0, 8],
  ]);
  const kind = btf.resolve(btf.member(typeId, 'kind')!.typeId);
  expect(kind).toMatchObject({
    kind: 'enum',
    name: 'kind',
    values: [
      { name: 'KIND_OPEN', value: 1 },
      { name: 'KIND_CLOSE', value: 2 },
    ],
  });
  expect(btf.resolve(btf.member(typeId, 'comm')!.typeId)).toMatchObject({ kind: 'array', count: 16 });
});

test.each([
  ['struct close_event', 16],
  ['scratch', 16],
  ['open_event', 96],
  ['nothing', undefined],
])('by name: %s', (name, bytes) => expect(namedEventType(dwarf, name)?.bytes).toBe(bytes));

test.each([
  [[12, 96], 96, 96],
  [[12, 96], 12, 12],
  [[16, 90], 92, 90],
  [[12, 96], 50, undefined],
  [[12], 50, 12],
  [[], 50, undefined],
])('of %j a record of %d bytes is %s', (sizes, length, expected) => {
  const candidates = sizes.map((bytes) => ({ btf: dwarf.btf!, typeId: 1, name: 't', bytes }));
  expect(pickEventType(candidates, length)?.bytes).toBe(expected);
});

test('types of one size are told apart by the numbers that they always hold', () => {
  const object = load('records');
  const both = eventTypes(object, findMap(object, 'tagged')!);
  const picked = [1, 2, 3].map(
    (tag) => pickEventType(both, 8, Uint8Array.of(tag, 0, 0, 0, 5, 0, 0, 0))?.name,
  );
  expect(picked).toEqual(['opened', 'closed', undefined]);
});

test('a struct made from the code has the places, widths and names of the real one', () => {
  const object = load('records');
  const [{ btf, typeId, fromCode }] = eventTypes(object, findMap(object, 'events')!);
  expect(fromCode).toBe(true);
  const record = new Uint8Array(104);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, 7n, true);
  view.setUint32(8, 42, true);
  view.setInt32(12, -2, true);
  view.setBigUint64(16, 1n, true);
  view.setBigUint64(24, 2n, true);
  record.set(new TextEncoder().encode('bash'), 32);
  record.set(new TextEncoder().encode('/etc/passwd'), 48);
  record.set([10, 0, 0, 1], 80);
  view.setUint16(96, 253, true);
  expect(decodeValue(btf, typeId, record)).toEqual({
    ts: 7,
    pid: 42,
    ret: -2,
    callers: [1, 2],
    comm: 'bash',
    fname: '/etc/passwd',
    saddr_v4: 0x0100000a,
    saddr_v6: `0a000001${'00'.repeat(12)}`,
    dev: { major: 253, minor: 0 },
  });
});
