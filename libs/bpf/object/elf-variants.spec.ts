import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ByteWriter } from '@probed/base';
import { parseObject } from './index';

const fixture = (name: string) => new Uint8Array(readFileSync(join(__dirname, 'fixtures', `${name}.bpf.o`)));

interface Header {
  readonly at: number;
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly info: number;
}

/** Section headers of a little-endian ELF64 file. */
function headers(bytes: Uint8Array): Header[] {
  const view = new DataView(bytes.buffer);
  const table = Number(view.getBigUint64(0x28, true));
  return Array.from({ length: view.getUint16(0x3c, true) }, (_, i) => {
    const at = table + i * 64;
    const big = (offset: number) => Number(view.getBigUint64(at + offset, true));
    const word = (offset: number) => view.getUint32(at + offset, true);
    return { at, type: word(4), offset: big(0x18), size: big(0x20), info: word(0x2c) };
  });
}

/** The same object with RELA relocations of code, as other compilers write them: addends in the table. */
function withRela(bytes: Uint8Array): Uint8Array {
  const patched = bytes.slice();
  const view = new DataView(patched.buffer);
  const all = headers(bytes);
  const tail = new ByteWriter();
  for (const { at, type, offset, size, info } of all) {
    const target = all[info];
    if (type !== 9 || !(view.getUint32(target.at + 8, true) & 4)) continue;
    view.setUint32(at + 4, 4, true);
    view.setBigUint64(at + 0x18, BigInt(bytes.length + tail.size), true);
    view.setBigUint64(at + 0x20, BigInt((size / 16) * 24), true);
    view.setBigUint64(at + 0x38, 24n, true);
    for (let i = 0; i < size; i += 16) {
      const place = Number(view.getBigUint64(offset + i, true));
      const immediate = target.offset + place + 4;
      const imm = view.getInt32(immediate, true);
      const call = patched[target.offset + place] === 0x85;
      tail.u64(BigInt(place)).u64(view.getBigUint64(offset + i + 8, true));
      tail.u64(BigInt(call ? (imm + 1) * 8 : imm));
      view.setInt32(immediate, call ? -1 : 0, true);
    }
  }
  const out = new Uint8Array(patched.length + tail.size);
  out.set(patched);
  out.set(tail.finish(), patched.length);
  return out;
}

/** The same object as compilers before LLVM 8 wrote it: function symbols without type and size. */
function withUntypedFunctions(bytes: Uint8Array): Uint8Array {
  const patched = bytes.slice();
  const view = new DataView(patched.buffer);
  const symbols = headers(bytes).find((header) => header.type === 2)!;
  for (let at = symbols.offset; at < symbols.offset + symbols.size; at += 24) {
    if ((patched[at + 4] & 15) !== 2) continue;
    patched[at + 4] &= 0xf0;
    view.setBigUint64(at + 16, 0n, true);
  }
  return patched;
}

const code = (bytes: Uint8Array) => {
  const result = parseObject(bytes, 'x.o');
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value.programs.map(({ name, insns, refs }) => ({ name, insns, refs: [...refs] }));
};

test.each(['calls', 'maps', 'externs', 'globals', 'legacy'])(
  'RELA relocations of %s mean what REL ones do',
  (name) => {
    const rela = withRela(fixture(name));
    expect(rela.length).toBeGreaterThan(fixture(name).length);
    expect(code(rela)).toEqual(code(fixture(name)));
  },
);

test.each(['legacy', 'maps', 'core'])('functions of %s are found by untyped symbols', (name) => {
  expect(code(withUntypedFunctions(fixture(name)))).toEqual(code(fixture(name)));
});
