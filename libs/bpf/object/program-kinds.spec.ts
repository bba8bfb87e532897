import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BPF_F, BPF_MAP_TYPE, BPF_PROG_TYPE } from '@probed/abi';
import { parseObject, programFault } from './index';
import type { ObjectSpec } from './object-spec';

function load(name: string): ObjectSpec {
  const result = parseObject(readFileSync(join(__dirname, 'fixtures', `${name}.bpf.o`)), `${name}.bpf.o`);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

describe('maps of loaders before libbpf', () => {
  const { maps, programs } = load('legacy_sections');
  const inner = { type: BPF_MAP_TYPE.ARRAY, keySize: 4, valueSize: 8, maxEntries: 1 };

  test.each([
    ['pinned', { type: BPF_MAP_TYPE.HASH, keySize: 8, valueSize: 264, maxEntries: 256, pinning: 1 }],
    ['inner', { ...inner, numaNode: 1, flags: 4 }],
    // The kernel samples count maps, whatever their section.
    ['outer', { type: BPF_MAP_TYPE.ARRAY_OF_MAPS, inner: expect.objectContaining(inner) }],
    ['orphan', { type: BPF_MAP_TYPE.HASH_OF_MAPS, maxEntries: 1 }],
    ['calls', { type: BPF_MAP_TYPE.PROG_ARRAY, maxEntries: 3, slots: [{ index: 1, program: 'tail' }] }],
    [
      'policies',
      {
        type: BPF_MAP_TYPE.HASH_OF_MAPS,
        inner: expect.objectContaining(inner),
        slots: [{ index: 3, map: 'policy' }],
      },
    ],
  ])('%s', (name, expected) => expect(maps.find((map) => map.name === name)).toMatchObject(expected));

  test('a map-in-map without a template opens', () =>
    expect(maps.find(({ name }) => name === 'orphan')?.inner).toBeUndefined());

  test('programs of sections that libbpf does not know are listed without a type', () => {
    const listed = programs.map(({ name, section, type }) => [name, section, type]);
    expect(listed).toEqual([
      ['from_container', 'from-container', 0],
      ['tail', '2/1', 0],
      ['tail_beyond', '2/9', 0],
      ['packets', 'xdp_prog1', 0],
    ]);
    expect(programFault(programs[3])?.hint).toBe('libbpf before 1.0 took it as SEC("xdp")');
  });
});

test('a lone function without a section is a program without a type', () => {
  const { programs, maps } = load('legacy_text');
  expect(programs).toMatchObject([{ name: 'alone', section: '.text', type: 0 }]);
  expect(maps).toEqual([]);
});

describe('kernel interfaces and arenas', () => {
  const { maps, programs } = load('kernel_interfaces');
  const [arena, oldWay, byLink] = maps;

  test('an arena is a map of its own, and its section none', () =>
    expect([maps.length, arena]).toMatchObject([
      3,
      { name: 'arena', type: BPF_MAP_TYPE.ARENA, maxEntries: 10 },
    ]));

  test('each variable of .struct_ops is a map that names its programs', () => {
    const common = { type: BPF_MAP_TYPE.STRUCT_OPS, keySize: 4, valueSize: 32, maxEntries: 1 };
    expect(oldWay).toMatchObject({ ...common, name: 'old_way', flags: 0 });
    expect(byLink).toMatchObject({ ...common, name: 'by_link', flags: BPF_F.LINK });
    expect(oldWay.structOps).toEqual({
      type: 'tcp_congestion_ops',
      programs: new Map([
        ['ssthresh', 'my_ssthresh'],
        ['cong_avoid', 'my_cong_avoid'],
      ]),
    });
    expect(byLink.structOps?.programs).toEqual(new Map([['ssthresh', 'my_ssthresh']]));
  });

  test('only the program that uses the arena is at fault', () => {
    const faults = programs.map((program) => [program.name, program.type, programFault(program)?.message]);
    expect(faults).toEqual([
      ['my_ssthresh', BPF_PROG_TYPE.STRUCT_OPS, undefined],
      ['my_cong_avoid', BPF_PROG_TYPE.STRUCT_OPS, undefined],
      [
        'counts',
        BPF_PROG_TYPE.SYSCALL,
        "'in_arena' lies in an arena (section '.addr_space.1'): not supported",
      ],
      ['plain', BPF_PROG_TYPE.SOCKET_FILTER, undefined],
    ]);
  });
});
