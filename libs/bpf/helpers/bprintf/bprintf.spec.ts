import { readFileSync } from 'node:fs';
import { TestKernel } from '../testing';

/** `[format, arguments, bytes of the text or -errno, text as Latin-1]` as trace_vprintk and snprintf of 6.18 gave. */
type Case = [string, string[], number, string | null];
const cases: Case[] = JSON.parse(readFileSync(`${__dirname}/../fixtures/bprintf-6.18.json`, 'utf8'));

const IP = [192, 168, 1, 20, 0, 0, 0, 0, 0, 0, 0, 0xab, 0xcd, 0xef, 1, 2];
const DIRECT_MAP = 0xffff_8880_0000_0000n;

function argument(kernel: TestKernel, arg: string): bigint {
  if (arg === 'ip') {
    const at = kernel.memory.alloc(16);
    kernel.memory.u8.set(IP, at);
    return DIRECT_MAP + BigInt(at);
  }
  return arg === 'str' ? DIRECT_MAP + BigInt(kernel.text('abc')) : BigInt(arg);
}

/** UTF-8, as the compiler puts it into the object. */
function utf8(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

function words(kernel: TestKernel, args: readonly bigint[]): number {
  const at = kernel.memory.alloc(8 * args.length + 8);
  args.forEach((arg, i) => {
    kernel.memory.view.setBigUint64(at + 8 * i, arg, true);
  });
  return at;
}

test.each(cases)('%j %j', (format, rawArgs, result, text) => {
  const kernel = new TestKernel();
  const args = rawArgs.map((arg) => argument(kernel, arg));
  const data = words(kernel, args);
  const fmt = kernel.text(utf8(format));
  const traced = kernel.helper('trace_vprintk')(fmt, utf8(format).length + 1, data, 8 * args.length);
  expect(traced).toBe(result);
  const out = kernel.memory.alloc(64);
  kernel.memory.u8.fill(0x55, out, out + 64);
  const printed = kernel.helper('snprintf')(out, 64, fmt, data, 8 * args.length);
  if (text === null) {
    expect(printed).toBe(result);
    return;
  }
  expect(printed).toBe(result + 1);
  expect(kernel.latin1(out, text.length + 2)).toBe(`${text}\0U`);
});

describe('snprintf', () => {
  const kernel = new TestKernel();
  const fmt = kernel.text('%d-%d');

  test('truncates and still tells the whole length', () => {
    const out = kernel.memory.alloc(16);
    kernel.memory.u8.fill(0x55, out, out + 16);
    expect(kernel.helper('snprintf')(out, 4, fmt, words(kernel, [123n, 456n]), 16)).toBe(8);
    expect(kernel.latin1(out, 5)).toBe('123\0U');
    expect(kernel.helper('snprintf')(0, 0, fmt, words(kernel, [123n, 456n]), 16)).toBe(8);
  });

  test.each([
    ['size no multiple of 8', 12],
    ['more than 12 arguments', 104],
  ])('%s is EINVAL', (_name, bytes) => {
    expect(kernel.helper('snprintf')(kernel.memory.alloc(16), 16, fmt, words(kernel, [1n, 2n]), bytes)).toBe(
      -22,
    );
  });

  /** As measured: arguments share 512 bytes. */
  test.each([
    ['%s|', 600, 1, 513],
    ['%s%s|', 600, 2, -28],
    ['%s%s|', 505, 2, 512],
    ['%s %d %d', 505, 3, -28],
  ])('%s of a string of %d bytes', (format, length, count, result) => {
    const text = DIRECT_MAP + BigInt(kernel.text('a'.repeat(length)));
    const out = kernel.memory.alloc(2048);
    const data = words(kernel, new Array<bigint>(count).fill(text));
    expect(kernel.helper('snprintf')(out, 2048, kernel.text(format), data, 8 * count)).toBe(result);
  });
});

describe('symbols', () => {
  test.each([
    ['%ps', 'vfs_read'],
    ['%pS', 'vfs_read+0x10/0x200'],
    ['%pB', 'vfs_read+0x10/0x200'],
  ])('%s', (format, text) => {
    const kernel = new TestKernel();
    const address = -0x7e00_0000;
    kernel.symbols.set(address, { name: 'vfs_read', offset: 0x10, size: 0x200 });
    kernel.symbols.set(address - 1, { name: 'vfs_read', offset: 0xf, size: 0x200 });
    const fmt = kernel.text(format);
    kernel.helper('trace_printk')(fmt, 4, address, -1, 0, 0, 0, 0);
    expect(kernel.traced).toEqual([text]);
  });

  test('a hashed pointer is stable and is not the pointer', () => {
    const kernel = new TestKernel();
    const fmt = kernel.text('%p');
    for (let i = 0; i < 2; i++) kernel.helper('trace_printk')(fmt, 3, 0x1234, 0xffff_8880 | 0, 0, 0, 0, 0);
    expect(kernel.traced[0]).toMatch(/^00000000[0-9a-f]{8}$/);
    expect(kernel.traced[0]).toBe(kernel.traced[1]);
    expect(kernel.traced[0]).not.toContain('1234');
  });
});

describe('trace_printk', () => {
  test('one line without its newline', () => {
    const kernel = new TestKernel();
    const fmt = kernel.text('pid %d\n');
    expect(kernel.helper('trace_printk')(fmt, 8, 5, 0, 0, 0, 0, 0)).toBe(6);
    expect(kernel.traced).toEqual(['pid 5']);
  });

  test('a format without NUL among its bytes is EINVAL', () => {
    const kernel = new TestKernel();
    expect(kernel.helper('trace_printk')(kernel.text('pid %d'), 6, 5, 0, 0, 0, 0, 0)).toBe(-22);
  });

  test('text is cut at 1023 bytes', () => {
    const kernel = new TestKernel();
    const fmt = kernel.text('%2000d');
    expect(kernel.helper('trace_printk')(fmt, 7, 5, 0, 0, 0, 0, 0)).toBe(2000);
    expect(kernel.traced[0]).toHaveLength(1023);
  });

  test('a huge width costs nothing', () => {
    const kernel = new TestKernel();
    const fmt = kernel.text('%999999999999d');
    expect(kernel.helper('trace_printk')(fmt, 15, 5, 0, 0, 0, 0, 0)).toBe((1 << 23) - 1);
  });
});
