import { TestKernel, USER_PAGE } from './testing';

const HI = 0xffff_8880 | 0;
const EFAULT = -14;
const ERANGE = -34;

function setup() {
  const kernel = new TestKernel();
  const dst = kernel.memory.alloc(32);
  const fill = () => kernel.memory.u8.fill(0x55, dst, dst + 32);
  fill();
  return { kernel, dst };
}

describe('kernel memory', () => {
  test.each([1, 2, 4, 7, 8, 16])('copies %d bytes', (bytes) => {
    const { kernel, dst } = setup();
    const src = kernel.text('0123456789abcdef');
    expect(kernel.helper('probe_read_kernel')(dst, bytes, src, HI)).toBe(0);
    expect(kernel.latin1(dst, bytes + 1)).toBe(`${'0123456789abcdef'.slice(0, bytes)}U`);
  });

  /** Errors as a 6.18 kernel gives them. */
  test.each([
    ['NULL', 0, 0, ERANGE],
    ['a user address', 0x1000, 0, ERANGE],
    ['the last user page', 0xffff_f000, 0x7fff, ERANGE],
    ['a non-canonical address', 0, 0x8000_0000, ERANGE],
    ['the vsyscall page', 0xff60_0000, -1, ERANGE],
    ['the hole below the direct map', 0, 0xffff_8000, EFAULT],
    ['behind the direct map', 0xffff_ff00, 0xffff_888f, EFAULT],
    ['beyond memory', 0x7fff_0000, 0xffff_8880, EFAULT],
  ])('%s fails and clears the buffer', (_name, lo, hi, errno) => {
    const { kernel, dst } = setup();
    expect(kernel.helper('probe_read_kernel')(dst, 8, lo | 0, hi | 0)).toBe(errno);
    expect(kernel.bytes(dst, 9)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0x55]);
    expect(kernel.helper('probe_read_kernel_str')(dst, 8, lo | 0, hi | 0)).toBe(errno);
  });

  test('nothing of NULL is still refused, an empty string is not', () => {
    const { kernel, dst } = setup();
    expect(kernel.helper('probe_read_kernel')(dst, 0, 0, 0)).toBe(ERANGE);
    expect(kernel.helper('probe_read_kernel_str')(dst, 0, 0, 0)).toBe(0);
  });

  test('a string ends with NUL, leaves what follows, tells its bytes', () => {
    const { kernel, dst } = setup();
    const src = kernel.text('hi');
    expect(kernel.helper('probe_read_kernel_str')(dst, 16, src, HI)).toBe(3);
    expect(kernel.latin1(dst, 4)).toBe('hi\0U');
    expect(kernel.helper('probe_read_kernel_str')(dst, 2, src, HI)).toBe(2);
    expect(kernel.latin1(dst, 2)).toBe('h\0');
  });
});

describe('user memory', () => {
  test('copies, or clears on a fault', () => {
    const { kernel, dst } = setup();
    kernel.user.set([1, 2, 3, 4], 10);
    expect(kernel.helper('probe_read_user')(dst, 4, USER_PAGE + 10, 0)).toBe(0);
    expect(kernel.bytes(dst, 5)).toEqual([1, 2, 3, 4, 0x55]);
    expect(kernel.helper('probe_read_user')(dst, 4, USER_PAGE + 4094, 0)).toBe(EFAULT);
    expect(kernel.bytes(dst, 5)).toEqual([0, 0, 0, 0, 0x55]);
    expect(kernel.helper('probe_read_user')(dst, 4, 0x1000, HI)).toBe(EFAULT);
    expect(kernel.helper('probe_read_user')(dst, 0, 8, 0)).toBe(0);
    expect(kernel.helper('copy_from_user')(dst, 4, USER_PAGE + 4096, 0)).toBe(EFAULT);
  });

  test('a string of user space clears the rest of its last word', () => {
    const { kernel, dst } = setup();
    kernel.user.set([...'/bin/sh'].map((c) => c.charCodeAt(0)));
    kernel.user.set(
      [...'0123456789'].map((c) => c.charCodeAt(0)),
      100,
    );
    expect(kernel.helper('probe_read_user_str')(dst, 32, USER_PAGE, 0)).toBe(8);
    expect(kernel.latin1(dst, 9)).toBe('/bin/sh\0U');
    expect(kernel.helper('probe_read_user_str')(dst, 32, USER_PAGE + 100, 0)).toBe(11);
    expect(kernel.latin1(dst, 17)).toBe('0123456789\0\0\0\0\0\0U');
  });

  test('without room for a whole word only the string is written', () => {
    const { kernel, dst } = setup();
    kernel.user.set([...'abc'].map((c) => c.charCodeAt(0)));
    expect(kernel.helper('probe_read_user_str')(dst, 6, USER_PAGE, 0)).toBe(4);
    expect(kernel.latin1(dst, 6)).toBe('abc\0UU');
  });

  test('a string that is longer than the buffer is cut', () => {
    const { kernel, dst } = setup();
    kernel.user.fill(0x61);
    expect(kernel.helper('probe_read_user_str')(dst, 8, USER_PAGE, 0)).toBe(8);
    expect(kernel.latin1(dst, 9)).toBe('aaaaaaa\0U');
  });

  test('a string may end where its page ends, and faults when it does not', () => {
    const { kernel, dst } = setup();
    kernel.user.set([0x78, 0x79, 0], 4093);
    expect(kernel.helper('probe_read_user_str')(dst, 32, USER_PAGE + 4093, 0)).toBe(3);
    kernel.user[4095] = 0x7a;
    expect(kernel.helper('probe_read_user_str')(dst, 32, USER_PAGE + 4093, 0)).toBe(EFAULT);
    expect(kernel.bytes(dst, 32)).toEqual(new Array(32).fill(0));
  });

  test('a string of 300 bytes comes in pieces', () => {
    const { kernel } = setup();
    const dst = kernel.memory.alloc(512);
    kernel.user.fill(0x61, 0, 300);
    expect(kernel.helper('probe_read_user_str')(dst, 512, USER_PAGE, 0)).toBe(301);
    expect(kernel.latin1(dst, 301)).toBe(`${'a'.repeat(300)}\0`);
  });
});

test('probe_read and probe_read_str take either kind of address', () => {
  const { kernel, dst } = setup();
  kernel.user.set([0x75, 0]);
  const src = kernel.text('k');
  expect(kernel.helper('probe_read')(dst, 1, USER_PAGE, 0)).toBe(0);
  expect(kernel.latin1(dst, 1)).toBe('u');
  expect(kernel.helper('probe_read_str')(dst, 8, src, HI)).toBe(2);
  expect(kernel.latin1(dst, 2)).toBe('k\0');
  expect(kernel.helper('probe_read')(dst, 8, 0x1000, 0)).toBe(EFAULT);
});

test('probe_write_user', () => {
  const { kernel } = setup();
  const src = kernel.text('new');
  expect(kernel.helper('probe_write_user')(USER_PAGE + 4, 0, src, 3)).toBe(0);
  expect([...kernel.user.subarray(4, 7)]).toEqual([0x6e, 0x65, 0x77]);
  expect(kernel.helper('probe_write_user')(USER_PAGE + 4095, 0, src, 3)).toBe(EFAULT);
  kernel.now = { ...kernel.now, withoutUser: true };
  expect(kernel.helper('probe_write_user')(USER_PAGE, 0, src, 3)).toBe(-1);
});

test('copy_from_user_task of the current task and of another', () => {
  const { kernel, dst } = setup();
  kernel.user.set([9]);
  const copy = kernel.helper('copy_from_user_task');
  expect(copy(dst, 1, USER_PAGE, 0, kernel.now.taskOffset, 0, 0)).toBe(0);
  expect(kernel.bytes(dst, 1)).toEqual([9]);
  expect(copy(dst, 1, USER_PAGE, 0, 0x9000, 0, 0)).toBe(EFAULT);
  expect(copy(dst, 1, USER_PAGE, 0, kernel.now.taskOffset, 1, 0)).toBe(-22);
});
