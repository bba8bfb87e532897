import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BPF_MAP_TYPE, BPF_PROG_TYPE } from '@probed/abi';
import { toHex } from '@probed/base';
import { parseObject, programFault, retype } from './index';
import type { ObjectSpec } from './object-spec';

function load(name: string): ObjectSpec {
  const result = parseObject(readFileSync(join(__dirname, 'fixtures', `${name}.bpf.o`)), `dir/${name}.bpf.o`);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

const program = (object: ObjectSpec, name: string) => object.programs.find((p) => p.name === name)!;
const named = (object: ObjectSpec, typeId: number) => object.btf!.type(typeId).name;
const bytes = (digits: string) => digits.replace(/ /g, '');

describe('BTF-defined maps', () => {
  const object = load('maps');
  const struct = (name: string) => object.btf!.findByName(name, 'struct');

  test.each([
    [
      'typed',
      BPF_MAP_TYPE.HASH,
      8,
      24,
      1024,
      { flags: 1, pinning: 1, keyTypeId: struct('key'), valueTypeId: struct('value') },
    ],
    ['sized', BPF_MAP_TYPE.ARRAY, 4, 8, 8, { flags: 4, numaNode: 1, keyTypeId: 0, valueTypeId: 0 }],
    ['ring', BPF_MAP_TYPE.RINGBUF, 0, 24, 16384, { valueTypeId: struct('value') }],
    ['perf', BPF_MAP_TYPE.PERF_EVENT_ARRAY, 4, 4, 0, {}],
    ['stacks', BPF_MAP_TYPE.STACK_TRACE, 4, 0, 64, {}],
    ['bloom', BPF_MAP_TYPE.BLOOM_FILTER, 0, 4, 100, { mapExtra: 3 }],
    ['inner_a', BPF_MAP_TYPE.ARRAY, 4, 8, 1, {}],
    [
      'outer',
      BPF_MAP_TYPE.ARRAY_OF_MAPS,
      4,
      4,
      4,
      {
        slots: [
          { index: 1, map: 'inner_a' },
          { index: 3, map: 'inner_b' },
        ],
        inner: expect.objectContaining({
          name: 'outer.inner',
          type: BPF_MAP_TYPE.ARRAY,
          keySize: 4,
          valueSize: 8,
          maxEntries: 1,
        }),
      },
    ],
    ['jumps', BPF_MAP_TYPE.PROG_ARRAY, 4, 4, 2, { slots: [{ index: 1, program: 'tail' }] }],
  ])('%s', (name, type, keySize, valueSize, maxEntries, more) => {
    expect(object.maps.find((m) => m.name === name)).toMatchObject({
      type,
      keySize,
      valueSize,
      maxEntries,
      ...more,
    });
  });

  test.each([
    ['.rodata', 'maps.rodata', 12, 0x480, true, '07000000 68656c6c6f000000'],
    ['.data', 'maps.data', 8, 0x400, undefined, '0500000000000000'],
    ['.data.custom', '.data.custom', 4, 0x400, undefined, '09000000'],
    ['.rodata.tables', '.rodata.tables', 4, 0x480, true, '0b000000'],
    ['.bss', 'maps.bss', 12, 0x400, undefined, undefined],
  ])('section %s becomes map %s', (section, name, valueSize, flags, frozen, contents) => {
    const map = object.maps.find((m) => m.section === section);
    expect(map).toMatchObject({
      name,
      type: BPF_MAP_TYPE.ARRAY,
      keySize: 4,
      valueSize,
      maxEntries: 1,
      flags,
    });
    expect(map?.frozen).toBe(frozen);
    expect(map?.contents && toHex(map.contents)).toBe(contents && bytes(contents));
    expect(named(object, map!.dataSecTypeId!)).toBe(section);
  });

  test('sizes and offsets of variables are those of the symbols', () => {
    const section = object.btf!.dataSection('.bss')!;
    expect(section.size).toBe(12);
    expect(section.variables.map((v) => [v.name, v.offset, v.size])).toEqual([
      ['zeroed', 0, 8],
      ['hidden_counter', 8, 4],
    ]);
  });

  test('instructions refer to maps and variables by name', () => {
    const { insns, refs } = program(object, 'entry');
    const values = [...refs].map(([slot, ref]) => [
      'map' in ref ? `${ref.kind} ${ref.map}` : ref.name,
      insns[slot].src,
      insns[slot].imm,
      insns[slot + 1].imm,
    ]);
    expect(values).toEqual([
      ['map-value maps.rodata', 2, 0, 0],
      ['map typed', 1, 0, 0],
      ['map-value maps.rodata', 2, 0, 4],
      ['map-value .rodata.tables', 2, 0, 0],
      ['map-value maps.data', 2, 0, 0],
      ['map-value maps.bss', 2, 0, 0],
      ['map-value maps.bss', 2, 0, 8],
      ['map-value .data.custom', 2, 0, 0],
      ['map sized', 1, 0, 0],
      ['map outer', 1, 0, 0],
      ['map jumps', 1, 0, 0],
      ['map bloom', 1, 0, 0],
      ['map perf', 1, 0, 0],
      ['map ring', 1, 0, 0],
    ]);
  });

  test('license, version and program attributes', () => {
    expect([object.license, object.version]).toEqual(['Dual BSD/GPL', 0x61200]);
    expect(program(object, 'entry')).toMatchObject({
      section: 'xdp.frags',
      type: BPF_PROG_TYPE.XDP,
      flags: 32,
    });
  });
});

describe('subprograms', () => {
  const object = load('calls');
  const calls = (name: string) =>
    program(object, name).insns.flatMap((insn, slot) => {
      const relative = (insn.opcode === 0x85 && insn.src === 1) || (insn.opcode === 0x18 && insn.src === 4);
      return relative ? [`${slot}->${slot + 1 + insn.imm}`] : [];
    });
  const functions = (name: string) =>
    program(object, name).funcInfo.map(({ insn, typeId }) => {
      const type = object.btf!.type(typeId);
      return `${insn} ${type.name} ${type.kind === 'func' ? type.linkage : '?'}`;
    });

  test('are put behind each program in the order that libbpf gives them', () => {
    expect(object.programs.map((p) => p.name)).toEqual(['first', 'second', 'optional', 'sleepable']);
    expect(functions('first')).toEqual([
      '0 first global',
      '13 middle static',
      '21 leaf static',
      '26 global_sum global',
      '34 beside static',
    ]);
    expect(calls('first')).toEqual(['1->13', '5->26', '9->34', '14->21', '18->21', '27->13']);
  });

  test('that are hidden count as static', () => {
    expect(functions('second')).toEqual(['0 second global', '3 hidden_sum static', '6 leaf static']);
    expect(calls('second')).toEqual(['1->3', '3->6']);
  });

  test('serve as callbacks by address', () => {
    expect(calls('optional')).toEqual(['5->11', '12->18']);
  });

  test('bring their source lines along', () => {
    const { lineInfo, insns } = program(object, 'first');
    const leaf = lineInfo.find((line) => line.insn >= 21 && line.insn < 26);
    expect(leaf).toMatchObject({
      file: expect.stringMatching(/calls\.bpf\.c$/),
      text: expect.stringContaining('int leaf(int x)'),
    });
    expect(
      lineInfo.every((line, i) => line.insn < insns.length && (i === 0 || line.insn > lineInfo[i - 1].insn)),
    ).toBe(true);
  });

  test.each([
    ['optional', { optional: true, attachTo: 'sys_enter', type: BPF_PROG_TYPE.RAW_TRACEPOINT }],
    ['sleepable', { optional: false, attachTo: '/bin/bash:readline', type: BPF_PROG_TYPE.KPROBE, flags: 16 }],
    ['first', { optional: false, attachTo: 'sched/sched_switch', type: BPF_PROG_TYPE.TRACEPOINT, flags: 0 }],
  ])('%s is what its section says', (name, expected) =>
    expect(program(object, name)).toMatchObject(expected),
  );
});

describe('objects without BTF', () => {
  test("libbpf 0.x's map definitions", () => {
    const object = load('legacy');
    expect(object.btf).toBeUndefined();
    expect(object.maps).toMatchObject([
      { name: 'counts', type: BPF_MAP_TYPE.HASH, keySize: 4, valueSize: 8, maxEntries: 100, flags: 1 },
      {
        name: 'events',
        type: BPF_MAP_TYPE.PERF_EVENT_ARRAY,
        keySize: 4,
        valueSize: 4,
        maxEntries: 0,
        flags: 0,
      },
    ]);
    const refs = [...program(object, 'entry').refs.values()];
    expect(refs).toEqual([
      { kind: 'map', map: 'counts' },
      { kind: 'map', map: 'events' },
    ]);
  });

  test("iproute2's map definitions", () => {
    expect(load('legacy_iproute2').maps).toMatchObject([
      { name: 'inner_map', type: BPF_MAP_TYPE.ARRAY, maxEntries: 2 },
      {
        name: 'outer_map',
        type: BPF_MAP_TYPE.ARRAY_OF_MAPS,
        pinning: 1,
        inner: expect.objectContaining({ type: BPF_MAP_TYPE.ARRAY, valueSize: 8, maxEntries: 2 }),
      },
    ]);
  });
});

describe('faults of an object name the place', () => {
  /** A fixture with one occurrence of a text replaced by another of the same length. */
  function edited(name: string, from: string, to: string): Uint8Array {
    const bytes = readFileSync(join(__dirname, 'fixtures', `${name}.bpf.o`));
    const at = bytes.indexOf(`${from}\0`);
    expect(at).toBeGreaterThan(0);
    bytes.write(to, at, 'latin1');
    return bytes;
  }

  test.each([
    [
      'an unknown map attribute',
      'maps',
      'map_extra',
      'map_extrb',
      'map-definition',
      /unknown field 'map_extrb'/,
    ],
    ['BTF gone', 'maps', '.BTF', '.BTX', 'map-needs-btf', /need BTF/],
    ['no map type', 'maps', 'type', 'typf', 'map-definition', /unknown field 'typf'/],
  ])('%s', (_, fixture, from, to, code, message) => {
    const result = parseObject(edited(fixture, from, to), 'x.o');
    expect(result.ok ? undefined : result.error).toMatchObject({
      code,
      where: expect.stringMatching(/^x\.o/),
    });
    expect(result.ok ? '' : result.error.message).toMatch(message);
  });
});

describe('what is wrong with one program is its fault alone', () => {
  /** The fixture's object with one occurrence of a text replaced. */
  function changed(name: string, from: string, to: string): ObjectSpec {
    const bytes = readFileSync(join(__dirname, 'fixtures', `${name}.bpf.o`));
    bytes.write(to, bytes.indexOf(`${from}\0`), 'latin1');
    const result = parseObject(bytes, 'x.o');
    if (!result.ok) throw new Error(JSON.stringify(result.error));
    return result.value;
  }

  test('a section that stands for no type', () => {
    const [entry] = changed('legacy', 'kprobe/do_unlinkat', 'kprobf/do_unlinkat').programs;
    expect(entry).toMatchObject({ name: 'entry', section: 'kprobf/do_unlinkat', type: 0, attachTo: '' });
    expect(programFault(entry)).toMatchObject({
      code: 'program-type',
      message: "missing BPF prog type, check ELF section name 'kprobf/do_unlinkat'",
      where: "program 'entry'",
      errno: 22,
    });
  });

  test('until the user names a section', () => {
    const [entry] = changed('legacy', 'kprobe/do_unlinkat', 'kprobf/do_unlinkat').programs;
    const retyped = retype(entry, 'kprobe/vfs_read');
    if (!retyped.ok) throw new Error(retyped.error.message);
    expect(retyped.value).toMatchObject({ type: BPF_PROG_TYPE.KPROBE, attachTo: 'vfs_read', name: 'entry' });
    expect(programFault(retyped.value)).toBeUndefined();
    expect(retype(entry, 'nonsense')).toMatchObject({ ok: false, error: { code: 'section-unknown' } });
  });

  test('a relocation that means nothing', () => {
    const object = changed('legacy', 'maps', 'napz');
    expect(object.maps).toEqual([]);
    expect(programFault(object.programs[0])).toMatchObject({
      code: 'relocation',
      message: "bad data relo against section 'napz'",
    });
  });
});

test('a leading `?` is no part of the section', () => {
  expect(program(load('calls'), 'optional')).toMatchObject({ section: 'raw_tp/sys_enter', optional: true });
});
