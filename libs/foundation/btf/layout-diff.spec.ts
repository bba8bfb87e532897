import type { Btf } from './btf';
import { BtfBuilder } from './builder';
import { everyKind, parsed } from './fixtures/every-kind';
import { typeDocument } from './json-printer';
import { commonComposites, diffLayout } from './layout-diff';

function kernel(write: (b: BtfBuilder, int: number, u64: number) => void): Btf {
  const b = new BtfBuilder();
  write(b, b.int('int', 4, { signed: true }), b.int('long long', 8));
  return parsed(b.finish());
}

const before = kernel((b, int, u64) => {
  const anon = b.union('', 8, [{ name: 'in_union', typeId: int, offsetBits: 0 }]);
  b.struct('task', 24, [
    { name: 'pid', typeId: int, offsetBits: 0 },
    { name: 'flag', typeId: int, offsetBits: 32, bits: 3 },
    { name: '', typeId: anon, offsetBits: 64 },
    { name: 'gone', typeId: b.ptr(u64), offsetBits: 128 },
  ]);
  b.struct('same', 4, [{ name: 'a', typeId: int, offsetBits: 0 }]);
});

const after = kernel((b, int, u64) => {
  const anon = b.union('', 8, [{ name: 'in_union', typeId: int, offsetBits: 0 }]);
  b.struct('task', 32, [
    { name: 'pid', typeId: u64, offsetBits: 0 },
    { name: 'flag', typeId: int, offsetBits: 67, bits: 3 },
    { name: '', typeId: anon, offsetBits: 128 },
    { name: 'added', typeId: b.array(int, 2, int), offsetBits: 192 },
  ]);
  b.struct('same', 4, [{ name: 'a', typeId: int, offsetBits: 0 }]);
  b.struct('young', 0, []);
});

test('tells what moved, came, went and changed its type', () => {
  const side = (offsetBits: number, size: number, type: string, bits = 0) => ({
    offsetBits,
    bits,
    size,
    type,
  });
  expect(diffLayout(before, after, 'task')).toEqual({
    kind: 'struct',
    name: 'task',
    sizeBefore: 24,
    sizeAfter: 32,
    members: [
      { name: 'pid', before: side(0, 4, 'int'), after: side(0, 8, 'long long') },
      { name: 'flag', before: side(32, 4, 'int', 3), after: side(67, 4, 'int', 3) },
      { name: 'in_union', before: side(64, 4, 'int'), after: side(128, 4, 'int') },
      { name: 'gone', before: side(128, 8, 'long long *') },
      { name: 'added', after: side(192, 8, 'int[2]') },
    ],
  });
});

test('says nothing of what is the same or on neither side', () => {
  expect(diffLayout(before, after, 'same')).toBeUndefined();
  expect(diffLayout(before, after, 'nothing')).toBeUndefined();
});

test('tells a type that is missing', () => {
  expect(diffLayout(before, after, 'young')).toEqual({
    kind: 'struct',
    name: 'young',
    sizeAfter: 0,
    members: [],
  });
  expect(commonComposites(before, after)).toEqual(['same', 'task']);
});

test('documents of types have the keys of bpftool', () => {
  const btf = parsed(everyKind());
  const document = (name: string) => typeDocument(btf, btf.findByName(name)!);
  expect(document('color')).toMatchObject({
    kind: 'ENUM',
    encoding: 'SIGNED',
    vlen: 3,
    values: [{}, {}, { name: 'NEGATIVE', val: -2 }],
  });
  expect(document('wide')).toMatchObject({ kind: 'ENUM64', values: [{ name: 'HUGE', val: '4294967296' }] });
  expect(document('event').members).toContainEqual({
    name: 'sign',
    type_id: btf.findByName('int'),
    bits_offset: 35,
    bitfield_size: 5,
  });
  expect(document('.data')).toMatchObject({
    vars: [
      { offset: 0, size: 8 },
      { offset: 8, size: 4 },
    ],
  });
});
