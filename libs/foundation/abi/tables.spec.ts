import {
  AF,
  BPF_ATTACH_TYPE,
  BPF_CMD,
  BPF_FUNC,
  BPF_MAP_TYPE,
  BPF_PROG_TYPE,
  CAP,
  CLONE,
  ERRNO,
  errnoName,
  O,
  PERF_COUNT_SW,
  SIGNAL,
  SOFTIRQ,
  SYSCALLS,
  signalName,
  strerror,
  syscallByName,
  syscallByNumber,
  TCP_STATE,
} from './index';

/** Values of an enum-like table must be 0..n (or from..n) without a gap; aliases are allowed where named. */
describe.each([
  ['BPF_MAP_TYPE', BPF_MAP_TYPE, 0, 33, ['CGROUP_STORAGE_DEPRECATED', 'PERCPU_CGROUP_STORAGE_DEPRECATED']],
  ['BPF_PROG_TYPE', BPF_PROG_TYPE, 0, 32, []],
  ['BPF_ATTACH_TYPE', BPF_ATTACH_TYPE, 0, 57, []],
  ['BPF_CMD', BPF_CMD, 0, 37, ['PROG_RUN']],
  ['BPF_FUNC', BPF_FUNC, 0, 211, []],
  ['TCP_STATE', TCP_STATE, 1, 13, []],
  ['PERF_COUNT_SW', PERF_COUNT_SW, 0, 11, []],
  ['SOFTIRQ', SOFTIRQ, 0, 9, []],
  ['SIGNAL', SIGNAL, 1, 31, []],
  ['CAP', CAP, 0, 40, []],
])('%s', (_name, table: Record<string, number>, first, last, aliases) => {
  test('has every value once', () => {
    const values = Object.entries(table)
      .filter(([key]) => !(aliases as string[]).includes(key))
      .map(([, value]) => value)
      .sort((a, b) => a - b);
    expect(values).toEqual(Array.from({ length: last - first + 1 }, (_, i) => first + i));
  });
});

describe('errno', () => {
  test('covers 1..133 but for the two numbers that Linux never gave out', () => {
    const missing = Array.from({ length: 133 }, (_, i) => i + 1).filter((n) => errnoName(n) === undefined);
    expect(missing).toEqual([41, 58]);
    expect(new Set(Object.values(ERRNO)).size).toBe(Object.keys(ERRNO).length - 3);
  });

  test.each([
    [2, 'ENOENT', 'No such file or directory'],
    [-22, 'EINVAL', 'Invalid argument'],
    [11, 'EAGAIN', 'Resource temporarily unavailable'],
    [95, 'EOPNOTSUPP', 'Operation not supported'],
    [524, 'ENOTSUPP', 'Unknown error 524'],
  ])('%d is %s', (number, name, message) => {
    expect(errnoName(number)).toBe(name);
    expect(strerror(number)).toBe(message);
  });
});

describe('signals', () => {
  test.each([
    [9, 'SIGKILL'],
    [32, 'SIGRTMIN'],
    [64, 'SIGRTMIN+32'],
    [0, undefined],
    [65, undefined],
  ])('%d is %s', (number, name) => expect(signalName(number)).toBe(name));
});

describe('system calls', () => {
  test('have every number of the table once, in order', () => {
    const numbers = SYSCALLS.map((row) => row.number);
    const expected = [...Array(337).keys(), ...Array.from({ length: 469 - 424 + 1 }, (_, i) => 424 + i)];
    expect(numbers).toEqual(expected);
  });

  test('have unique names, and unique SYSCALL_DEFINE names where implemented', () => {
    const defines = SYSCALLS.flatMap((row) => row.define ?? []);
    expect(new Set(SYSCALLS.map((row) => row.name)).size).toBe(SYSCALLS.length);
    expect(new Set(defines).size).toBe(defines.length);
  });

  test('take at most six named and typed parameters', () => {
    for (const { args, name } of SYSCALLS) {
      expect([name, args.length <= 6]).toEqual([name, true]);
      for (const arg of args)
        expect([name, arg.name, arg.type]).toEqual([
          name,
          expect.stringMatching(/^\w+$/),
          expect.stringMatching(/./),
        ]);
    }
  });

  test.each([
    ['stat', 4, 'newstat'],
    ['uname', 63, 'newuname'],
    ['sendfile', 40, 'sendfile64'],
    ['umount2', 166, 'umount'],
    ['openat', 257, 'openat'],
    ['uselib', 134, undefined],
    ['file_setattr', 469, 'file_setattr'],
  ])('%s', (name, number, define) => {
    expect(syscallByName(name)?.number).toBe(number);
    expect(syscallByNumber(number)?.define).toBe(define);
    if (define) expect(syscallByName(define)?.number).toBe(number);
  });

  test('openat has the parameters of SYSCALL_DEFINE4', () => {
    expect(syscallByName('openat')?.args).toEqual([
      { name: 'dfd', type: 'int' },
      { name: 'filename', type: 'const char *' },
      { name: 'flags', type: 'int' },
      { name: 'mode', type: 'umode_t' },
    ]);
  });
});

test.each([
  [O.CREAT, 0o100],
  [O.LARGEFILE, 0o100000],
  [O.CLOEXEC, 0o2000000],
  [CLONE.NEWNS, 0x20000],
  [AF.INET6, 10],
])('constant %#', (value, expected) => expect(value).toBe(expected));
