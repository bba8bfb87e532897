import fc from 'fast-check';
import { decodeInsns, encodeInsns } from './codec';

test('splits fields little endian, low nibble first', () => {
  const bytes = Uint8Array.of(0x7b, 0x1a, 0xf8, 0xff, 0xfe, 0xff, 0xff, 0x7f);
  expect(decodeInsns(bytes)).toEqual({
    ok: true,
    value: [{ opcode: 0x7b, dst: 10, src: 1, off: -8, imm: 0x7fff_fffe }],
  });
});

test('reads from the middle of a buffer', () => {
  const bytes = new Uint8Array(24);
  bytes[8] = 0x95;
  expect(decodeInsns(bytes.subarray(8, 16))).toEqual({
    ok: true,
    value: [{ opcode: 0x95, dst: 0, src: 0, off: 0, imm: 0 }],
  });
});

test.each([1, 7, 9])('%i bytes are no byte code', (size) => {
  const result = decodeInsns(new Uint8Array(size));
  expect(!result.ok && result.error.code).toBe('insn-truncated');
});

test('encode ∘ decode is the identity on bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (seed) => {
      const bytes = new Uint8Array(seed.length * 8).map((_, i) => seed[i >> 3] ^ (i * 37));
      const result = decodeInsns(bytes);
      expect(result.ok && encodeInsns(result.value)).toEqual(bytes);
    }),
  );
});
