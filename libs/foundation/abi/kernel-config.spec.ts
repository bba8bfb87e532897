import { KernelConfig } from './index';

const TEXT = [
  '# Linux/x86 6.18.0 Kernel Configuration',
  'CONFIG_BPF=y',
  'CONFIG_DUMMY=m',
  'CONFIG_HZ=250',
  'CONFIG_PHYSICAL_START=0x1000000',
  'CONFIG_ILLEGAL_POINTER_VALUE=0xdead000000000000',
  'CONFIG_DEFAULT_HOSTNAME="(none) \\"x\\""',
  '# CONFIG_KPROBES is not set',
].join('\n');

test.each([
  ['CONFIG_BPF', 'y'],
  ['CONFIG_DUMMY', 'm'],
  ['CONFIG_HZ', 250],
  ['CONFIG_PHYSICAL_START', 0x1000000],
  ['CONFIG_ILLEGAL_POINTER_VALUE', '0xdead000000000000'],
  ['CONFIG_DEFAULT_HOSTNAME', '(none) "x"'],
  ['CONFIG_KPROBES', undefined],
])('%s', (name, value) => expect(new KernelConfig(TEXT).get(name)).toBe(value));

test('changes leave the original alone', () => {
  const config = new KernelConfig(TEXT);
  const changed = config.with({ CONFIG_KPROBES: 'y', CONFIG_BPF: 'n' });
  expect([changed.get('CONFIG_KPROBES'), changed.get('CONFIG_BPF'), changed.get('CONFIG_HZ')]).toEqual([
    'y',
    undefined,
    250,
  ]);
  expect([config.get('CONFIG_KPROBES'), config.get('CONFIG_BPF')]).toEqual([undefined, 'y']);
});
