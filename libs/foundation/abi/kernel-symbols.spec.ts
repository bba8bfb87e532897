import { ByteWriter } from '@probed/base';
import { formatKernelAddress, KernelSymbols } from './kernel-symbols';

const BASE = 0xffffffff81000000n;

function pack(rows: readonly [number, string, string][]): Uint8Array {
  const steps = new ByteWriter();
  let last = 0;
  for (const [offset] of rows) {
    let step = offset - last;
    last = offset;
    for (; step >= 0x80; step >>>= 7) steps.u8((step & 0x7f) | 0x80);
    steps.u8(step);
  }
  const out = new ByteWriter().u32(0x4d59534b).u32(rows.length).u32(steps.size).u64(BASE);
  const latin1 = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
  for (const [, type] of rows) out.bytes(latin1(type));
  out.bytes(steps.finish());
  for (const [, , name] of rows) out.bytes(latin1(`${name}\0`));
  return out.finish();
}

const symbols = new KernelSymbols(
  pack([
    [0, 'T', '_text'],
    [0, 'T', '_stext'],
    [0x40, 't', 'cleanup'],
    [0x1000, 'T', 'vfs_read'],
    [0x1200, 't', 'cleanup'],
    [0x30_0000, 'D', 'init_task'],
  ]),
);
const at = (offset: number) => Number(BASE - (1n << 64n)) + offset;

test.each([
  ['_text', at(0), 'T', 1],
  ['vfs_read', at(0x1000), 'T', 1],
  ['cleanup', at(0x40), 't', 2],
  ['init_task', at(0x30_0000), 'D', 1],
  ['nothing', undefined, undefined, 0],
  ['vfs_rea', undefined, undefined, 0],
])('by name: %s', (name, address, type, occurrences) => {
  expect(symbols.address(name)).toBe(address);
  expect(symbols.type(name)).toBe(type);
  expect(symbols.occurrences(name)).toBe(occurrences);
  expect(symbols.has(name)).toBe(occurrences > 0);
});

test.each([
  [at(-1), undefined],
  [at(0), { name: '_text', offset: 0, size: 0x40 }],
  [at(0x3f), { name: '_text', offset: 0x3f, size: 0x40 }],
  [at(0x1010), { name: 'vfs_read', offset: 0x10, size: 0x200 }],
  [at(0x30_0fff), { name: 'init_task', offset: 0xfff, size: 0x1000 }],
  [at(0x30_1000), undefined],
  [0, undefined],
])('by address %#', (address, hit) => expect(symbols.lookup(address)).toEqual(hit));

test('lists names in order of address', () => {
  expect([...symbols.iterateNames()]).toEqual([
    '_text',
    '_stext',
    'cleanup',
    'vfs_read',
    'cleanup',
    'init_task',
  ]);
});

test('takes functions in addition, behind all others', () => {
  const more = symbols.withFunctions(['pipe_read', 'mark_page_accessed']);
  expect(more.address('vfs_read')).toBe(at(0x1000));
  expect(more.address('pipe_read')).toBe(at(0x30_1000));
  expect(more.type('mark_page_accessed')).toBe('t');
  expect(more.lookup(at(0x30_1018))).toEqual({ name: 'mark_page_accessed', offset: 8, size: 0xff0 });
  expect([...more.iterateNames()].slice(-3)).toEqual(['init_task', 'pipe_read', 'mark_page_accessed']);
  expect(symbols.has('pipe_read')).toBe(false);
});

test('prints addresses as kallsyms does', () =>
  expect(formatKernelAddress(at(0x1000))).toBe('ffffffff81001000'));

test('refuses other bytes', () => expect(() => new KernelSymbols(new Uint8Array(64))).toThrow('packed form'));
