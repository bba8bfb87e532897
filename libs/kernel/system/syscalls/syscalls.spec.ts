import { CLONE, O, SIGNAL, SYSCALLS } from '@probed/abi';
import { loadReferenceKernel } from '@probed/assets';
import { Btf } from '@probed/btf';
import { KernelMemory } from '@probed/memory';
import { Kernel } from '../kernel';
import type { Sys } from '../sched/task-program';
import type { Launch } from '../task/launch';
import { AT_FDCWD, type UserContext } from '../user/context';
import { shellTree } from '../vfs/images/containers';
import { HANDLERS } from './handlers';

const reference = loadReferenceKernel();
const parsed = Btf.parse(reference.btf);
if (!parsed.ok) throw new Error(parsed.error.message);
const btf = parsed.value;

/** Runs one program in a container until it ends. */
function run(main: (u: UserContext) => Sys, spec: Partial<Launch> = {}, seed = 1): Kernel {
  const kernel = new Kernel({ memory: new KernelMemory(), btf, symbols: reference.symbols, seed });
  kernel.programs.register({
    name: 'probe',
    image: { path: '/usr/bin/probe', symbols: ['main', 'work'], entry: ['main'] },
    isStatic: true,
    main,
  });
  const tree = shellTree('pod', '10.0.0.2');
  const root = kernel.createRoot({ ...tree, 'usr/bin/probe': { program: 'probe' } });
  kernel.launch({ path: '/usr/bin/probe', argv: ['probe'], root, ...spec });
  kernel.run(kernel.nowNs() + 3e9);
  return kernel;
}

/** Results that a program collects. */
function collect(body: (u: UserContext, out: unknown[]) => Sys<void>, spec: Partial<Launch> = {}): unknown[] {
  const out: unknown[] = [];
  let ended = false;
  run(function* (u) {
    yield* body(u, out);
    ended = true;
    return 0;
  }, spec);
  expect(ended).toBe(true);
  return out;
}

test('every handler belongs to a system call of the table', () => {
  const names = new Set(SYSCALLS.filter((row) => row.define).map((row) => row.name));
  expect(Object.keys(HANDLERS).filter((name) => !names.has(name))).toEqual([]);
});

test('what is not supported says ENOSYS and still fires', () => {
  const seen: number[] = [];
  const kernel = new Kernel({ memory: new KernelMemory(), btf, symbols: reference.symbols, seed: 1 });
  const unsupported = SYSCALLS.find((row) => row.define && !HANDLERS[row.name])!;
  kernel.programs.register({
    name: 'probe',
    image: { path: '/usr/bin/probe', symbols: ['main'] },
    isStatic: true,
    *main(u) {
      return yield* u.syscall(unsupported.name);
    },
  });
  const exit = kernel.hooks.tracepoint('syscalls', `sys_exit_${unsupported.define}`)!;
  exit.record.add((fields) => seen.push(fields.ret as number));
  const root = kernel.createRoot({ 'bin/probe': { program: 'probe' } });
  kernel.launch({ path: '/bin/probe', argv: ['probe'], root });
  kernel.run(kernel.nowNs() + 1e8);
  expect(seen).toEqual([-38]);
});

test.each<[string, (u: UserContext) => Sys, number]>([
  ['open a missing file', (u) => u.open('/nope'), -2],
  ['open through a file', (u) => u.open('/etc/passwd/x'), -20],
  ['open a directory for writing', (u) => u.open('/etc', O.WRONLY), -21],
  ['open with a bad pointer', (u) => u.syscall('openat', AT_FDCWD, 0x10, 0, 0), -14],
  ['open exclusively what exists', (u) => u.open('/etc/passwd', O.CREAT | O.EXCL | O.WRONLY), -17],
  ['open a secret as somebody', (u) => u.open('/etc/shadow'), -13],
  ['read a closed descriptor', (u) => u.read(99), -9],
  ['read a directory', (u) => readOf(u, '/etc'), -21],
  ['remove a missing file', (u) => u.unlink('/nope'), -2],
  ['remove a directory by unlink', (u) => u.unlink('/etc'), -21],
  ['make a directory without permission', (u) => u.mkdir('/x', 0o755), -13],
  ['seek in a pipe', pipeSeek, -29],
  ['become root', (u) => u.setuid(0), -1],
  ['wait without children', (u) => waitOnce(u), -10],
  ['signal nobody', (u) => u.kill(4_000_000, 15), -3],
  ['connect where nobody listens', (u) => connectTo(u, '127.0.0.1', 81), -111],
  ['connect without a route', (u) => connectTo(u, '8.8.8.8', 80), -101],
  ['bind a privileged port', bindLow, -13],
  ['exec a missing program', (u) => u.exec('/bin/nope', ['nope']), -2],
  ['exec what is not executable', (u) => u.exec('/home/app/notes.txt', ['x']), -13],
])('%s', (_what, call, errno) => {
  expect(
    collect(
      function* (u, out) {
        out.push(yield* call(u));
      },
      { uid: 1000, gid: 1000 },
    ),
  ).toEqual([errno]);
});

function* readOf(u: UserContext, path: string): Sys {
  return yield* u.read(yield* u.open(path), 10);
}

function* pipeSeek(u: UserContext): Sys {
  const [read] = yield* u.pipe();
  return yield* u.lseek(read, 0, 0);
}

function* waitOnce(u: UserContext): Sys {
  const [pid] = yield* u.wait();
  return pid;
}

function* connectTo(u: UserContext, ip: string, port: number): Sys {
  return yield* u.connect(yield* u.socket(), ip, port);
}

function* bindLow(u: UserContext): Sys {
  return yield* u.bind(yield* u.socket(), '0.0.0.0', 80);
}

test('a file keeps what was written, across rename, until it is removed', () => {
  const out = collect(function* (u, results) {
    const fd = yield* u.open('/tmp/a', O.RDWR | O.CREAT, 0o600);
    results.push(yield* u.write(fd, 'hello world'));
    yield* u.rename('/tmp/a', '/tmp/b');
    const again = yield* u.open('/tmp/b');
    yield* u.lseek(again, 6, 0);
    const bytes = yield* u.read(again, 100);
    results.push(
      u.text(u.buffer, bytes),
      yield* u.open('/tmp/a'),
      yield* u.unlink('/tmp/b'),
      yield* u.open('/tmp/b'),
    );
  });
  expect(out).toEqual([11, 'world', -2, 0, -2]);
});

test('a child has a copy of memory, a pipe connects the two, wait gives the exit code', () => {
  const out = collect(function* (u, results) {
    const [read, write] = yield* u.pipe();
    const at = u.str('before');
    const pid = yield* u.fork(function* (child) {
      child.k.user.writeText(child.task.mm!, at, 'after!');
      yield* child.sleep(1e6);
      yield* child.write(write, child.text(at, 6));
      return 7;
    });
    const bytes = yield* u.read(read, 10);
    results.push(u.text(u.buffer, bytes), u.text(at, 6));
    const [waited, status] = yield* u.wait(pid);
    results.push(waited === pid, status >> 8);
  });
  expect(out).toEqual(['after!', 'before', true, 7]);
});

test('signals: a handler runs, an unhandled one kills, SIGKILL cannot be caught', () => {
  const out = collect(function* (u, results) {
    results.push(yield* u.signal(SIGNAL.SIGKILL, 1));
    yield* u.signal(SIGNAL.SIGUSR1, function* (signal) {
      yield* u.getpid();
      results.push(`handled ${signal}`);
    });
    yield* u.kill(yield* u.getpid(), SIGNAL.SIGUSR1);
    const pid = yield* u.fork(function* (child) {
      yield* child.sleep(1e12);
      return 0;
    });
    yield* u.sleep(1e6);
    yield* u.kill(pid, SIGNAL.SIGTERM);
    const [, status] = yield* u.wait(pid);
    results.push(status);
  });
  expect(out).toEqual([-22, 'handled 10', SIGNAL.SIGTERM]);
});

test('threads share memory and meet at a futex', () => {
  const out = collect(function* (u, results) {
    const word = u.room(16);
    u.k.user.write32(u.task.mm!, word, 0);
    yield* u.thread(function* (thread) {
      results.push((yield* thread.getpid()) === (yield* thread.gettid()));
      thread.k.user.write32(thread.task.mm!, word, 1);
      yield* thread.futexWake(word, 1);
      return 0;
    });
    results.push(yield* u.futexWait(word, 0), u.k.user.read32(u.task.mm!, word));
    results.push(yield* u.futexWait(word, 1, 1e6));
  });
  expect(out).toEqual([false, 0, 1, -110]);
});

test('a TCP connection on loopback carries bytes both ways and its end is seen', () => {
  const out = collect(function* (u, results) {
    const listener = yield* u.socket();
    yield* u.bind(listener, '127.0.0.1', 8080);
    yield* u.listen(listener, 5);
    yield* u.fork(function* (child) {
      const fd = yield* child.socket();
      yield* child.connect(fd, '127.0.0.1', 8080);
      yield* child.send(fd, 'ping');
      const bytes = yield* child.recv(fd, 100);
      return bytes === 4 && child.text(child.buffer, 4) === 'pong' ? 0 : 1;
    });
    const fd = yield* u.accept(listener);
    const bytes = yield* u.recv(fd, 100);
    results.push(u.text(u.buffer, bytes));
    yield* u.send(fd, 'pong');
    const [, status] = yield* u.wait();
    results.push(status, yield* u.recv(fd, 100));
  });
  expect(out).toEqual(['ping', 0, 0]);
});

test('pids of a container count from 1 and its init adopts', () => {
  const pids: number[] = [];
  const kernel = new Kernel({ memory: new KernelMemory(), btf, symbols: reference.symbols, seed: 1 });
  kernel.programs.register({
    name: 'probe',
    image: { path: '/usr/bin/probe', symbols: ['main'] },
    isStatic: true,
    *main(u) {
      pids.push(yield* u.getpid());
      yield* u.fork(function* (child) {
        pids.push(yield* child.getpid(), yield* child.getppid());
        yield* child.fork(function* (orphan) {
          yield* orphan.sleep(1e6);
          pids.push(yield* orphan.getppid());
          return 0;
        });
        return 0;
      });
      yield* u.sleep(1e8);
      return 0;
    },
  });
  const nsproxy = kernel.ns.derive(kernel.ns.initProxy, new Set(['pid', 'mnt'] as const));
  const root = kernel.createRoot({ 'bin/probe': { program: 'probe' } }, nsproxy.all.pid);
  const task = kernel.launch({ path: '/bin/probe', argv: ['probe'], root, nsproxy });
  kernel.run(kernel.nowNs() + 1e9);
  expect(pids).toEqual([1, 2, 1, 1]);
  expect(task.pid).toBeGreaterThan(1000);
});

test('exec of a script runs its interpreter with the arguments in user memory', () => {
  const lines: string[] = [];
  const kernel = new Kernel({ memory: new KernelMemory(), btf, symbols: reference.symbols, seed: 1 });
  kernel.hooks.tracepoint('sched', 'sched_process_exec')!.raw.add(() => {
    const { task } = kernel;
    if (task.comm !== 'hello.sh') return;
    const { argStart, argEnd } = task.mm!.marks;
    lines.push(new TextDecoder().decode(kernel.user.read(task.mm!, argStart, argEnd - argStart)!));
  });
  const root = kernel.createRoot({
    ...shellTree('p', '10.0.0.3'),
    'hello.sh': { text: '#!/bin/bash -e\n', mode: 0o755 },
  });
  kernel.launch({ path: '/hello.sh', argv: ['hello.sh', 'x'], root });
  kernel.run(kernel.nowNs() + 1e9);
  expect(lines).toEqual(['/bin/bash\0-e\0/hello.sh\0x\0']);
});

test('a new namespace needs privileges', () => {
  const unshare = function* (u: UserContext, out: unknown[]): Sys<void> {
    out.push(yield* u.syscall('unshare', CLONE.NEWUTS));
  };
  expect(collect(unshare, { uid: 1000, gid: 1000 })).toEqual([-1]);
  expect(collect(unshare)).toEqual([0]);
});

test('a file that gets too large is EFBIG, a full device ENOSPC, and what was unlinked gives its space back', () => {
  const out = collect(function* (u, results) {
    const write = function* (path: string, mib: number): Sys {
      const fd = yield* u.open(path, O.CREAT | O.WRONLY | O.TRUNC, 0o644);
      let written = 0;
      for (let i = 0; i < mib * 8; i++) {
        written = yield* u.write(fd, u.bufferBytes);
        if (written < 0) break;
      }
      yield* u.close(fd);
      return written < 0 ? written : mib;
    };
    const fd = yield* u.open('/tmp/far', O.CREAT | O.WRONLY, 0o644);
    results.push(yield* u.pwrite(fd, 1, 2 ** 40));
    yield* u.close(fd);
    results.push(yield* write('/tmp/a', 100), yield* write('/tmp/b', 100));
    yield* u.unlink('/tmp/a');
    yield* u.unlink('/tmp/b');
    results.push(yield* write('/tmp/c', 100));
    results.push(yield* write('/dev/full', 1));
  });
  expect(out).toEqual([-27, 100, -28, 100, -28]);
});
