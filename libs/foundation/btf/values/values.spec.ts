import { fromHex, toHex } from '@probed/base';
import fc from 'fast-check';
import { BtfBuilder } from '../builder';
import { everyKind, parsed } from '../fixtures/every-kind';
import { decodeValue, valueDecoder } from './decode';
import { type EncodeInput, encodeValue } from './encode';
import type { JsonValue } from './json';

const btf = parsed(everyKind());
const event = btf.findByName('event')!;

const record = {
  pid: -4321,
  low: 5,
  sign: -16,
  kind: 'GREEN',
  whole: '18446744073709551615',
  x: -1,
  y: -1,
  comm: 'kworker/0:1',
  mac: '0200deadbeef',
  ok: true,
  points: [
    { x: 1, y: 2 },
    { x: 3, y: 4 },
    { x: 0, y: 0 },
  ],
  big: 'HUGE',
  next: '0xffff888012345678',
  opaque: '0x0',
  ratio: -0.5,
  flags: 0xffff_fffe,
  color: 'NEGATIVE',
  tail: [],
} satisfies EncodeInput;

function encode(name: string, value: EncodeInput, into?: Uint8Array): string {
  const bytes = encodeValue(btf, btf.findByName(name)!, value, into);
  return bytes.ok ? toHex(bytes.value) : `${bytes.error.where ?? ''}: ${bytes.error.message}`;
}

describe('a record', () => {
  const { x: _x, y: _y, ...rest } = record;
  const bytes = encodeValue(btf, event, rest);

  it('decodes to what was encoded, anonymous members inlined', () => {
    expect(bytes.ok && decodeValue(btf, event, bytes.value)).toEqual(record);
  });

  it('has its flexible array from the rest of the bytes', () => {
    const longer = new Uint8Array(104 + 10);
    if (bytes.ok) longer.set(bytes.value);
    longer.set([1, 0, 0, 0, 2, 0, 0, 0, 9, 9], 104);
    expect(decodeValue(btf, event, longer)).toMatchObject({ tail: [1, 2] });
  });

  it('that is cut has nulls for what is not there', () => {
    const cut = bytes.ok ? bytes.value.subarray(0, 52) : new Uint8Array();
    expect(decodeValue(btf, event, cut)).toMatchObject({
      pid: -4321,
      comm: 'kworker/0:1',
      points: [
        { x: 1, y: 2 },
        { x: 3, y: null },
      ],
      big: null,
      next: null,
      color: null,
    });
  });

  it('decodes at any alignment, and with one decoder for many', () => {
    const decode = valueDecoder(btf, event);
    const shifted = new Uint8Array(105);
    if (bytes.ok) shifted.set(bytes.value, 1);
    expect(decode(shifted.subarray(1))).toEqual(record);
    expect(decode(new Uint8Array(104))).toMatchObject({ pid: 0, comm: '', kind: 'RED', ok: false });
  });

  it('decodes from shared memory', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(104));
    shared.set(new TextEncoder().encode('größe'), 16);
    expect(decodeValue(btf, event, shared)).toMatchObject({ comm: 'größe', mac: '000000000000' });
  });
});

describe('decodes', () => {
  const b = new BtfBuilder();
  const u8 = b.int('unsigned char', 1);
  const s8 = b.int('signed char', 1, { signed: true });
  const char = b.int('char', 1);
  const u16 = b.int('unsigned short', 2);
  const s64 = b.int('long', 8, { signed: true });
  const u64 = b.int('unsigned long', 8);
  const u128 = b.int('unsigned __int128', 16);
  const bool = b.int('_Bool', 1, { bool: true });
  const float = b.float('float', 4);
  const e8 = b.enum('e8', 1, [{ name: 'LAST', value: 255 }]);
  const argv = b.array(b.array(char, 4, u8), 2, u8);
  const oldBits = b.int('old', 4, { bits: 5, bitOffset: 3 });
  const proto = b.struct('hostile', 1, [{ name: '__proto__', typeId: u8, offsetBits: 0 }]);
  const either = b.union('either', 4, [
    { name: 'bytes', typeId: b.array(u8, 4, u8), offsetBits: 0 },
    { name: 'half', typeId: u16, offsetBits: 0 },
  ]);
  const text = b.struct('text', 2, [
    { name: 'n', typeId: u16, offsetBits: 0 },
    { name: 'data', typeId: b.array(char, 0, u8), offsetBits: 16 },
  ]);
  const names = b.typedef('name_t', b.const(b.array(char, 4, u8)));
  const fwd = b.fwd('gone', 'struct');
  const types = {
    u8,
    s8,
    char,
    u16,
    s64,
    u64,
    u128,
    bool,
    float,
    e8,
    argv,
    oldBits,
    proto,
    either,
    text,
    names,
    fwd,
  };
  const s8s = b.array(s8, 2, u8);
  const scalars = parsed(b.finish());

  it.each<[keyof typeof types | 's8s', string, JsonValue]>([
    ['u8', 'ff', 255],
    ['s8', 'ff', -1],
    ['char', '41', 65],
    ['u16', '0180', 0x8001],
    ['s64', 'ffffffffffffffff', -1],
    ['s64', '010000000000e0ff', Number.MIN_SAFE_INTEGER],
    ['s64', '000000000000e0ff', '-9007199254740992'],
    ['s64', '0000000000000080', '-9223372036854775808'],
    ['u64', 'ffffffffffff1f00', Number.MAX_SAFE_INTEGER],
    ['u64', '0000000000002000', '9007199254740992'],
    ['u64', 'ffffffffffffffff', '18446744073709551615'],
    ['u128', 'ffffffffffffffffffffffffffffffff', '340282366920938463463374607431768211455'],
    ['u128', '05000000000000000000000000000000', 5],
    ['bool', '02', true],
    ['float', '0000c03f', 1.5],
    ['float', '0000807f', 'Infinity'],
    ['e8', 'ff', 'LAST'],
    ['e8', '07', 7],
    ['argv', '6c73000061620000', ['ls', 'ab']],
    ['argv', '2d6c6168ff616200', ['-lah', '\\xffab']],
    ['oldBits', 'f8ffff00', 31],
    ['either', '01020304', { bytes: '01020304', half: 0x201 }],
    ['text', '0300616263', { n: 3, data: 'abc' }],
    ['text', '0300', { n: 3, data: '' }],
    ['names', 'c3a90000', 'é'],
    ['names', 'c3000000', '\\xc3'],
    ['s8s', 'ff01', [-1, 1]],
    ['fwd', '00', null],
    ['u16', '01', null],
  ])('%s from %s', (name, hex, value) => {
    const id = name === 's8s' ? s8s : types[name];
    expect(decodeValue(scalars, id, fromHex(hex)!)).toEqual(value);
  });

  it('a member named __proto__ as a plain property', () => {
    expect(JSON.stringify(decodeValue(scalars, proto, Uint8Array.of(7)))).toBe('{"__proto__":7}');
  });

  it('bytes as numbers when asked to', () => {
    expect(decodeValue(scalars, either, Uint8Array.of(1, 2, 3, 4), { bytes: 'numbers' })).toMatchObject({
      bytes: [1, 2, 3, 4],
    });
  });
});

describe('encodes', () => {
  it.each<[string, EncodeInput, string]>([
    ['int', '0x10', '10000000'],
    ['int', '-1', 'ffffffff'],
    ['int', -2147483648, '00000080'],
    ['int', 2147483648, ': 2147483648 does not fit signed 32 bits (-2147483648 to 2147483647)'],
    ['unsigned int', -1, ': -1 does not fit unsigned 32 bits (0 to 4294967295)'],
    ['unsigned int', 1.5, ': 1.5 is no integer'],
    ['unsigned int', 'many', ': "many" is no integer'],
    ['unsigned int', '', ': "" is no integer'],
    ['unsigned int', [1], ': [1] is no integer'],
    ['unsigned long long', '18446744073709551615', 'ffffffffffffffff'],
    ['unsigned long long', 2n ** 64n, ': 18446744073709551616 does not fit'],
    ['_Bool', 'true', '01'],
    ['_Bool', 2, ': 2 is no bool'],
    ['color', 'NEGATIVE', 'feffffff'],
    ['color', '5', '05000000'],
    ['color', 'MAUVE', ': enum color has no MAUVE'],
    ['wide', 'HUGE', '0000000001000000'],
    ['double', '1', '000000000000f03f'],
    ['double', 'one', ': "one" is no number'],
    ['limit', 7, '07000000'],
    ['point_t', { y: 2 }, '0000000002000000'],
    ['point_t', { z: 2 }, 'z: struct <anon> has no member z'],
    ['point_t', 3, ': 3 is no object for struct'],
    ['.data', { limit: 3, seen: '-1' }, 'ffffffffffffffff0300000000000000'],
    ['.data', { other: 3 }, 'other: section .data has no variable other'],
    ['event', { comm: 'seventeen letters' }, 'comm: 17 bytes for an array of 16'],
    ['event', { mac: '02:00' }, 'mac: "02:00" is no string of hex digit pairs'],
    ['event', { points: [{}, {}, {}, {}] }, 'points: 4 elements for an array of 3'],
    ['event', { points: [{}, { x: 'a' }] }, 'points[1].x: "a" is no integer'],
    ['event', { low: 8 }, 'low: 8 does not fit unsigned 3 bits (0 to 7)'],
    ['event', { tail: [1] }, 'tail: 1 elements for an array of 0'],
    ['opaque', 1, ': a fwd has no value'],
  ])('%s from %p', (name, value, expected) => {
    expect(encode(name, value).slice(0, Math.max(expected.length, 0))).toBe(expected);
  });

  it('a bit field without touching its neighbours', () => {
    const into = new Uint8Array(104).fill(0xff);
    const bytes = encodeValue(btf, event, { sign: 0 }, into);
    expect(bytes.ok && decodeValue(btf, event, bytes.value)).toMatchObject({
      pid: -1,
      low: 7,
      sign: 0,
      kind: -1,
    });
    expect(into.every((byte) => byte === 0xff)).toBe(true);
  });

  it('text over longer text', () => {
    const into = new Uint8Array(104).fill(0x41);
    const bytes = encodeValue(btf, event, { comm: 'b', pid: null }, into);
    expect(bytes.ok && decodeValue(btf, event, bytes.value)).toMatchObject({ comm: 'b', pid: 0x4141_4141 });
  });

  it('nothing into too few bytes', () => {
    expect(encodeValue(btf, event, {}, new Uint8Array(103))).toMatchObject({
      ok: false,
      error: { code: 'value-encode', message: '103 bytes are too few for 104' },
    });
  });
});

describe('decode after encode', () => {
  const int = (bits: number, signed: boolean) =>
    signed
      ? fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
      : fc.nat({ max: 2 ** bits - 1 });
  const value = fc.record({
    pid: int(32, true),
    low: int(3, false),
    sign: int(5, true),
    comm: fc.string({ maxLength: 16 }).filter((text) => /^[ -~]*$/.test(text)),
    mac: fc.uint8Array({ minLength: 6, maxLength: 6 }).map((bytes) => toHex(bytes)),
    ok: fc.boolean(),
    points: fc.array(fc.record({ x: int(32, true), y: int(32, true) }), { minLength: 3, maxLength: 3 }),
    next: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((address) => `0x${address.toString(16)}`),
    whole: fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }).map(String),
    ratio: fc.double({ noNaN: true, noDefaultInfinity: true }).filter((ratio) => !Object.is(ratio, -0)),
    color: fc.constantFrom('RED', 'GREEN', 'NEGATIVE'),
  });

  it('gives the value back', () => {
    fc.assert(
      fc.property(value, (input) => {
        const bytes = encodeValue(btf, event, input);
        expect(bytes.ok && decodeValue(btf, event, bytes.value)).toMatchObject(input);
      }),
    );
  });
});
