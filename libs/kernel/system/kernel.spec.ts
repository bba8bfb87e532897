import { O } from '@probed/abi';
import { loadReferenceKernel } from '@probed/assets';
import { readI64 } from '@probed/base';
import { Btf } from '@probed/btf';
import { KernelMemory, offsetOf } from '@probed/memory';
import { Kernel } from './kernel';
import { NSFS_DEV } from './namespaces/ns-table';
import type { Main } from './user/programs';
import { shellTree } from './vfs/images/containers';

const reference = loadReferenceKernel();
const parsed = Btf.parse(reference.btf);
if (!parsed.ok) throw new Error(parsed.error.message);
const btf = parsed.value;

function boot(main: Main, seed = 1): Kernel {
  const kernel = new Kernel({ memory: new KernelMemory(), btf, symbols: reference.symbols, seed });
  kernel.programs.register({
    name: 'probe',
    image: {
      path: '/usr/bin/probe',
      aliases: ['/bin/probe'],
      symbols: ['main', 'outer', 'inner'],
      entry: ['main'],
    },
    isStatic: true,
    main,
  });
  const nsproxy = kernel.ns.derive(kernel.ns.initProxy, new Set(['pid', 'mnt', 'net'] as const), 'pod');
  const root = kernel.createRoot(
    { ...shellTree('pod', '10.0.0.2'), 'usr/bin/probe': { program: 'probe' } },
    nsproxy.all.pid,
  );
  kernel.launch({
    path: '/usr/bin/probe',
    argv: ['probe'],
    root,
    nsproxy,
    cgroup: '/kubepods.slice/pod1',
    uid: 1000,
  });
  return kernel;
}

/** Follows a C expression from an object in linear memory the way a CO-RE program does. */
function read(kernel: Kernel, struct: string, at: number, path: string): number {
  const place = btf.member(btf.findByName(struct, 'struct')!, path)!;
  const { view } = kernel.memory;
  const offset = at + place.offsetBits / 8;
  const bytes = btf.sizeOf(place.typeId);
  return bytes === 8
    ? readI64(view, offset)
    : bytes === 4
      ? view.getInt32(offset, true)
      : view.getUint16(offset, true);
}

function follow(kernel: Kernel, struct: string, at: number, path: string): number {
  return offsetOf(read(kernel, struct, at, path));
}

function text(kernel: Kernel, at: number): string {
  const { u8 } = kernel.memory;
  return new TextDecoder().decode(u8.slice(at, u8.indexOf(0, at)));
}

test('a program walks from the current task through memory: names, ids, parents, namespaces, cgroup, files', () => {
  const seen: Record<string, unknown> = {};
  const kernel = boot(function* (u) {
    yield* u.open('/etc/passwd', O.RDONLY);
    yield* u.getpid();
    return 0;
  });
  kernel.hooks.tracepoint('syscalls', 'sys_enter_getpid')!.raw.add(() => {
    const task = kernel.current();
    const at = task.taskOffset;
    seen.pid = read(kernel, 'task_struct', at, 'pid') === task.pid;
    seen.comm = text(kernel, at + btf.memberOffset(btf.findByName('task_struct', 'struct')!, 'comm')!);
    seen.uid = read(kernel, 'cred', follow(kernel, 'task_struct', at, 'cred'), 'uid');
    const parent = follow(kernel, 'task_struct', at, 'real_parent');
    seen.ppid = read(kernel, 'task_struct', parent, 'tgid');
    const proxy = follow(kernel, 'task_struct', at, 'nsproxy');
    const uts = follow(kernel, 'nsproxy', proxy, 'uts_ns');
    seen.node = text(
      kernel,
      uts + btf.memberOffset(btf.findByName('uts_namespace', 'struct')!, 'name.nodename')!,
    );
    const cgroup = follow(kernel, 'css_set', follow(kernel, 'task_struct', at, 'cgroups'), 'dfl_cgrp');
    const node = follow(kernel, 'cgroup', cgroup, 'kn');
    seen.cgroup = text(kernel, follow(kernel, 'kernfs_node', node, 'name'));
    seen.cgroupId = read(kernel, 'kernfs_node', node, 'id') === task.cgroupId;
    const table = follow(kernel, 'files_struct', follow(kernel, 'task_struct', at, 'files'), 'fdt');
    const file = offsetOf(readI64(kernel.memory.view, follow(kernel, 'fdtable', table, 'fd') + 3 * 8));
    const dentry = follow(kernel, 'file', file, 'f_path.dentry');
    seen.file = text(kernel, follow(kernel, 'dentry', dentry, 'd_name.name'));
    seen.path = kernel.dPath(file + btf.memberOffset(btf.findByName('file', 'struct')!, 'f_path')!);
    seen.sameFile = kernel.fileOffset(task.pid, 3) === file;
    const exe = follow(kernel, 'mm_struct', follow(kernel, 'task_struct', at, 'mm'), 'exe_file');
    seen.exe = text(
      kernel,
      follow(kernel, 'dentry', follow(kernel, 'file', exe, 'f_path.dentry'), 'd_name.name'),
    );
  });
  kernel.run(kernel.nowNs() + 1e8);
  expect(seen).toEqual({
    pid: true,
    comm: 'probe',
    uid: 1000,
    ppid: 1,
    node: 'node-1',
    cgroup: 'pod1',
    cgroupId: true,
    file: 'passwd',
    path: '/etc/passwd',
    sameFile: true,
    exe: 'probe',
  });
});

test('in a function, the kernel stack names its callers and the registers hold what user space passed', () => {
  let stack: string[] = [];
  let regs: number[] = [];
  const kernel = boot(function* (u) {
    return yield* u.open('/nope', O.RDONLY);
  });
  kernel.hooks.kernelFunction('do_filp_open')!.entry.add(() => {
    if (kernel.current().comm !== 'probe') return;
    stack = kernel.kernelStack().map((ip) => kernel.kernelSymbol(ip)!.name);
    const at = kernel.userRegs();
    regs = ['di', 'dx', 'orig_ax'].map((name) => read(kernel, 'pt_regs', at, name));
  });
  kernel.run(kernel.nowNs() + 1e8);
  const inner = stack.slice(stack.indexOf('do_filp_open'));
  expect(inner).toEqual([
    'do_filp_open',
    'do_sys_openat2',
    '__x64_sys_openat',
    'do_syscall_64',
    'entry_SYSCALL_64_after_hwframe',
  ]);
  expect(regs).toEqual([0xffff_ff9c, O.RDONLY, 257]);
});

test('samples land where the time goes: user stacks by name, at the asked frequency', () => {
  const stacks = new Map<string, number>();
  const kernel = boot(function* (u) {
    yield* u.cpu(800e6, ['outer', 'inner']);
    return 0;
  });
  const start = kernel.nowNs();
  const detach = kernel.hooks.perf.open({ type: 1, config: 0, frequencyHz: 100 }, (sample) => {
    if (kernel.current().comm !== 'probe') return;
    expect(sample.user).toBe(true);
    const names = kernel.userStack().map((ip) => kernel.userSymbol(ip)!.name);
    stacks.set(names.join(), (stacks.get(names.join()) ?? 0) + 1);
  });
  kernel.run(start + 1e9);
  expect([...stacks.keys()]).toEqual(['inner,outer,main']);
  expect(stacks.get('inner,outer,main')).toBeGreaterThan(75);
  expect(stacks.get('inner,outer,main')).toBeLessThan(85);
  detach!();
  kernel.run(start + 2e9);
});

test('an event that the machine lacks cannot be opened', () => {
  const kernel = boot(function* (u) {
    return yield* u.getpid();
  });
  expect(kernel.hooks.perf.open({ type: 3, config: 0x10001 }, () => undefined)).toBeUndefined();
});

test('page faults are counted events', () => {
  const addresses: number[] = [];
  const kernel = boot(function* (u) {
    const at = yield* u.mmap(4096 * 3, 3, 0x22);
    for (let i = 0; i < 3; i++) u.k.user.write32(u.task.mm!, at + 4096 * i, 1);
    return 0;
  });
  kernel.hooks.perf.open({ type: 1, config: 2, period: 1 }, ({ addr }) => {
    if (kernel.current().comm === 'probe') addresses.push(addr);
  });
  kernel.run(kernel.nowNs() + 1e8);
  const last = addresses.slice(-3);
  expect([last[1] - last[0], last[2] - last[1]]).toEqual([4096, 4096]);
});

test('the pid of a container task in its namespace and in another', () => {
  const seen: unknown[] = [];
  const kernel = boot(function* (u) {
    return yield* u.getpid();
  });
  kernel.hooks.tracepoint('syscalls', 'sys_enter_getpid')!.raw.add(() => {
    const { task } = kernel;
    const [outer, own] = task.thread.numbers.map(({ ns }) => ns.inum);
    seen.push(
      kernel.pidInNamespace(NSFS_DEV, own),
      kernel.pidInNamespace(NSFS_DEV, outer),
      kernel.pidInNamespace(NSFS_DEV, 1),
      kernel.ancestorCgroupId(0),
    );
  });
  kernel.run(kernel.nowNs() + 1e8);
  expect(seen).toEqual([{ pid: 1, tgid: 1 }, undefined, undefined, 1]);
});

test('an override replaces what a function does, an LSM listener denies', () => {
  const results: number[] = [];
  const kernel = boot(function* (u) {
    results.push(yield* u.open('/etc/passwd'));
    results.push(yield* u.open('/etc/group'));
    results.push(yield* u.getpid());
    return 0;
  });
  kernel.hooks.kernelFunction('security_file_open')!.entry.add((call) => {
    const dentry = follow(kernel, 'file', offsetOf(call.args[0]), 'f_path.dentry');
    if (text(kernel, follow(kernel, 'dentry', dentry, 'd_name.name')) === 'group') call.override = -1;
  });
  kernel.hooks.kernelFunction('__x64_sys_getpid')!.entry.add((call) => {
    call.override = -4;
  });
  kernel.run(kernel.nowNs() + 1e8);
  expect(results).toEqual([3, -1, -4]);
});

test('a signal from a program reaches the current task', () => {
  const ends: number[] = [];
  const kernel = boot(function* (u) {
    yield* u.getpid();
    return 0;
  });
  kernel.hooks.tracepoint('syscalls', 'sys_enter_getpid')!.raw.add(() => {
    if (kernel.current().comm === 'probe') kernel.sendSignal(9, true);
  });
  kernel.hooks.tracepoint('sched', 'sched_process_exit')!.record.add((fields) => {
    if (fields.comm === 'probe') ends.push(kernel.task.exitCode);
  });
  kernel.run(kernel.nowNs() + 1e8);
  expect(ends).toEqual([9]);
});

test('a position given to pread moves for the probe that looks, and not in the file', () => {
  const seen: unknown[] = [];
  const kernel = boot(function* (u) {
    const fd = yield* u.open('/etc/passwd', O.RDONLY);
    yield* u.syscall('pread64', fd, u.buffer, 10, 5);
    seen.push(yield* u.lseek(fd, 0, 1));
    return 0;
  });
  const at = (words: readonly number[]) => readI64(kernel.memory.view, offsetOf(words[3]));
  const read = kernel.hooks.kernelFunction('vfs_read')!;
  read.entry.add((call) => seen.push(at(call.args)));
  read.exit.add((call) => seen.push(call.ret, at(call.args)));
  kernel.run(kernel.nowNs() + 1e8);
  // Before it, ld.so reads the head of the executable's libraries.
  expect(seen.slice(-4)).toEqual([5, 10, 15, 0]);
});

test('who creates a file may write it whatever its mode, and hooks see that it is new', () => {
  const modes: number[] = [];
  const results: number[] = [];
  const kernel = boot(function* (u) {
    const fd = yield* u.open('/tmp/new', O.WRONLY | O.CREAT, 0o400);
    results.push(yield* u.write(fd, 'text'), yield* u.open('/tmp/new', O.WRONLY), yield* u.open('/tmp/new'));
    return 0;
  });
  kernel.hooks.kernelFunction('security_file_open')!.entry.add((call) => {
    if (kernel.current().comm === 'probe') modes.push(read(kernel, 'file', offsetOf(call.args[0]), 'f_mode'));
  });
  kernel.run(kernel.nowNs() + 1e8);
  expect(results).toEqual([4, -13, 4]);
  // WRITE, LSEEK, PREAD, PWRITE, ATOMIC_POS, CAN_WRITE, OPENED, CREATED; then READ … CAN_READ, OPENED.
  expect(modes.slice(-2)).toEqual([0x1c_801e, 0xa_801d]);
});

test('vfs_rename takes both names', () => {
  const names: string[] = [];
  const kernel = boot(function* (u) {
    yield* u.open('/tmp/old', O.WRONLY | O.CREAT);
    yield* u.rename('/tmp/old', '/tmp/new');
    return 0;
  });
  kernel.hooks.kernelFunction('vfs_rename')!.entry.add(({ args }) => {
    for (const member of ['old_dentry', 'new_dentry', 'new_parent']) {
      const dentry = follow(kernel, 'renamedata', offsetOf(args[0]), member);
      names.push(text(kernel, follow(kernel, 'dentry', dentry, 'd_name.name')));
    }
  });
  kernel.run(kernel.nowNs() + 1e8);
  expect(names).toEqual(['old', 'new', 'tmp']);
});

test("init's parent is the idle task, where walks over ancestors end", () => {
  const kernel = boot(function* (u) {
    yield* u.getpid();
    return 0;
  });
  const pids: number[] = [];
  kernel.hooks.tracepoint('syscalls', 'sys_enter_getpid')!.raw.add(() => {
    let at = kernel.current().taskOffset;
    for (let i = 0; i < 4; i++) {
      at = follow(kernel, 'task_struct', at, 'real_parent');
      pids.push(read(kernel, 'task_struct', at, 'tgid'));
    }
  });
  kernel.run(kernel.nowNs() + 1e8);
  expect(pids).toEqual([1, 0, 0, 0]);
});
