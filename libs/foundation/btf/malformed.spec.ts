import fc from 'fast-check';
import { Btf } from './btf';
import { BtfBuilder } from './builder';
import { dumpC } from './c-printer/dump';
import { resolveCore } from './core/resolve';
import { everyKind } from './fixtures/every-kind';
import { BTF_HEADER_BYTES } from './kinds';
import { dumpRaw } from './raw-printer';
import { decodeValue } from './values/decode';
import { encodeValue } from './values/encode';

type Edit = (view: DataView, bytes: Uint8Array) => Uint8Array | undefined;

const build = (write: (b: BtfBuilder) => void): Uint8Array => {
  const b = new BtfBuilder();
  write(b);
  return b.finish();
};

const header: [string, Edit, string][] = [
  ['an empty file', () => new Uint8Array(), '0 bytes are too few'],
  ['a file of another kind', (_, b) => b.fill(0x41, 0, 2), 'no BTF: magic is 0x4141'],
  ['big-endian BTF', (v) => v.setUint16(0, 0x9feb, true) as undefined, 'big-endian'],
  ['another version', (v) => v.setUint8(2, 2) as undefined, 'version 2'],
  ['flags', (v) => v.setUint8(3, 1) as undefined, 'flags 0x1'],
  ['a header past the end', (v) => v.setUint32(4, 0xffff_ffff, true) as undefined, 'header length'],
  ['a short header', (v) => v.setUint32(4, 8, true) as undefined, 'header length 8'],
  ['types off alignment', (v) => v.setUint32(8, 2, true) as undefined, 'not aligned'],
  [
    'types past the end',
    (v) => v.setUint32(12, 0xffff_fffc, true) as undefined,
    'type section passes the end',
  ],
  [
    'strings past the end',
    (v) => v.setUint32(20, 0xffff_ffff, true) as undefined,
    'string section passes the end',
  ],
  ['no strings', (v) => v.setUint32(20, 0, true) as undefined, 'begin and end with NUL'],
  ['strings without end', (_, b) => b.fill(0x41, b.length - 1), 'begin and end with NUL'],
  ['a truncated file', (_, b) => b.subarray(0, b.length - 2), 'string section passes the end'],
];

/** Word `word` of type 1. */
const poke =
  (word: number, value: number): Edit =>
  (view) =>
    view.setUint32(BTF_HEADER_BYTES + word * 4, value, true) as undefined;

const types: [string, Edit, string][] = [
  ['a string offset out of range', poke(0, 0x7fff_ffff), 'string offset'],
  ['an unknown kind', poke(1, 0x1e00_0000), 'unknown kind 30'],
  ['kind void', poke(1, 0), 'unknown kind 0'],
  ['reserved bits', poke(1, 0x0101_0000), 'reserved bits'],
  ['entries past the end', poke(1, 0x0400_ffff), 'runs past the end'],
  ['a size that no int has', poke(2, 3), 'size 3'],
  ['more bits than bytes', poke(3, 64), '64 bits at bit 0 exceed 4 bytes'],
];

const graphs: [string, (b: BtfBuilder) => void, string][] = [
  ['a missing type', (b) => b.ptr(7), 'refers to type 7, which does not exist'],
  [
    'a missing member type',
    (b) => b.struct('s', 4, [{ name: 'a', typeId: 9, offsetBits: 0 }]),
    'refers to type 9',
  ],
  ['a typedef of itself', (b) => b.typedef('t', 1), 'declarator that refers to itself'],
  ['a pointer to itself', (b) => b.ptr(1), 'declarator that refers to itself'],
  [
    'a loop of modifiers',
    (b) => [b.const(2), b.volatile(3), b.typedef('t', 1)],
    'declarator that refers to itself',
  ],
  ['an array of itself', (b) => b.array(1, 4, 1), 'declarator that refers to itself'],
  [
    'a prototype within itself',
    (b) => b.funcProto(0, [{ name: 'a', typeId: 1 }]),
    'declarator that refers to itself',
  ],
  [
    'a struct in itself',
    (b) => b.struct('s', 8, [{ name: 'a', typeId: 1, offsetBits: 0 }]),
    'contains itself',
  ],
  [
    'a struct in itself by way of an array',
    (b) => [b.struct('s', 8, [{ name: 'a', typeId: 2, offsetBits: 0 }]), b.array(1, 2, 1)],
    'contains itself',
  ],
  [
    'a long chain',
    (b) => {
      for (let id = 1; id < 100_000; id++) b.const(id + 1);
      b.int('int', 4);
    },
    'deeper than 128',
  ],
  ['a function that is no prototype', (b) => [b.int('int', 4), b.func('f', 1)], 'no FUNC_PROTO'],
  [
    'a section of types',
    (b) => [b.int('int', 4), b.datasec('.d', 4, [{ typeId: 1, offset: 0, size: 4 }])],
    'neither',
  ],
];

function refusal(bytes: Uint8Array): string {
  const result = Btf.parse(bytes);
  if (result.ok) return 'accepted';
  expect(result.error).toMatchObject({ code: 'btf-malformed', errno: 22 });
  return result.error.message;
}

describe('refuses', () => {
  it.each([...header, ...types])('%s', (_what, edit, message) => {
    const bytes = build((b) => b.int('int', 4));
    const view = new DataView(bytes.buffer);
    expect(refusal(edit(view, bytes) ?? bytes)).toContain(message);
  });

  it.each(graphs)('%s', (_what, write, message) => {
    expect(refusal(build(write))).toContain(message);
  });
});

/** Everything that a user can do with BTF that parsed. */
function exercise(btf: Btf): void {
  const sample = Uint8Array.from({ length: 300 }, (_, i) => (i * 37) & 0xff);
  for (let id = 0; id < btf.typeCount; id++) {
    const type = btf.type(id);
    btf.alignOf(id);
    btf.member(id, `${type.name || 'a'}[1].b`);
    const value = decodeValue(btf, id, sample, { valuesMax: 2000 });
    JSON.stringify(value);
    encodeValue(btf, id, value);
    for (let kind = 0; kind <= 13; kind++) {
      for (const accessStr of ['0', '0:0', '0:1:2']) {
        resolveCore({ local: btf, target: btf, typeId: id, accessStr, kind });
      }
    }
  }
  btf.dataSections();
  btf.functions();
  dumpC(btf);
  for (const _line of dumpRaw(btf));
}

describe('hostile BTF', () => {
  it('never makes anything throw or hang', () => {
    const seed = everyKind();
    const change = fc.record({ at: fc.nat(seed.length - 1), to: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const bytes = seed.slice();
        for (const { at, to } of changes) bytes[at] = to;
        const result = Btf.parse(bytes);
        if (result.ok) exercise(result.value);
      }),
      { numRuns: 500 },
    );
  });

  it('in random bytes behind a good header is refused or harmless', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0x1f), { maxLength: 60 }), (words) => {
        const body = Uint32Array.from(words, (word, i) => (i % 3 === 1 ? word << 24 : word % 8));
        const bytes = build((b) => b.int('a', 4));
        const grown = new Uint8Array(BTF_HEADER_BYTES + body.byteLength + 3);
        grown.set(bytes.subarray(0, BTF_HEADER_BYTES));
        grown.set(new Uint8Array(body.buffer), BTF_HEADER_BYTES);
        const view = new DataView(grown.buffer);
        view.setUint32(12, body.byteLength, true);
        view.setUint32(16, body.byteLength, true);
        view.setUint32(20, 3, true);
        const result = Btf.parse(grown);
        if (result.ok) exercise(result.value);
      }),
      { numRuns: 500 },
    );
  });

  it('that doubles at each level is stopped by a budget', () => {
    const bytes = build((b) => {
      b.int('int', 4, { signed: true });
      for (let id = 2; id < 60; id++) {
        b.struct('', 4, [
          { name: '', typeId: id - 1 === 1 ? 1 : id - 1, offsetBits: 0 },
          { name: id === 2 ? 'a' : '', typeId: id - 1, offsetBits: 0 },
        ]);
      }
      b.struct('root', 4, [{ name: 'm', typeId: b.nextId - 1, offsetBits: 0 }]);
    });
    const btf = Btf.parse(bytes);
    if (!btf.ok) throw new Error(btf.error.message);
    const root = btf.value.findByName('root')!;
    expect(btf.value.member(root, 'm.absent')).toBeUndefined();
    expect(btf.value.member(root, 'm.a')).toMatchObject({ offsetBits: 0 });
    expect(decodeValue(btf.value, root, new Uint8Array(4))).toMatchObject({ m: { a: 0 } });
    const printed = dumpC(btf.value);
    expect(printed.ok ? '' : printed.error.code).toBe('btf-unprintable');
    const request = { local: btf.value, target: btf.value, typeId: root, kind: 12 };
    expect(resolveCore({ ...request, accessStr: '0' })).toMatchObject({ ok: false });
  });

  it('an array beyond 4 GiB has no size, as a number behind a pointer needs none', () => {
    const bytes = build((b) => [b.int('int', 4), b.array(1, 0x8000_0000, 1), b.ptr(2)]);
    const btf = Btf.parse(bytes);
    if (!btf.ok) throw new Error(btf.error.message);
    expect(btf.value.type(2)).toMatchObject({ count: 0x8000_0000 });
    expect([1, 2, 3].map((id) => btf.value.sizeOf(id))).toEqual([4, 0, 8]);
    expect(decodeValue(btf.value, 2, new Uint8Array(0), { valuesMax: 10 })).toBeDefined();
  });

  it('with prototypes that double at each level is stopped too', () => {
    const bytes = build((b) => {
      b.int('int', 4);
      for (let id = 2; id < 120; id += 2) {
        const params = [0, 1].map(() => ({ name: 'p', typeId: id - 1 }));
        b.ptr(b.funcProto(1, params));
      }
      b.typedef('deep', b.nextId - 1);
    });
    const btf = Btf.parse(bytes);
    const printed = btf.ok && dumpC(btf.value);
    expect(printed && !printed.ok && printed.error.code).toBe('btf-unprintable');
    const typeId = btf.ok ? btf.value.findByName('deep')! : 0;
    const request = btf.ok && { local: btf.value, target: btf.value, typeId, accessStr: '0' };
    for (const kind of [8, 12]) expect(request && resolveCore({ ...request, kind }).ok).toBe(false);
  });
});
