import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatDiagnostic } from '@probed/base';
import { parseObject } from './index';

const object = new Uint8Array(readFileSync(join(__dirname, 'fixtures/maps.bpf.o')));

function changed(change: (bytes: Uint8Array, view: DataView) => void): Uint8Array {
  const copy = object.slice();
  change(copy, new DataView(copy.buffer));
  return copy;
}

const text = (s: string) => new TextEncoder().encode(s);
const sectionHeaders = Number(new DataView(object.buffer).getBigUint64(0x28, true));

describe('what is no eBPF object says so in one line', () => {
  test.each<[string, Uint8Array, string, RegExp]>([
    ['nothing', new Uint8Array(0), 'elf-empty', /empty/],
    [
      'a text file',
      text('#include <vmlinux.h>\nint main;\n'),
      'elf-bad-magic',
      /a text file, not an ELF object/,
    ],
    ['other bytes', Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7), 'elf-bad-magic', /not an ELF object/],
    ['the magic alone', object.slice(0, 4), 'elf-truncated', /truncated/],
    ['part of the magic', object.slice(0, 2), 'elf-truncated', /truncated/],
    ['half a header', object.slice(0, 40), 'elf-truncated', /40 bytes/],
    ['half a file', object.slice(0, 2000), 'elf-truncated', /truncated/],
    ['an x86-64 object', changed((b) => (b[18] = 62)), 'elf-wrong-machine', /for x86-64, not for eBPF/],
    ['a machine without a name', changed((b) => (b[18] = 250)), 'elf-wrong-machine', /machine 250/],
    ['an executable', changed((b) => (b[16] = 2)), 'elf-not-relocatable', /an eBPF executable/],
    ['a shared object', changed((b) => (b[16] = 3)), 'elf-not-relocatable', /shared object/],
    ['a 32-bit file', changed((b) => (b[4] = 1)), 'elf-32-bit', /32-bit/],
    [
      'a big-endian object',
      changed((b) => {
        b[5] = 2;
        b[16] = 0;
        b[17] = 1;
        b[18] = 0;
        b[19] = 247;
      }),
      'elf-big-endian',
      /big-endian/,
    ],
    ['an unknown class', changed((b) => (b[4] = 7)), 'elf-bad-ident', /class 7/],
    ['an unknown byte order', changed((b) => (b[5] = 9)), 'elf-bad-ident', /byte order 9/],
    ['no section table', changed((_, v) => v.setBigUint64(0x28, 0n, true)), 'elf-no-sections', /no sections/],
    [
      'a section table beyond the end',
      changed((_, v) => v.setBigUint64(0x28, 1n << 40n, true)),
      'elf-truncated',
      /offset/,
    ],
    [
      'a section table beyond 2^53',
      changed((_, v) => v.setBigUint64(0x28, 1n << 60n, true)),
      'elf-truncated',
      /offset/,
    ],
    ['headers of another size', changed((_, v) => v.setUint16(0x3a, 40, true)), 'elf-malformed', /40 bytes/],
    ['no name table', changed((_, v) => v.setUint16(0x3e, 0, true)), 'elf-malformed', /name table/],
    [
      'a section count in the first header beyond reason',
      changed((_, v) => {
        v.setUint16(0x3c, 0, true);
        v.setBigUint64(sectionHeaders + 0x20, 1n << 31n, true);
      }),
      'elf-too-large',
      /2147483648 sections/,
    ],
  ])('%s', (_, bytes, code, message) => {
    const result = parseObject(bytes, 'x.bpf.o');
    expect(result.ok).toBe(false);
    if (result.ok) return;
    expect(result.error).toMatchObject({ code, errno: 22, where: expect.stringMatching(/^x\.bpf\.o/) });
    expect(result.error.message).toMatch(message);
    expect(formatDiagnostic(result.error)).not.toContain('\n');
  });
});

test('a machine number of 0, as very old compilers wrote, is taken', () => {
  expect(
    parseObject(
      changed((b) => (b[18] = 0)),
      'x.bpf.o',
    ).ok,
  ).toBe(true);
});
