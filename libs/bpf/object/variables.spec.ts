import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BPF_F } from '@probed/abi';
import { toHex } from '@probed/base';
import type { EncodeInput } from '@probed/btf';
import { parseElf } from './elf';
import { SHT, STV, SYMBOL_BYTES } from './elf-constants';
import { findMap, listVariables, parseObject, resizeMap, setVariable } from './index';
import type { ObjectSpec } from './object-spec';

function load(name: string): ObjectSpec {
  const result = parseObject(readFileSync(join(__dirname, 'fixtures', `${name}.bpf.o`)), `${name}.bpf.o`);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

test('lists variables with their places', () => {
  const places = listVariables(load('globals')).map((v) => [v.name, v.section, v.offset, v.size, v.readOnly]);
  expect(places).toEqual([
    ['target_pid', '.rodata', 0, 4, true],
    ['verbose', '.rodata', 4, 1, true],
    ['mode', '.rodata', 8, 4, true],
    ['prefix', '.rodata', 12, 16, true],
    ['filter', '.rodata', 28, 32, true],
    ['offset', '.rodata', 64, 8, true],
    ['level', '.data', 0, 4, false],
    ['counters', '.bss', 0, 32, false],
  ]);
});

test('user space maps no section whose variables are all hidden', () => {
  const bytes = new Uint8Array(readFileSync(join(__dirname, 'fixtures', 'globals.bpf.o')));
  const flags = () => {
    const object = parseObject(bytes, 'globals.bpf.o');
    return object.ok ? findMap(object.value, '.data')?.flags : undefined;
  };
  expect(flags()).toBe(BPF_F.MMAPABLE);
  const elf = parseElf(bytes);
  if (!elf.ok) throw new Error(elf.error.message);
  // The section's bytes are a view of the file: what is written to them is what the next parse reads.
  const table = elf.value.sections.find(({ type }) => type === SHT.SYMTAB)!.data;
  const level = elf.value.symbols.find(({ name }) => name === 'level')!;
  table[level.index * SYMBOL_BYTES + 5] = STV.HIDDEN;
  expect(flags()).toBe(0);
});

describe('setVariable', () => {
  test.each<[string, EncodeInput, string, number, string]>([
    ['target_pid', 0x12345678, '.rodata', 0, '78563412'],
    ['verbose', true, '.rodata', 4, '01'],
    ['mode', 'MODE_ON', '.rodata', 8, '05000000'],
    ['mode', 1, '.rodata', 8, '01000000'],
    ['prefix', 'xy', '.rodata', 12, '7879000000000000'],
    ['offset', '-9223372036854775808', '.rodata', 64, '0000000000000080'],
    ['filter.comm', 'zsh', '.rodata', 40, '7a736800'],
    ['filter.range[1].high', -2, '.rodata', 38, 'feff'],
    ['filter', { pid: 9 }, '.rodata', 28, '09000000'],
    ['level', -1, '.data', 0, 'ffffffff'],
    ['counters', [1, 2], '.bss', 0, '01000000000000000200000000000000'],
    ['counters[3]', 7, '.bss', 24, '0700000000000000'],
  ])('%s = %j', (path, value, section, offset, expected) => {
    const object = load('globals');
    expect(setVariable(object, path, value)).toEqual({ ok: true, value: undefined });
    const contents = findMap(object, section)!.contents!;
    expect(toHex(contents.subarray(offset, offset + expected.length / 2))).toBe(expected);
  });

  test('leaves what the value does not name', () => {
    const object = load('globals');
    setVariable(object, 'filter', { pid: 9 });
    const contents = findMap(object, '.rodata')!.contents!;
    expect(new TextDecoder().decode(contents.subarray(40, 44))).toBe('bash');
  });

  test.each<[string, EncodeInput, RegExp, string]>([
    ['no_such', 1, /no global variable/, 'variable'],
    ['filter.no_such', 1, /has no 'no_such'/, 'variable'],
    ['filter.flag', 1, /has no 'flag'/, 'variable'],
    ['target_pid', -1, /./, 'value-encode'],
    ['target_pid', 'many', /./, 'value-encode'],
    ['counters[4]', 1, /has no/, 'variable'],
  ])('%s = %j is refused', (path, value, message, code) => {
    const result = setVariable(load('globals'), path, value);
    expect(result.ok ? undefined : result.error).toMatchObject({
      code,
      where: expect.stringContaining('variable'),
    });
    expect(result.ok ? '' : result.error.message).toMatch(message);
  });

  test('configuration values are not to be set', () => {
    const result = setVariable(load('externs'), 'CONFIG_HZ', 100);
    expect(result.ok ? '' : result.error.message).toContain('kernel configuration');
  });

  test('needs BTF', () => {
    const result = setVariable(load('legacy'), 'x', 1);
    expect(result.ok ? '' : result.error.message).toContain('no BTF');
  });
});

describe('resizeMap', () => {
  test('sets max_entries', () => {
    const object = load('maps');
    expect(resizeMap(object, 'typed', 5).ok).toBe(true);
    expect(findMap(object, 'typed')?.maxEntries).toBe(5);
  });

  test.each([
    ['nothing', 1, 2],
    ['maps.bss', 2, 22],
    ['.rodata', 2, 22],
    ['typed', 0, 22],
    ['typed', 2 ** 32, 22],
    ['typed', 1.5, 22],
  ])('%s to %d is errno %d', (name, entries, errno) => {
    const result = resizeMap(load('maps'), name, entries);
    expect(result.ok ? undefined : result.error).toMatchObject({ code: 'map-resize', errno });
  });
});
