import fc from 'fast-check';
import { Btf } from './btf';
import { BtfBuilder } from './builder';
import { dedupBtf } from './dedup/dedup';
import { encodeBtf } from './encode';
import { everyKind, parsed } from './fixtures/every-kind';
import { randomBtf } from './fixtures/random-btf';
import { concatBtf, mergeBtf } from './merge';

const base = parsed(everyKind());

/** Types of a module: one that uses the kernel's, and one that the kernel has too. */
function moduleBtf(): Uint8Array {
  const b = new BtfBuilder(base);
  const event = base.findByName('event')!;
  const ptr = b.ptr(event);
  b.struct('wrapper', 16, [
    { name: 'event', typeId: ptr, offsetBits: 0 },
    { name: 'pid', typeId: base.findByName('int')!, offsetBits: 64 },
  ]);
  b.int('int', 4, { signed: true });
  b.float('double', 8);
  return b.finish();
}

function split(bytes: Uint8Array): Btf {
  const btf = Btf.parse(bytes, base);
  if (!btf.ok) throw new Error(btf.error.message);
  return btf.value;
}

describe('encode', () => {
  it('gives back the bytes that were parsed', () => {
    expect(Buffer.from(encodeBtf(base))).toEqual(Buffer.from(everyKind()));
    fc.assert(
      fc.property(randomBtf, (bytes) => Buffer.from(encodeBtf(parsed(bytes))).equals(Buffer.from(bytes))),
      { numRuns: 200 },
    );
  });

  it('takes every kind from one BTF to another', () => {
    const copy = parsed(concatBtf([base]));
    const plain = (btf: Btf) => Array.from({ length: btf.typeCount }, (_, id) => btf.type(id));
    expect(plain(copy)).toEqual(plain(base));
  });
});

describe('split BTF', () => {
  const btf = split(moduleBtf());

  it('goes on where the base ends', () => {
    expect(btf.firstId).toBe(base.typeCount);
    expect(base.firstId).toBe(1);
    const wrapper = btf.findByName('wrapper')!;
    expect(wrapper).toBe(base.typeCount + 1);
    expect(btf.type(wrapper)).toMatchObject({ kind: 'struct', size: 16 });
    expect(btf.member(wrapper, 'pid')).toMatchObject({ offsetBits: 64 });
    expect(btf.type(base.findByName('event')!)).toEqual(base.type(base.findByName('event')!));
  });

  it('encodes its own part alone', () => {
    expect(Buffer.from(encodeBtf(btf))).toEqual(Buffer.from(moduleBtf()));
  });

  it('means nothing without its base', () => {
    const alone = Btf.parse(moduleBtf());
    expect(alone).toMatchObject({ ok: false, error: { code: 'btf-malformed' } });
  });

  it('may have no strings of its own', () => {
    const b = new BtfBuilder(base);
    b.ptr(1);
    expect(split(b.finish()).typeCount).toBe(base.typeCount + 1);
  });

  it('is refused with strings that do not end', () => {
    const bytes = moduleBtf();
    bytes[bytes.length - 1] = 0x41;
    expect(Btf.parse(bytes, base)).toMatchObject({
      ok: false,
      error: { message: 'string section does not end with NUL' },
    });
  });

  it('loses what the base has when it is deduplicated', () => {
    const result = dedupBtf(btf);
    if (!result.ok) throw new Error(result.error.message);
    const small = split(result.value);
    const own = Array.from({ length: small.typeCount - small.firstId }, (_, i) =>
      small.kind(small.firstId + i),
    );
    expect(own).toEqual(['struct']);
    expect(small.member(small.findByName('wrapper')!, 'pid')!.typeId).toBe(base.findByName('int'));
  });

  it('merges with others of the same base', () => {
    const result = mergeBtf([btf, btf], base);
    if (!result.ok) throw new Error(result.error.message);
    expect(split(result.value).typeCount).toBe(base.typeCount + 1);
  });
});
