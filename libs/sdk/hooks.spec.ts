import { join } from 'node:path';
import { type Collection, inetPton, Machine } from './index';

const OBJECT = join(__dirname, '../../test/library/fixtures/library.bpf.o');

function load(options: Parameters<Machine['load']>[1] = {}): { machine: Machine; coll: Collection } {
  const machine = new Machine({ cpus: 2 });
  return { machine, coll: machine.load(OBJECT, options) };
}

/** Ethernet, IPv4, TCP to a port. */
function packet(port: number): Uint8Array {
  const bytes = new Uint8Array(54);
  bytes.set([0x08, 0x00], 12);
  bytes.set([0x45], 14);
  bytes[23] = 6;
  bytes.set([port >> 8, port & 0xff], 36);
  return bytes;
}

test('packets by test run: verdict, changed bytes, counts', () => {
  const { coll } = load({ rodata: { blocked_port: 22 } });
  const filter = coll.program('filter');
  const XDP = { DROP: 1, PASS: 2 };
  expect(filter.run({ packet: packet(22) }).ret).toBe(XDP.DROP);
  const passed = filter.run({ packet: packet(443), cpu: 1 });
  expect(passed.ret).toBe(XDP.PASS);
  expect(passed.packet).toHaveLength(54);
  expect(passed.packet?.[6]).toBe(0xee);
  expect(filter.run({ packet: new Uint8Array(60) }).ret).toBe(XDP.PASS);
  expect(new Map(coll.map('ethertypes'))).toEqual(
    new Map([
      [0x0800, 2n],
      [0, 1n],
    ]),
  );
  expect(() => filter.run({ packet: new Uint8Array(5) })).toThrow(/EINVAL/);
  expect(() => coll.program('on_read').run()).toThrow(/tracing programs are not supported/);
});

test("an LSM program's verdict comes back, from the hook and from the kernel's question", () => {
  const { machine, coll } = load();
  const link = coll.program('only_readers').attach();
  const file = (f_flags: number) => machine.struct('file', { f_flags });
  expect(machine.lsm('file_open', { args: { file: file(0) } }).ret).toBe(0);
  expect(machine.lsm('file_open', { args: { file: file(1) } })).toMatchObject({
    ret: -1,
    runs: [{ program: 'only_readers' }],
  });
  expect(link.stats.events).toBe(2);
  expect(() => machine.lsm('file_opne')).toThrow(/did you mean file_open/);
});

test('fentry: arguments by name, an object with objects in it; the record in all its types', () => {
  const { machine, coll } = load({ programs: ['on_read'] });
  coll.attachAll();
  const file = machine.struct('file', { f_path: { dentry: { d_name: { name: 'passwd' } } } });
  machine.kprobe('vfs_read', { args: { file, buf: 1, count: 10_000_000_000n }, cpu: 1 });
  machine.kprobe('vfs_read', { args: [file, 0, 10] });
  const common = { file: file.address, bytes: Uint8Array.of(1, 2, 255), low: 5, high: 17, name: 'passwd' };
  expect(coll.ringbuf('reads').values()).toEqual([
    { ...common, count: 10_000_000_000n, size: 'READ_LARGE', from_user: true },
    { ...common, count: 10n, size: 'READ_SMALL', from_user: false },
  ]);
  expect(machine.tracePipe.map(({ text, cpu }) => [cpu, text.trim()])).toEqual([
    [1, 'read of 10000000000 bytes'],
    [0, 'read of 10 bytes'],
  ]);
});

test('maps of maps, queues', () => {
  const { machine, coll } = load({ programs: ['on_read'] });
  coll.attachAll();
  const [outer, first, second, queue] = ['outer', 'first', 'second', 'queue'].map((name) => coll.map(name));
  expect(outer.get(0)?.id).toBe(first.id);
  const read = (count: number, cpu: number) => machine.kprobe('vfs_read', { args: { count }, cpu });
  read(5, 1);
  outer.set(0, second);
  read(7, 0);
  expect([first.get(0), second.get(0), outer.get(0).get(0)]).toEqual([5n, 7n, 7n]);
  expect(queue.peek()).toBe(1);
  expect([queue.pop(), queue.pop(), queue.pop()]).toEqual([1, 0, undefined]);
  queue.push(9);
  expect(queue.pop()).toBe(9);
});

test('fields of a tracepoint: enumerators by name, addresses as text', () => {
  const { machine, coll } = load({ programs: ['on_state'] });
  const link = coll.program('on_state').attach();
  const fields = { newstate: 'TCP_LISTEN', dport: 443, daddr: '10.0.0.7' };
  expect(machine.fire('tracepoint:sock:inet_sock_set_state', fields).runs).toMatchObject([{ result: 7 }]);
  expect(coll.map('queue').pop()).toBe((10 << 16) | 443);
  machine.fire('tracepoint:sock:inet_sock_set_state', { daddr: inetPton('1.2.3.4') });
  expect(link.stats.lastResult).toBe(4);
});

test('a raw tracepoint by argument names; an optional program, when it is named', () => {
  const { machine, coll } = load({ programs: ['on_exec'] });
  const link = coll.program('on_exec').attach();
  machine.fire('raw_tp:sched_process_exec', { old_pid: 100, bprm: { argc: 3 } });
  expect(link.stats.lastResult).toBe(103);
  expect(load().coll.leftOut).toEqual(['on_exec']);
});

test('a target in place of the one that the section names', () => {
  const { machine, coll } = load({ programs: ['on_read'], attachTo: { on_read: 'vfs_write' } });
  const [link] = coll.attachAll();
  expect(link.hook).toBe('fentry:vfs_write');
  machine.call('vfs_write', { args: { count: 3 } });
  expect(coll.ringbuf('reads').values()).toMatchObject([{ count: 3n }]);
});

test('a full ring buffer counts what it loses; a machine that is closed ends its readers', async () => {
  const { machine, coll } = load({ programs: ['on_read'] });
  coll.attachAll();
  const reads = coll.ringbuf('reads');
  for (let i = 0; i < 200; i++) machine.kprobe('vfs_read', { args: { count: i } });
  const kept = reads.drain().length;
  expect(kept).toBeLessThan(100);
  expect(reads.lost).toBe(200 - kept);
  const all: bigint[] = [];
  const reading = (async () => {
    for await (const { value } of reads) all.push(value.count);
  })();
  machine.kprobe('vfs_read', { args: { count: 1 } });
  machine.kprobe('vfs_read', { args: { count: 2 } });
  await new Promise((resolve) => setImmediate(resolve));
  machine.close();
  await reading;
  expect(all).toEqual([1n, 2n]);
});

test('both engines do the same, and so does the same seed', () => {
  const run = (engine: 'jit' | 'interp') => {
    const machine = new Machine({ engine, seed: 3 });
    const coll = machine.load(OBJECT, { programs: ['on_read'] });
    coll.attachAll();
    machine.run({ scenario: 'file-io', for: '20ms' });
    return coll.ringbuf('reads').drain();
  };
  const jit = run('jit');
  expect(jit.length).toBeGreaterThan(5);
  expect(run('interp')).toEqual(jit);
});

test('signals, threads and tasks that are there already', () => {
  const { machine } = load();
  const leader = machine.task({ pid: 500, comm: 'server', uid: 7 });
  const thread = machine.task({ pid: 501, tgid: 500 });
  expect(thread).toMatchObject({ pid: 501, tgid: 500, comm: 'server', uid: 7, ppid: leader.ppid });
  expect(machine.taskByPid(500)).toBe(leader);
  expect(() => machine.task({ pid: 500 })).toThrow(/EEXIST|already/);
  expect(() => machine.task({ exe: '/usr/bin/bahs' })).toThrow(/did you mean bash/);
});

describe('words that no JS number holds', () => {
  const WIDE = 0x1234_5678_9abc_def1n;
  const written = (fire: (machine: Machine) => unknown) => {
    const { machine, coll } = load({ programs: ['write_entry', 'write_exit', 'write_fexit'] });
    coll.attachAll();
    fire(machine);
    return coll.variables.words.slice(0, 3);
  };

  test.each<[string, (machine: Machine) => unknown, bigint[]]>([
    ['kprobe', (machine) => machine.kprobe('vfs_write', { args: { count: WIDE } }), [WIDE, 0n, 0n]],
    ['kretprobe, fexit', (machine) => machine.kretprobe('vfs_write', { ret: WIDE }), [0n, WIDE, WIDE]],
    [
      'a call, with a number beyond the signed ones',
      (machine) => machine.call('vfs_write', { args: { count: 2n ** 64n - 2n }, ret: -WIDE }),
      [2n ** 64n - 2n, 2n ** 64n - WIDE, 2n ** 64n - WIDE - 2n],
    ],
  ])('%s', (_name, fire, expected) => {
    expect(written(fire)).toEqual(expected);
  });

  test('are returned as they are', () => {
    const { machine } = load();
    expect(machine.call('vfs_write', { ret: WIDE }).ret).toBe(WIDE);
    expect(machine.call('vfs_write', { ret: -5n }).ret).toBe(-5);
  });

  test('more than 64 bits are refused; system calls take what their tasks can keep', () => {
    const { machine } = load();
    expect(() => machine.kprobe('vfs_write', { args: { count: 1n << 64n } })).toThrow(/more than 64 bits/);
    expect(() => machine.syscall('write', { args: { count: WIDE } })).toThrow(/argument count.*53 bits/);
    expect(() => machine.syscall('write', { args: { count: 1n << 62n } })).not.toThrow();
  });
});

describe('one event for both forms of a tracepoint', () => {
  test('arguments of the raw form by the names of fields, tasks by their pids', () => {
    const { machine, coll } = load({ programs: ['on_switch'] });
    const link = coll.program('on_switch').attach();
    const [prev, next] = [machine.task({ pid: 700 }), machine.task({ pid: 701 })];
    const fields = { prev_pid: prev.pid, prev_comm: 'a', next_pid: next.pid, prev_state: 2 };
    expect(machine.fire('tracepoint:sched:sched_switch', fields).runs).toMatchObject([
      { program: 'on_switch', result: 2 },
    ]);
    expect(coll.variables.words[3]).toBe((700n << 32n) | 701n);
    machine.fire('tracepoint:sched:sched_switch', { next: next.pointer }, { task: prev });
    expect(coll.variables.words[3]).toBe((700n << 32n) | 701n);
    expect(link.stats.events).toBe(2);
  });

  test('registers of a system call', () => {
    const { machine, coll } = load({ programs: ['on_sys_enter'] });
    const link = coll.program('on_sys_enter').attach();
    machine.fire('tracepoint:raw_syscalls:sys_enter', { id: 3, args: [7, 5] });
    expect(link.stats.lastResult).toBe(3005);
  });

  test('an argument that neither form has', () => {
    const { machine } = load();
    expect(() => machine.fire('tracepoint:sched:sched_process_exec', { bprn: 1 })).toThrow(
      /has no field bprn/,
    );
    expect(() => machine.fire('tracepoint:sched:sched_process_exec', { bprm: 0 })).not.toThrow();
  });
});

describe('USDT probes', () => {
  const USDT = join(__dirname, '../machine/attach/fixtures/usdt.bpf.o');

  test('of the node: text and numbers where the note says', () => {
    const machine = new Machine();
    const coll = machine.load(USDT);
    coll.program('on_call').attach({ cookie: 42 });
    const task = machine.task({ pid: 800, comm: 'python3', exe: '/usr/bin/python3' });
    const fired = machine.usdt('/usr/bin/python3', 'python', 'function__entry', {
      task,
      args: ['/srv/a.py', 'main', 12],
    });
    expect(fired.runs).toMatchObject([{ program: 'on_call', runs: 1 }]);
    machine.fire('usdt:python3:python:function__entry', ['/srv/b.py', 'run', 13], { task });
    expect(coll.ringbuf('calls').values()).toMatchObject([
      { pid: 800, line: 12, cookie: 42n, args: 3, file: '/srv/a.py', function: 'main' },
      { pid: 800, line: 13, file: '/srv/b.py', function: 'run' },
    ]);
  });

  test('of an executable of the caller’s', () => {
    const machine = new Machine();
    const args = '8@%rdi 8@-16(%rbp) -4@8(%rsp)';
    const probes = [{ provider: 'app', name: 'request', args }];
    machine.executable({ path: '/opt/app', symbols: ['serve'], probes });
    const coll = machine.load(USDT);
    coll.program('on_call').attach({ target: '/opt/app:app:request' });
    machine.usdt('/opt/app', 'app', 'request', { task: { exe: '/opt/app' }, args: ['/a', 'b', 7] });
    expect(coll.ringbuf('calls').values()).toMatchObject([{ file: '/a', function: 'b', line: 7 }]);
  });

  test.each([
    ['usdt:/usr/bin/python3:python:function__entri', [], /did you mean python:function__entry/],
    ['usdt:/usr/bin/pythn3:python:line', [], /pythn3 does not exist.*did you mean/],
    ['usdt:python3:line', [], /names no USDT probe/],
    ['usdt:python3:python:function__entry', [1, 2, 3, 4], /4 arguments for 3/],
  ])('%s is refused', (hook, args, message) => {
    expect(() => new Machine().fire(hook, args)).toThrow(message);
  });

  test.each([
    [{ provider: 'a', name: 'b', args: '8@%xyz' }, /are not understood/],
    [{ provider: 'a', name: 'b', inside: 'man' }, /no function man.*did you mean main/],
  ])('a declaration %j is refused', (probe, message) => {
    const declare = () => new Machine().executable({ path: '/opt/a', symbols: ['main'], probes: [probe] });
    expect(declare).toThrow(message);
  });
});

test('an iterator is read by its link', () => {
  const machine = new Machine();
  const coll = machine.load(join(__dirname, '../machine/attach/fixtures/iterators.bpf.o'));
  machine.task({ pid: 900, comm: 'walked' });
  const link = coll.program('dump_task').attach();
  expect(link.read()).toMatch(/\b900\b.*walked/);
  expect(
    coll
      .program('dump_task')
      .attach({ iter: { tid: 900 } })
      .read()
      .match(/\b\d+\b.*walked/g),
  ).toHaveLength(1);
  const { coll: other } = load({ programs: ['on_read'] });
  expect(() => other.attachAll()[0].read()).toThrow(/is no iterator/);
});

test('test runs of the other packet programs', () => {
  const { coll } = load();
  const run = (program: string, bytes: Uint8Array) => coll.program(program).run({ packet: bytes }).ret;
  expect(run('classify', new Uint8Array(77))).toBe(77);
  expect(run('tap', packet(80))).toBe(0x0800);
  expect(run('guard', packet(80))).toBe(1);
});
