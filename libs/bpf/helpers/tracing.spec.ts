import { TestKernel } from './testing';

function traced() {
  const kernel = new TestKernel();
  const ctx = kernel.memory.alloc(64);
  const value = kernel.memory.alloc(8);
  for (let i = 0; i < 4; i++) kernel.memory.view.setBigUint64(ctx + 8 * i, BigInt(100 + i), true);
  const word = () => kernel.memory.view.getBigUint64(value, true);
  kernel.runInfo = { cookie: 2 ** 33 + 1, functionIp: -0x7e00_0000, samplePeriod: 0, argCount: 3 };
  return { kernel, ctx, value, word };
}

test('address and cookie of the attachment', () => {
  const { kernel } = traced();
  expect(kernel.wide('get_func_ip', 0)).toBe(0xffff_ffff_8200_0000n);
  expect(kernel.wide('get_attach_cookie', 0)).toBe((1n << 33n) + 1n);
});

test('arguments and return value', () => {
  const { kernel, ctx, value, word } = traced();
  expect(kernel.helper('get_func_arg_cnt')(ctx)).toBe(3);
  expect(kernel.helper('get_func_arg')(ctx, 2, value)).toBe(0);
  expect(word()).toBe(102n);
  expect(kernel.helper('get_func_arg')(ctx, 3, value)).toBe(-22);
  expect(kernel.helper('get_func_arg')(ctx, -1, value)).toBe(-22);
  expect(kernel.helper('get_func_ret')(ctx, value)).toBe(0);
  expect(word()).toBe(103n);
});

test('override_return hands over a word', () => {
  const { kernel } = traced();
  const values: number[] = [];
  kernel.runInfo = { ...kernel.runInfo, overrideReturn: (value) => void values.push(value) };
  expect(kernel.helper('override_return')(0, -13, -1)).toBe(0);
  expect(values).toEqual([-13]);
});

test('d_path', () => {
  const { kernel } = traced();
  const buf = kernel.memory.alloc(32);
  const dPath = kernel.helper('d_path');
  expect(dPath(0x4_0000, buf, 32)).toBe(13);
  expect(kernel.latin1(buf, 13)).toBe('/etc/p\xc3\xa4sswd\0');
  expect(dPath(0x4_0000, buf, 13)).toBe(13);
  expect(dPath(0x4_0000, buf, 12)).toBe(-36);
  expect(dPath(0x4_0000, buf, 0)).toBe(0);
  expect(dPath(0x5_0000, buf, 32)).toBe(-22);
});
