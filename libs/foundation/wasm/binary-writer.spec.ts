import { BinaryWriter } from './binary-writer';

/** Reads one LEB128 integer; an independent reading of core spec §5.2.2. */
function readLeb(bytes: Uint8Array, signed: boolean): bigint {
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte & 0x80) continue;
    return signed && byte & 0x40 ? value - (1n << shift) : value;
  }
  throw new Error('no last byte');
}

/** Fewest bytes that hold a signed value. */
function shortest(value: bigint): number {
  for (let bytes = 1; ; bytes++) {
    if (BigInt.asIntN(7 * bytes, value) === value) return bytes;
  }
}

const EDGES = [0n, 1n, 63n, 64n, 127n, 128n, 8191n, 8192n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn];
const WIDE = [
  1n << 31n,
  1n << 32n,
  (1n << 32n) - 1n,
  1n << 41n,
  (1n << 62n) - 1n,
  1n << 62n,
  (1n << 63n) - 1n,
];

test.each(EDGES)('u32 %s', (value) => {
  const bytes = new BinaryWriter(0).u32(Number(value)).finish();
  expect(readLeb(bytes, false)).toBe(value);
  expect(bytes.length).toBe(Math.max(1, Math.ceil(value.toString(2).length / 7)));
});

test.each(EDGES.flatMap((v) => [v, -v]).filter((v) => BigInt.asIntN(32, v) === v))('s32 %s', (value) => {
  const bytes = new BinaryWriter().s32(Number(value)).finish();
  expect(readLeb(bytes, true)).toBe(value);
  expect(bytes.length).toBe(shortest(value));
});

test.each([...EDGES, ...WIDE].flatMap((v) => [v, -v, -v - 1n]))('s64 %s', (value) => {
  const lo = Number(BigInt.asUintN(32, value));
  const hi = Number(BigInt.asUintN(32, value >> 32n));
  const bytes = new BinaryWriter().s64(lo, hi).finish();
  expect(readLeb(bytes, true)).toBe(value);
  expect(bytes.length).toBe(shortest(value));
  expect(new BinaryWriter().s64(lo | 0, hi | 0).finish()).toEqual(bytes);
});

test('names are UTF-8 with their length in bytes', () => {
  expect([...new BinaryWriter().name('é').finish()]).toEqual([2, 0xc3, 0xa9]);
});

test('the buffer grows and the result is a copy', () => {
  const writer = new BinaryWriter(1).u8(1).bytes(new Uint8Array([2, 3, 4]));
  const first = writer.finish();
  writer.append(new BinaryWriter().u8(5));
  expect([...first]).toEqual([1, 2, 3, 4]);
  expect([...writer.finish()]).toEqual([1, 2, 3, 4, 5]);
  expect(writer.size).toBe(5);
});
