import { hi32, lo32 } from '@probed/base';
import { addressOf } from '@probed/memory';
import { kfuncAbi, kfuncByName, SUPPORTED_KFUNCS } from '@probed/spec';
import type { KernelWalks } from '../kernel-walks';
import { TestKernel } from '../testing';
import { KFUNC_IMPLEMENTATIONS } from './registry';

const [EINVAL, E2BIG, ENOENT, EFAULT, ERANGE] = [-22, -7, -2, -14, -34];

test('what has a calling convention has an implementation, and is a kfunc of Linux', () => {
  expect([...KFUNC_IMPLEMENTATIONS.keys()].sort()).toEqual([...SUPPORTED_KFUNCS].sort());
  for (const name of SUPPORTED_KFUNCS) {
    expect([name, kfuncByName(name)?.name]).toEqual([name, name]);
    expect(kfuncAbi(name)!.args.every((slot) => ['ptr', 'w32', 'w64'].includes(slot))).toBe(true);
  }
});

describe('strings', () => {
  const kernel = new TestKernel();
  const words = (offset: number) => [lo32(addressOf(offset)), hi32(addressOf(offset))];
  const text = (value: string) => words(kernel.text(value));
  const user = [0x1000, 0];
  const unmapped = [0, 0xffff_ffff | 0];
  const call = (name: string, ...args: number[]) => kernel.kfunc(name)(...args);
  const A = 'a'.charCodeAt(0);
  const L = 'l'.charCodeAt(0);

  test.each([
    ['strcmp of equals', call('bpf_strcmp', ...text('abc'), ...text('abc')), 0],
    ['strcmp below', call('bpf_strcmp', ...text('abc'), ...text('abd')), -1],
    ['strcmp of a longer one', call('bpf_strcmp', ...text('abcd'), ...text('abc')), 1],
    ['strcmp of a user address', call('bpf_strcmp', ...user, ...text('a')), ERANGE],
    ['strcmp of unmapped memory', call('bpf_strcmp', ...text('a'), ...unmapped), EFAULT],
    ['strcmp sees case', call('bpf_strcmp', ...text('ABC'), ...text('abc')), -1],
    ['strcasecmp does not', call('bpf_strcasecmp', ...text('AbC'), ...text('aBc')), 0],
    ['strchr', call('bpf_strchr', ...text('hello'), L), 2],
    ['strchr of nothing', call('bpf_strchr', ...text('hello'), A), ENOENT],
    ['strchr of the NUL', call('bpf_strchr', ...text('hello'), 0), 5],
    ['strchrnul', call('bpf_strchrnul', ...text('hello'), A), 5],
    ['strnchr', call('bpf_strnchr', ...text('hello'), 2, 0, L), ENOENT],
    ['strnchr in reach', call('bpf_strnchr', ...text('hello'), 3, 0, L), 2],
    ['strrchr', call('bpf_strrchr', ...text('hello'), L), 3],
    ['strlen', call('bpf_strlen', ...text('hello')), 5],
    ['strnlen', call('bpf_strnlen', ...text('hello'), 3, 0), 3],
    ['strspn', call('bpf_strspn', ...text('aabbc'), ...text('ab')), 4],
    ['strcspn', call('bpf_strcspn', ...text('xyzab'), ...text('ab')), 3],
    ['strstr', call('bpf_strstr', ...text('the needle'), ...text('need')), 4],
    ['strstr of nothing', call('bpf_strstr', ...text('the needle'), ...text('needs')), ENOENT],
    ['strstr of the empty', call('bpf_strstr', ...text('abc'), ...text('')), 0],
    ['strnstr in reach', call('bpf_strnstr', ...text('the needle'), ...text('need'), 8, 0), 4],
    ['strnstr beyond', call('bpf_strnstr', ...text('the needle'), ...text('need'), 7, 0), ENOENT],
  ])('%s', (_what, result, expected) => {
    expect(result).toBe(expected);
  });
});

describe('iterators', () => {
  function collect(kernel: TestKernel, name: string, at: number): number[] {
    const items: number[] = [];
    for (let item = kernel.kfunc(`${name}_next`)(at); item !== 0; item = kernel.kfunc(`${name}_next`)(at))
      items.push(item);
    kernel.kfunc(`${name}_destroy`)(at);
    return items;
  }

  test.each([
    [2, 5, 0, [2, 3, 4]],
    [3, 3, 0, []],
    [-2, 1, 0, [-2, -1, 0]],
    [5, 2, EINVAL, []],
    [0, 9_000_000, E2BIG, []],
  ])('numbers from %d to %d', (start, end, made, numbers) => {
    const kernel = new TestKernel();
    const at = kernel.memory.alloc(8);
    expect(kernel.kfunc('bpf_iter_num_new')(at, start, end)).toBe(made);
    const seen: number[] = [];
    while (kernel.kfunc('bpf_iter_num_next')(at) !== 0) seen.push(kernel.memory.view.getInt32(at, true));
    expect(seen).toEqual(numbers);
  });

  test('a walk uses up the budget of the run', () => {
    const kernel = new TestKernel();
    const at = kernel.memory.alloc(8);
    kernel.kfunc('bpf_iter_num_new')(at, 0, 5000);
    expect(() => collect(kernel, 'bpf_iter_num', at)).toThrow(/budget/);
  });

  test('bits', () => {
    const kernel = new TestKernel();
    const [at, bits] = [kernel.memory.alloc(16), kernel.memory.alloc(16)];
    kernel.memory.view.setBigUint64(bits, 0x8000_0000_0000_0005n, true);
    kernel.memory.u8[bits + 8] = 1;
    const address = [lo32(addressOf(bits)), hi32(addressOf(bits))];
    expect(kernel.kfunc('bpf_iter_bits_new')(at, ...address, 2)).toBe(0);
    const seen: number[] = [];
    for (
      let next = kernel.kfunc('bpf_iter_bits_next')(at);
      next;
      next = kernel.kfunc('bpf_iter_bits_next')(at)
    )
      seen.push(kernel.memory.view.getInt32(next, true));
    expect(seen).toEqual([0, 2, 63, 64]);
    expect(kernel.kfunc('bpf_iter_bits_new')(at, 0, 0, 2)).toBe(EINVAL);
    expect(kernel.kfunc('bpf_iter_bits_new')(at, ...address, 512)).toBe(E2BIG);
    expect(kernel.kfunc('bpf_iter_bits_new')(at, 0x1000, 0, 1)).toBe(EFAULT);
    expect(kernel.kfunc('bpf_iter_bits_next')(at)).toBe(0);
  });

  test('tasks, cgroups', () => {
    const kernel = new TestKernel();
    kernel.walks = {
      tasks: (what) => (what === 'threads' ? [10, 20, 30] : [10, 20]),
      threadsOf: (task) => [task, 7],
      cgroups: (cgroup, order) => [cgroup, order === 'ancestors-up' ? 1 : 2],
    } as Partial<KernelWalks> as KernelWalks;
    const at = kernel.memory.alloc(24);
    const begin = (name: string, object: number, flags: number) =>
      kernel.kfunc(`${name}_new`)(at, object, flags);
    expect([begin('bpf_iter_task', 0, 0), collect(kernel, 'bpf_iter_task', at)]).toEqual([0, [10, 20]]);
    expect([begin('bpf_iter_task', 0, 1), collect(kernel, 'bpf_iter_task', at)]).toEqual([0, [10, 20, 30]]);
    expect([begin('bpf_iter_task', 9, 2), collect(kernel, 'bpf_iter_task', at)]).toEqual([0, [9, 7]]);
    expect([begin('bpf_iter_task', 0, 2), collect(kernel, 'bpf_iter_task', at)]).toEqual([EINVAL, []]);
    expect([begin('bpf_iter_css', 5, 4), collect(kernel, 'bpf_iter_css', at)]).toEqual([0, [5, 1]]);
    expect([begin('bpf_iter_css', 5, 1), collect(kernel, 'bpf_iter_css', at)]).toEqual([EINVAL, []]);
  });
});

describe('dynptrs', () => {
  function dynptr(size = 10) {
    const kernel = new TestKernel();
    const data = kernel.text('0123456789');
    const at = kernel.memory.alloc(16);
    kernel.helper('dynptr_from_mem')(data, size, 0, 0, at);
    return { kernel, data, at };
  }

  test('adjust narrows, size and slices follow', () => {
    const { kernel, data, at } = dynptr();
    expect(kernel.kfunc('bpf_dynptr_adjust')(at, 2, 8)).toBe(0);
    expect(kernel.kfunc('bpf_dynptr_size')(at)).toBe(6);
    expect(kernel.kfunc('bpf_dynptr_slice')(at, 1, 0, 5)).toBe(data + 3);
    expect(kernel.kfunc('bpf_dynptr_slice')(at, 1, 0, 6)).toBe(0);
    expect(kernel.kfunc('bpf_dynptr_adjust')(at, 3, 7)).toBe(ERANGE);
    expect(kernel.kfunc('bpf_dynptr_adjust')(at, 3, 2)).toBe(EINVAL);
  });

  test('clone, copy, memset', () => {
    const { kernel, data, at } = dynptr();
    const copy = kernel.memory.alloc(16);
    expect(kernel.kfunc('bpf_dynptr_clone')(at, copy)).toBe(0);
    expect(kernel.kfunc('bpf_dynptr_adjust')(copy, 5, 10)).toBe(0);
    expect(kernel.kfunc('bpf_dynptr_copy')(at, 0, copy, 1, 3)).toBe(0);
    expect(kernel.latin1(data, 10)).toBe('6783456789');
    expect(kernel.kfunc('bpf_dynptr_copy')(at, 8, copy, 1, 3)).toBe(E2BIG);
    expect(kernel.kfunc('bpf_dynptr_memset')(copy, 3, 2, 0x78)).toBe(0);
    expect(kernel.latin1(data, 10)).toBe('67834567xx');
    expect(kernel.kfunc('bpf_dynptr_memset')(copy, 4, 2, 0)).toBe(E2BIG);
  });

  test('null is null everywhere', () => {
    const { kernel, at } = dynptr(0x100_0000);
    const call = (name: string, ...args: number[]) => kernel.kfunc(`bpf_dynptr_${name}`)(at, ...args);
    expect([call('is_null'), call('is_rdonly'), call('size'), call('adjust', 0, 0)]).toEqual([
      1,
      0,
      EINVAL,
      EINVAL,
    ]);
    expect([call('slice', 0, 0, 0), call('memset', 0, 0, 0), call('clone', at)]).toEqual([0, EINVAL, EINVAL]);
  });

  test('probe reads clear what they can not fill', () => {
    const { kernel, data, at } = dynptr();
    const from = kernel.text('ab');
    const [lo, hi] = [lo32(addressOf(from)), hi32(addressOf(from))];
    expect(kernel.kfunc('bpf_probe_read_kernel_dynptr')(at, 1, 2, lo, hi)).toBe(0);
    expect(kernel.latin1(data, 4)).toBe('0ab3');
    expect(kernel.kfunc('bpf_probe_read_kernel_dynptr')(at, 1, 2, 0, 0)).toBe(ERANGE);
    expect(kernel.latin1(data, 4)).toBe('0\0\0' + '3');
    expect(kernel.kfunc('bpf_probe_read_kernel_dynptr')(at, 9, 2, lo, hi)).toBe(E2BIG);
  });
});
