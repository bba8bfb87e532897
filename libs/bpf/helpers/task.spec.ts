import { TestKernel } from './testing';

describe('identity', () => {
  const kernel = new TestKernel();
  test.each([
    ['get_current_pid_tgid', (5n << 32n) | 7n],
    ['get_current_uid_gid', (100n << 32n) | 1000n],
    ['get_current_task', 0xffff_8880_0002_0000n],
    ['get_current_cgroup_id', 42n],
    ['get_prandom_u32', 0xdead_beefn],
    ['get_cgroup_classid', 0n],
  ])('%s', (name, result) => {
    expect(kernel.wide(name)).toBe(result);
  });

  test('get_current_task_btf and task_pt_regs are offsets', () => {
    expect(kernel.helper('get_current_task_btf')()).toBe(0x2_0000);
    expect(kernel.helper('task_pt_regs')(0x2_0000)).toBe(0x3_0000);
    expect(kernel.helper('task_pt_regs')(0x5_0000)).toBe(0);
  });

  test.each([
    [0, 1n],
    [1, 2n],
    [2, 0n],
    [-1, 0n],
  ])('get_current_ancestor_cgroup_id(%d)', (level, id) => {
    expect(kernel.wide('get_current_ancestor_cgroup_id', level)).toBe(id);
  });
});

describe('get_current_comm', () => {
  test.each([
    ['bash', 16, 'bash\0\0\0\0\0\0\0\0\0\0\0\0'],
    ['bash', 5, 'bash\0'],
    ['bash', 4, 'bas\0'],
    ['bash', 1, '\0'],
    ['kworker/u8:1-ev', 16, 'kworker/u8:1-ev\0'],
    ['wörk', 8, 'w\xc3\xb6rk\0\0\0'],
    ['', 4, '\0\0\0\0'],
  ])('%s into %d bytes', (comm, size, text) => {
    const kernel = new TestKernel();
    kernel.now = { ...kernel.now, comm };
    const buf = kernel.memory.alloc(32);
    kernel.memory.u8.fill(0x55, buf, buf + 32);
    expect(kernel.helper('get_current_comm')(buf, size)).toBe(0);
    expect(kernel.latin1(buf, size + 1)).toBe(`${text}U`);
  });
});

describe('get_ns_current_pid_tgid', () => {
  test.each([
    ['the task is in it', 4, 4_026_531_836, 8, 0, [2, 1]],
    ['another namespace', 4, 4_026_531_837, 8, -22, [0, 0]],
    ['a wrong size', 4, 4_026_531_836, 4, -22, [0, 0x5555_5555]],
  ])('%s', (_name, device, inode, size, result, ids) => {
    const kernel = new TestKernel();
    const buf = kernel.memory.alloc(16);
    kernel.memory.u8.fill(0x55, buf, buf + 16);
    expect(kernel.helper('get_ns_current_pid_tgid')(device, 0, inode, 0, buf, size)).toBe(result);
    expect([kernel.memory.view.getUint32(buf, true), kernel.memory.view.getUint32(buf + 4, true)]).toEqual(
      ids,
    );
  });
});

describe('send_signal', () => {
  test('to the group, to the thread', () => {
    const kernel = new TestKernel();
    expect(kernel.helper('send_signal')(9)).toBe(0);
    expect(kernel.helper('send_signal_thread')(10)).toBe(0);
    expect(kernel.signals).toEqual([
      [9, true],
      [10, false],
    ]);
  });

  test('refusals', () => {
    const kernel = new TestKernel();
    expect(kernel.helper('send_signal')(65)).toBe(-22);
    expect(kernel.helper('send_signal')(-1)).toBe(-22);
    kernel.now = { ...kernel.now, tgid: 1 };
    expect(kernel.helper('send_signal')(9)).toBe(-1);
    kernel.now = { ...kernel.now, tgid: 2, withoutUser: true };
    expect(kernel.helper('send_signal')(9)).toBe(-1);
    expect(kernel.signals).toEqual([]);
  });
});
