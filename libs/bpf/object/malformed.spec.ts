import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Prng } from '@probed/base';
import { dumpC } from '@probed/btf';
import fc from 'fast-check';
import { damaged } from './fixtures/damage';
import { eventTypes, listVariables, parseObject, programFault } from './index';

const folder = join(__dirname, 'fixtures');
const objects = readdirSync(folder)
  .filter((name) => name.endsWith('.o'))
  .map((name) => new Uint8Array(readFileSync(join(folder, name))));

const isOneLine = (text: string) => text.length > 0 && !text.includes('\n');

/** Reads all that an object offers; whatever the bytes, that must end, and end without a throw. */
function exercise(bytes: Uint8Array): boolean {
  const result = parseObject(bytes, 'x.o');
  if (!result.ok) return isOneLine(result.error.message);
  const object = result.value;
  object.debugTypes();
  listVariables(object);
  for (const map of object.maps) eventTypes(object, map);
  if (object.btf) dumpC(object.btf);
  const faults = object.programs.map((program) => programFault(program)?.message ?? 'none');
  return [...faults, ...(object.warnings ?? [])].every(isOneLine);
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

const SEED = 7;
const DAMAGED_COUNT = 4000;
const MILLISECONDS_MAX = 1000;

test('files damaged in every way end soon', () => {
  for (let i = 0; i < DAMAGED_COUNT; i++) {
    const prng = new Prng(SEED * 1_000_003 + i);
    const bytes = damaged(prng.pick(objects), prng);
    const start = performance.now();
    if (!exercise(bytes)) throw new Error(`file ${i}: a message that is not one line`);
    const took = performance.now() - start;
    if (took > MILLISECONDS_MAX) throw new Error(`file ${i} took ${Math.round(took)} ms`);
  }
}, 60_000);

test('sections that share bytes are refused, however many', () => {
  const [bytes] = objects;
  const view = new DataView(bytes.buffer);
  const table = Number(view.getBigUint64(0x28, true));
  const count = 4000;
  const copy = new Uint8Array(bytes.length + (count + 1) * 64);
  copy.set(bytes);
  const out = new DataView(copy.buffer);
  const had = view.getUint16(0x3c, true);
  copy.copyWithin(bytes.length, table, table + had * 64);
  out.setBigUint64(0x28, BigInt(bytes.length), true);
  out.setUint16(0x3c, count, true);
  for (let i = had; i < count; i++) {
    const at = bytes.length + i * 64;
    copy.copyWithin(at, table + 64, table + 128);
    out.setUint32(at + 4, 1, true);
    out.setUint32(at + 8, 6, true);
    out.setBigUint64(at + 0x18, 0n, true);
    out.setBigUint64(at + 0x20, BigInt(bytes.length), true);
  }
  const result = parseObject(copy, 'x.o');
  expect(result.ok ? '' : result.error.message).toBe('sections overlap');
});
