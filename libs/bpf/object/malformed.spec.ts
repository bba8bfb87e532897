import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { eventTypes, parseObject } from './index';

const folder = join(__dirname, 'fixtures');
const objects = readdirSync(folder)
  .filter((name) => name.endsWith('.o'))
  .map((name) => new Uint8Array(readFileSync(join(folder, name))));

/** Reads all that an object offers; whatever the bytes, that must end, and end without a throw. */
function exercise(bytes: Uint8Array): boolean {
  const result = parseObject(bytes, 'x.o');
  if (!result.ok) return result.error.message.length > 0 && !result.error.message.includes('\n');
  result.value.debugTypes();
  for (const map of result.value.maps) eventTypes(result.value, map);
  return result.value.programs.length > 0;
}

test('every prefix of an object is refused or read', () => {
  for (const bytes of objects)
    for (let length = 0; length < bytes.length; length += 1 + (length >> 5))
      expect(exercise(bytes.subarray(0, length))).toBe(true);
});

const damage = fc.record({
  which: fc.nat(objects.length - 1),
  edits: fc.array(
    fc.record({ at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), byte: fc.nat(255) }),
    {
      minLength: 1,
      maxLength: 12,
    },
  ),
});

test('damaged bytes anywhere give an error or an object', () => {
  fc.assert(
    fc.property(damage, ({ which, edits }) => {
      const copy = objects[which].slice();
      for (const { at, byte } of edits) copy[Math.floor(at * copy.length)] = byte;
      return exercise(copy);
    }),
    { numRuns: 1500 },
  );
});

/** Words of headers and tables are where a lie hurts most. */
const lie = fc.record({
  which: fc.nat(objects.length - 1),
  header: fc.nat(40),
  field: fc.constantFrom(0, 4, 8, 0x18, 0x20, 0x28, 0x2c, 0x38),
  value: fc.oneof(
    fc.constantFrom(0n, 1n, 8n, 0x7fff_ffffn, 0xffff_ffffn, 1n << 40n, (1n << 64n) - 1n),
    fc.bigInt(0n, 100_000n),
  ),
});

test('lying section headers give an error or an object', () => {
  fc.assert(
    fc.property(fc.array(lie, { minLength: 1, maxLength: 3 }), (lies) => {
      const copy = objects[lies[0].which].slice();
      const view = new DataView(copy.buffer);
      const table = Number(view.getBigUint64(0x28, true));
      const count = view.getUint16(0x3c, true);
      for (const { header, field, value } of lies) {
        const at = table + (header % count) * 64 + field;
        if (field < 8 || field >= 0x28) view.setUint32(at, Number(value & 0xffff_ffffn), true);
        else view.setBigUint64(at, value, true);
      }
      return exercise(copy);
    }),
    { numRuns: 1500 },
  );
});
