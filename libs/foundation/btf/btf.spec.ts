import { Btf } from './btf';
import { BtfBuilder } from './builder';
import { everyKind, parsed } from './fixtures/every-kind';
import { KIND_NAMES } from './kinds';
import type { BtfFunc } from './types';

const btf = parsed(everyKind());
const event = btf.findByName('event')!;

describe('types', () => {
  it('decodes every kind that was written', () => {
    const kinds = new Set(Array.from({ length: btf.typeCount }, (_, id) => btf.kind(id)));
    expect([...kinds].sort()).toEqual([...KIND_NAMES].sort());
  });

  it('gives back what the builder was given', () => {
    const type = (name: string) => btf.type(btf.findByName(name)!);
    expect(type('_Bool')).toMatchObject({
      kind: 'int',
      size: 1,
      bool: true,
      signed: false,
      bits: 8,
      bitOffset: 0,
    });
    expect(type('color')).toMatchObject({ kind: 'enum', signed: true, size: 4 });
    expect(type('color')).toHaveProperty('values.2', { name: 'NEGATIVE', value: -2 });
    expect(type('wide')).toHaveProperty('values', [{ name: 'HUGE', value: 0x1_0000_0000n }]);
    expect(type('opaque')).toMatchObject({ kind: 'fwd', of: 'struct' });
    expect(type('handle')).toMatchObject({ kind: 'func', linkage: 'global' });
    expect(type('limit')).toMatchObject({ kind: 'var', linkage: 'static' });
    expect(type('first')).toMatchObject({
      kind: 'decl_tag',
      typeId: event,
      componentIndex: 0,
      attribute: false,
    });
    expect(type('event')).toHaveProperty('members.2', {
      name: 'sign',
      typeId: btf.findByName('int'),
      offsetBits: 35,
      bits: 5,
    });
    const proto = btf.type((type('handle') as BtfFunc).typeId);
    expect(proto).toMatchObject({ kind: 'func_proto', params: [{ name: 'e' }, { name: '', typeId: 0 }] });
  });

  it('keeps one object a type', () => {
    expect(btf.type(event)).toBe(btf.type(event));
  });

  it('reads names that are not ASCII', () => {
    const b = new BtfBuilder();
    b.struct('größe', 0, []);
    const id = b.struct('Vec<u8>', 0, []);
    const other = parsed(b.finish());
    expect(other.type(1).name).toBe('größe');
    expect(other.findByName('größe')).toBe(1);
    expect(other.findByName('Vec<u8>')).toBe(id);
  });

  it('reads enums without kind_flag as unsigned', () => {
    const b = new BtfBuilder();
    b.enum('e', 4, [{ name: 'A', value: 0xffff_ffff }], false);
    expect(parsed(b.finish()).type(1)).toMatchObject({
      signed: false,
      values: [{ name: 'A', value: 0xffff_ffff }],
    });
  });
});

describe('names', () => {
  const b = new BtfBuilder();
  const first = b.struct('dup', 4, []);
  const typedef = b.typedef('dup', first);
  const second = b.struct('dup', 8, []);
  const flavour = b.struct('dup___old', 8, []);
  const odd = b.struct('dup____odd', 8, []);
  const named = parsed(b.finish());

  it('finds the lowest id, of the kind asked for', () => {
    expect(named.findByName('dup')).toBe(first);
    expect(named.findByName('dup', 'typedef')).toBe(typedef);
    expect(named.findByName('dup', 'union')).toBeUndefined();
    expect(named.findByName('du')).toBeUndefined();
    expect(named.findByName('')).toBeUndefined();
    expect(named.findByName('dup\0dup')).toBeUndefined();
  });

  it('finds all, by exact and by essential name', () => {
    expect(named.findAllByName('dup', 'struct')).toEqual([first, second]);
    expect(named.findAllByEssentialName('dup')).toEqual([first, typedef, second, flavour]);
    expect(named.findAllByEssentialName('dup___old')).toEqual([]);
    expect(named.findAllByEssentialName('dup____odd')).toEqual([odd]);
  });

  it('lists functions', () => {
    expect([...btf.functions().keys()]).toEqual(['handle']);
  });
});

describe('layout', () => {
  it.each([
    ['event', 104, 8],
    ['point_t', 8, 4],
    ['flags_t', 4, 4],
    ['color', 4, 4],
    ['wide', 8, 8],
    ['double', 8, 8],
    ['seen', 8, 8],
    ['handle', 0, 1],
    ['opaque', 0, 1],
  ])('%s has size %i and alignment %i', (name, size, align) => {
    const id = btf.findByName(name)!;
    expect([btf.sizeOf(id), btf.alignOf(id)]).toEqual([size, align]);
  });

  it('takes packed structs for packed', () => {
    const b = new BtfBuilder();
    const u32 = b.int('u32', 4);
    const u8 = b.int('u8', 1);
    const misplaced = b.struct('misplaced', 8, [
      { name: 'a', typeId: u8, offsetBits: 0 },
      { name: 'b', typeId: u32, offsetBits: 8 },
    ]);
    const odd = b.struct('odd', 5, [{ name: 'a', typeId: u32, offsetBits: 0 }]);
    const straddling = b.struct('straddling', 8, [
      { name: 'a', typeId: u32, offsetBits: 0, bits: 30 },
      { name: 'b', typeId: u32, offsetBits: 30, bits: 10 },
    ]);
    const holder = b.struct('holder', 8, [{ name: 'm', typeId: misplaced, offsetBits: 0 }]);
    const packed = parsed(b.finish());
    expect([misplaced, odd, straddling, holder].map((id) => packed.alignOf(id))).toEqual([1, 1, 1, 1]);
  });

  it.each<[string, [number, number] | undefined]>([
    ['pid', [0, 0]],
    ['sign', [35, 5]],
    ['whole', [64, 0]],
    ['y', [96, 0]],
    ['points', [320, 0]],
    ['points[2].y', [320 + 2 * 64 + 32, 0]],
    ['tail[9]', [832 + 9 * 32, 0]],
    ['points[3].y', undefined],
    ['pid.x', undefined],
    ['pid[0]', undefined],
    ['nothing', undefined],
    ['points.y', undefined],
    ['next.pid', undefined],
    ['', undefined],
    ['.pid', undefined],
    ['pid.', undefined],
    ['points[2]y', undefined],
    ['points[-1]', undefined],
  ])('finds the place of member %s', (path, place) => {
    const found = btf.member(event, path);
    expect(found && [found.offsetBits, found.bits]).toEqual(place);
  });

  it('gives byte offsets but for bit fields', () => {
    expect(btf.memberOffset(event, 'comm')).toBe(16);
    expect(btf.memberOffset(event, 'sign')).toBeUndefined();
  });

  it('keeps the type of a member as declared', () => {
    expect(btf.type(btf.member(event, 'flags')!.typeId)).toMatchObject({ kind: 'typedef', name: 'flags_t' });
    expect(btf.resolve(btf.member(event, 'flags')!.typeId)).toMatchObject({ kind: 'int' });
  });

  it('resolves the variables of a section', () => {
    const section = btf.dataSection('.data')!;
    expect(section.size).toBe(16);
    expect(section.variables).toMatchObject([
      { name: 'seen', offset: 0, size: 8, kind: 'var', linkage: 'global' },
      { name: 'limit', offset: 8, size: 4, kind: 'var', linkage: 'static' },
    ]);
    expect(btf.type(section.variables[1].typeId)).toMatchObject({ kind: 'int', name: 'unsigned int' });
    expect(btf.dataSection('.bss')).toBeUndefined();
  });
});

describe('ids from outside', () => {
  it('are told from those that exist', () => {
    expect([0, 1, btf.typeCount - 1, btf.typeCount, -1, 1.5, Number.NaN].map((id) => btf.has(id))).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(btf.member(btf.typeCount, 'a')).toBeUndefined();
    expect(btf.string(1 << 30)).toBeUndefined();
    expect(btf.string(1)).toBe('int');
  });
});

describe('parse', () => {
  it('does not keep the bytes it was given', () => {
    const bytes = everyKind();
    const copy = parsed(bytes);
    bytes.fill(0xff);
    expect(copy.type(1)).toMatchObject({ kind: 'int', name: 'int' });
  });

  it('takes bytes at odd offsets', () => {
    const bytes = everyKind();
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(Btf.parse(shifted.subarray(1)).ok).toBe(true);
  });

  it('takes BTF without types', () => {
    expect(parsed(new BtfBuilder().finish()).typeCount).toBe(1);
  });
});
