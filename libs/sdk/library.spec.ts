import { readFileSync } from 'node:fs';
import { Collection, CollectionSpec, exampleObject, htons, inetAddr, Machine, ProbedError } from './index';

const ENOENT = -2;

describe('opensnoop, by its system calls', () => {
  const open = (options: Parameters<Machine['load']>[1] = {}) => {
    const machine = new Machine();
    const coll = machine.load(exampleObject('opensnoop'), options);
    coll.attachAll();
    return { machine, coll };
  };

  test('a file that is opened', () => {
    const { machine, coll } = open();
    const task = machine.task({ pid: 4242, uid: 1000, comm: 'cat' });
    machine.syscall('openat', {
      task,
      args: { dfd: -100, filename: '/etc/passwd', flags: 0o100000 },
      ret: 3,
      during: () => machine.advance('250us'),
    });
    expect(coll.perfbuf('events').drain()).toMatchObject([
      {
        event: 'event',
        value: {
          pid: 4242,
          uid: 1000,
          ret: 3,
          flags: 0o100000,
          comm: 'cat',
          fname: '/etc/passwd',
          latency_ns: 250_000n,
        },
        cpu: 0,
        program: 'exit_openat',
        hook: 'tracepoint:syscalls:sys_exit_openat',
        task: { pid: 4242, comm: 'cat' },
      },
    ]);
    expect(coll.map('starts').size).toBe(0);
  });

  test('only failures, of one process', () => {
    const { machine, coll } = open({ rodata: { only_failed: true, target_pid: 7 } });
    for (const [pid, ret] of [
      [7, 3],
      [7, ENOENT],
      [8, ENOENT],
    ]) {
      machine.syscall('openat', { task: { pid }, args: { filename: `/tmp/${pid}` }, ret });
    }
    expect(coll.perfbuf('events').values()).toMatchObject([{ pid: 7, ret: ENOENT, fname: '/tmp/7' }]);
  });

  test('the two tracepoints by hand, and what lies in the map between them', () => {
    const { machine, coll } = open();
    machine.as({ pid: 99 }, () => {
      machine.fire('tracepoint:syscalls:sys_enter_openat', { filename: '/a', flags: 1 });
      expect([...coll.map('starts').entries()]).toEqual([
        [99, { ts: machine.now, fname: expect.any(BigInt), flags: 1 }],
      ]);
      machine.fire('tracepoint:syscalls:sys_exit_openat', { ret: -13 });
    });
    expect(coll.perfbuf('events').values()).toMatchObject([{ ret: -13, fname: '/a' }]);
  });
});

describe('execaudit', () => {
  test('an exec, its parent, its cgroup', () => {
    const machine = new Machine();
    const coll = Collection.load(readFileSync(exampleObject('execaudit')), { machine });
    coll.program('on_exec').attach();
    const shell = machine.task({ pid: 100, comm: 'bash' });
    const task = machine.task({ pid: 101, parent: shell, uid: 33, comm: 'id', cgroup: '/kubepods/web' });
    machine.fire(
      'tracepoint:sched:sched_process_exec',
      { filename: '/usr/bin/id', pid: 101, old_pid: 101 },
      { task },
    );
    expect(coll.ringbuf('events').values()).toMatchObject([
      {
        kind: 'EXEC_DONE',
        pid: 101,
        ppid: 100,
        uid: 33,
        comm: 'id',
        filename: '/usr/bin/id',
        cgroup_id: task.cgroupId,
      },
    ]);
  });

  test('argv of execve out of user memory', () => {
    const machine = new Machine();
    const coll = machine.load(exampleObject('execaudit'));
    coll.attachAll();
    machine.syscall('execve', { args: { filename: '/bin/ls', argv: ['ls', '-l', '/tmp'], envp: [] } });
    expect(coll.ringbuf('events').values()).toMatchObject([
      { kind: 'EXEC_ATTEMPT', filename: '/bin/ls', argc: 3, argv: 'ls -l /tmp' },
    ]);
  });

  test('an emulated program that really runs', () => {
    const machine = new Machine();
    const coll = machine.load(exampleObject('execaudit'));
    coll.attachAll();
    machine.launch({ path: '/usr/bin/true', uid: 1000 });
    machine.advance('50ms');
    expect(coll.ringbuf('events').values()).toContainEqual(
      expect.objectContaining({ kind: 'EXEC_DONE', filename: '/usr/bin/true', uid: 1000 }),
    );
  });
});

describe('tcpconnect', () => {
  test('reads a hand-made struct sock', () => {
    const machine = new Machine();
    const coll = machine.load(exampleObject('tcpconnect'));
    coll.attachAll();
    const sk = machine.struct('sock', {
      __sk_common: {
        skc_family: 2,
        skc_rcv_saddr: '10.0.0.5',
        skc_daddr: '93.184.216.34',
        skc_dport: htons(443),
        skc_num: 51_000,
      },
    });
    const fired = machine.call('tcp_v4_connect', {
      args: { sk },
      ret: -115,
      task: { pid: 55, comm: 'curl' },
    });
    expect(fired.runs.map(({ program }) => program)).toEqual(['enter_tcp_connect', 'exit_tcp_connect']);
    expect(coll.ringbuf('events').values()).toMatchObject([
      {
        pid: 55,
        comm: 'curl',
        saddr: inetAddr('10.0.0.5'),
        daddr: inetAddr('93.184.216.34'),
        sport: 51_000,
        dport: 443,
        ret: -115,
      },
    ]);
    expect(sk.read().__sk_common.skc_dport).toBe(htons(443));
  });
});

describe('syscount', () => {
  test('counts per CPU, and a total that can be set', () => {
    const machine = new Machine({ cpus: 2 });
    const spec = CollectionSpec.parse(exampleObject('syscount'));
    expect(spec.rodata.target_pid).toBe(0);
    spec.maps.counts.maxEntries = 16;
    const coll = machine.load(spec);
    coll.attachAll();
    for (const cpu of [0, 1, 1]) machine.syscall('getpid', { cpu });
    const counts = coll.map<number, bigint[]>('counts');
    expect(counts.get(39)).toEqual([1n, 2n]);
    expect(counts.sum(39)).toBe(3n);
    expect(counts.maxEntries).toBe(16);
    expect(coll.variables.total).toBe(3n);
    coll.variables.total = 10;
    machine.syscall('getpid');
    expect(coll.variables.total).toBe(11n);
    expect(() => {
      coll.variables.target_pid = 5;
    }).toThrow(/EPERM/);
    counts.set(1, [5n, 6n]).set(2, 7n);
    expect([...counts].sort(([a], [b]) => a - b)).toEqual([
      [1, [5n, 6n]],
      [2, [7n, 7n]],
      [39, [2n, 2n]],
    ]);
    expect(counts.delete(1)).toBe(true);
    expect(counts.delete(1)).toBe(false);
    counts.clear();
    expect(counts.size).toBe(0);
  });
});

describe('faults are thrown with what to do next', () => {
  const machine = new Machine();
  const coll = machine.load(exampleObject('execaudit'));
  const caught = (work: () => unknown): ProbedError => {
    try {
      work();
    } catch (error) {
      if (error instanceof ProbedError) return error;
      throw error;
    }
    throw new Error('nothing was thrown');
  };

  test.each<[string, () => unknown, Partial<ProbedError>]>([
    [
      'a hook that is not there',
      () => machine.fire('tracepoint:sched:sched_process_exek'),
      { code: 'no-such-hook', errno: 2 },
    ],
    [
      'a kind that is not there',
      () => machine.fire('kprobes:vfs_read'),
      { code: 'bad-hook-name', errno: 22 },
    ],
    [
      'a function that is not there',
      () => machine.kprobe('vfs_raed'),
      { code: 'no-such-hook', errnoName: 'ENOENT' },
    ],
    [
      'a field that is not there',
      () => machine.fire('tracepoint:sched:sched_process_exec', { file: 'x' }),
      { code: 'hook-argument' },
    ],
    [
      'an argument that is not there',
      () => machine.kprobe('vfs_read', { args: { fiel: 1 } }),
      { code: 'hook-argument' },
    ],
    ['a member that is not there', () => machine.struct('file', { f_paht: {} }), { code: 'kernel-object' }],
    ['a type that is not there', () => machine.struct('fiel'), { code: 'no-such-type' }],
    ['a program that is not there', () => coll.program('on_exce'), { code: 'no-such-name' }],
    ['a map that is not there', () => coll.map('event'), { code: 'no-such-name' }],
    ['a variable that is not there', () => coll.variables.target_id, { code: 'no-such-name' }],
    ['another kind of map', () => coll.perfbuf('events'), { code: 'map-type' }],
    ['a CPU that is not there', () => machine.kprobe('vfs_read', { cpu: 4 }), { code: 'no-such-cpu' }],
    ['no object', () => machine.load(new Uint8Array(8)), { code: 'elf-bad-magic' }],
    [
      'what holds no object',
      () => machine.load({} as Uint8Array),
      { code: 'no-object', errnoName: 'EINVAL' },
    ],
    ['a directory', () => machine.load(__dirname), { code: 'no-such-file', errnoName: 'EISDIR' }],
    [
      'an option for a map that is not there',
      () => machine.load(exampleObject('execaudit'), { maps: { event: {} } }),
      { code: 'no-such-name' },
    ],
    ['a run of nothing', () => machine.run({} as { scenario: string }), { code: 'no-such-name' }],
    ['a run without end', () => machine.run({ scenario: 'demo', for: 'x' }), { code: 'duration' }],
    ['chance that is no number', () => new Machine({ seed: 'x' as unknown as number }), { code: 'machine' }],
  ])('%s', (_name, work, expected) => {
    const error = caught(work);
    expect(error).toMatchObject(expected);
    expect(error.message).toMatch(
      /did you mean|known:|the machine has|it is a|ELF|KIND|is a directory|its path|e\.g\.|whole number/i,
    );
  });

  test('a program that is refused, with the kernel log', () => {
    const path = require.resolve('../../examples/rejected/missing_null_check.bpf.o');
    const error = caught(() => machine.load(path));
    expect(error).toMatchObject({ errno: 13 });
    expect(error.log.join('\n')).toContain('map_value_or_null');
    expect(error.message).toContain('map_value_or_null');
  });
});
