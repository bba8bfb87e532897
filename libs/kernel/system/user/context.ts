import { AF, AT as ATF, CLOCK, CLONE, MAP, O, PROT, SIGNAL, SOCK, syscallByName } from '@probed/abi';
import { writeI64 } from '@probed/base';
import type { Kernel } from '../kernel';
import { type Sys, YIELD } from '../sched/task-program';
import type { CloneRequest } from '../task/clone';
import type { Task } from '../task/task';
import { loadLibraries } from './ld-so';
import type { ProgramContext } from './programs';
import { sockaddrIn } from './sockaddr';
import { hitProbe } from './usdt';

/** Numbers of the system calls that libc makes here. */
function numbers<const N extends readonly string[]>(names: N): { readonly [K in N[number]]: number } {
  const entries = names.map((name) => [name, syscallByName(name)!.number] as const);
  return Object.fromEntries(entries) as { readonly [K in N[number]]: number };
}

const NR = numbers([
  'accept4',
  'access',
  'arch_prctl',
  'bind',
  'brk',
  'chdir',
  'chmod',
  'clock_nanosleep',
  'clone',
  'close',
  'connect',
  'dup2',
  'epoll_create1',
  'epoll_ctl',
  'epoll_wait',
  'execve',
  'exit',
  'exit_group',
  'faccessat2',
  'fcntl',
  'fstat',
  'fsync',
  'futex',
  'getcwd',
  'getdents64',
  'getegid',
  'geteuid',
  'getgid',
  'getpid',
  'getppid',
  'getrandom',
  'getsockname',
  'getsockopt',
  'gettid',
  'getuid',
  'ioctl',
  'kill',
  'listen',
  'lseek',
  'madvise',
  'mkdir',
  'mmap',
  'mprotect',
  'munmap',
  'newfstatat',
  'openat',
  'pipe2',
  'poll',
  'prctl',
  'pread64',
  'prlimit64',
  'pwrite64',
  'read',
  'readlink',
  'recvfrom',
  'rename',
  'rmdir',
  'rseq',
  'rt_sigaction',
  'rt_sigprocmask',
  'sched_yield',
  'sendto',
  'set_robust_list',
  'set_tid_address',
  'setgid',
  'setgroups',
  'setpgid',
  'setresuid',
  'setsid',
  'setsockopt',
  'setuid',
  'shutdown',
  'socket',
  'stat',
  'statx',
  'sysinfo',
  'umask',
  'uname',
  'unlink',
  'unlinkat',
  'utimensat',
  'vfork',
  'wait4',
  'write',
  'writev',
  'sendfile',
  'ftruncate',
  'openat2',
  'tgkill',
  'rt_sigreturn',
]);

/** Strings and vectors that calls point at live in a ring below the stack pointer. */
const RING_BYTES = 64 * 1024;
const RING_BELOW_SP = 96 * 1024;
/** One large buffer for reads and writes, below the ring. */
const BUFFER_BELOW_SP = 232 * 1024;
const BUFFER_BYTES = 128 * 1024;
/** What pthread_create maps for a thread's stack unless told otherwise (RLIMIT_STACK). */
const THREAD_STACK_BYTES = 8 * 1024 * 1024;
const STAT_BYTES = 144;

const utf8 = new TextEncoder();
const decoder = new TextDecoder();

/** AT_FDCWD as a program's register holds it: 32 bits, zero-extended. */
export const AT_FDCWD = ATF.FDCWD >>> 0;

/** The part of a child that fork runs. */
export type ChildMain = (u: UserContext) => Sys;

/**
 * User mode of one task: its libc. Everything that can enter the kernel is a generator; results are what the system
 * call gave (negative errnos included). Frames pushed with {@link call} and {@link frame} are its user stack.
 */
export class UserContext {
  /** Start of the read and write buffer, {@link BUFFER_BYTES} long. */
  readonly buffer: number;
  readonly bufferBytes = BUFFER_BYTES;
  /** The area that {@link room} gave last: where the latest call left its result. */
  lastRoom = 0;
  private ringAt: number;
  private readonly ringStart: number;
  private readonly interned = new Map<string, number>();
  private heapAt = 0;
  private heapEnd = 0;

  constructor(
    readonly k: Kernel,
    readonly program: ProgramContext,
    from?: UserContext,
    stackTop?: number,
  ) {
    const sp = Math.floor((stackTop ?? k.task.mm!.marks.startStack) / 4096) * 4096;
    this.ringStart = sp - RING_BELOW_SP;
    this.buffer = sp - BUFFER_BELOW_SP;
    this.ringAt = this.ringStart;
    if (from) {
      if (stackTop === undefined) this.inheritStrings(from);
      this.heapAt = from.heapAt;
      this.heapEnd = from.heapEnd;
    }
  }

  /** A forked child has its parent's strings where the parent put them. */
  private inheritStrings(from: UserContext): void {
    this.ringAt = from.ringAt;
    for (const [text, at] of from.interned) this.interned.set(text, at);
  }

  get argv(): readonly string[] {
    return this.program.argv;
  }

  get task(): Task {
    return this.k.task;
  }

  getenv(name: string): string | undefined {
    const prefix = `${name}=`;
    return this.program.envp.find((entry) => entry.startsWith(prefix))?.slice(prefix.length);
  }

  // ---- user memory

  /** User address of a NUL-terminated copy of `text`, valid at least until 64 KiB more have been asked for. */
  str(text: string): number {
    const known = this.interned.get(text);
    if (known !== undefined) return known;
    const bytes = utf8.encode(`${text}\0`);
    const at = this.room(bytes.length);
    this.k.user.write(this.task.mm!, at, bytes);
    this.interned.set(text, at);
    return at;
  }

  /** User address of a copy of `bytes`. */
  bytes(bytes: Uint8Array): number {
    const at = this.room(bytes.length);
    this.k.user.write(this.task.mm!, at, bytes);
    return at;
  }

  /** A fresh area of `bytes` bytes; its content is undefined. */
  room(bytes: number): number {
    if (this.ringAt + bytes > this.ringStart + RING_BYTES) {
      this.ringAt = this.ringStart;
      this.interned.clear();
    }
    const at = this.ringAt;
    this.lastRoom = at;
    this.ringAt += Math.ceil(bytes / 16) * 16;
    return at;
  }

  /** A NULL-terminated vector of string pointers. */
  vector(texts: readonly string[]): number {
    const pointers = texts.map((text) => this.str(text));
    const bytes = new Uint8Array((pointers.length + 1) * 8);
    const view = new DataView(bytes.buffer);
    for (const [i, pointer] of pointers.entries()) writeI64(view, i * 8, pointer);
    return this.bytes(bytes);
  }

  /** Reads back what a call left in user memory. */
  peek(address: number, bytes: number): Uint8Array {
    return this.k.user.read(this.task.mm!, address, bytes) ?? new Uint8Array(0);
  }

  text(address: number, bytes: number): string {
    return decoder.decode(this.peek(address, bytes));
  }

  /** malloc(3): a probed libc function; grows the heap with brk(2). @returns a user address */
  *malloc(bytes: number): Sys {
    const self = this;
    return yield* this.call('libc', 'malloc', [bytes], function* () {
      const size = Math.ceil((bytes + 16) / 16) * 16;
      if (self.heapAt + size > self.heapEnd) yield* self.growHeap(size);
      const at = self.heapAt + 16;
      self.heapAt += size;
      yield* self.k.sched.burn(45);
      return at;
    });
  }

  /** free(3). The emulated heap does not reuse what is freed until the program ends. */
  *free(address: number): Sys {
    const { sched } = this.k;
    return yield* this.call('libc', 'free', [address], function* () {
      yield* sched.burn(30);
      return 0;
    });
  }

  private *growHeap(bytes: number): Sys<void> {
    const step = Math.max(132 * 1024, Math.ceil(bytes / 4096) * 4096);
    if (this.heapEnd === 0) this.heapAt = this.heapEnd = yield* this.sys(NR.brk, 0);
    this.heapEnd = yield* this.sys(NR.brk, this.heapEnd + step);
    this.probe('libc', 'memory_sbrk_more', () => [this.heapEnd - step, step]);
  }

  // ---- functions and stacks

  /** Runs `body` as a function of an executable or library: on the user stack, visible to uprobes. */
  *call(image: string, symbol: string, args: readonly number[], body: () => Sys): Sys {
    const { k } = this;
    const found = k.images.get(image);
    const address = found.address(symbol);
    if (address === undefined) throw new Error(`invariant broken: ${image} has no function ${symbol}`);
    const frames = this.task.userFrames;
    frames.push(found.returnAddress(symbol)!);
    const hook = k.images.hook(address);
    const ret = hook.active ? yield* hook.callBlocking(args, body) : yield* body();
    frames.pop();
    return ret;
  }

  /**
   * A USDT probe in an executable or library is passed; costs nothing when no program hangs there.
   * @param values its arguments, words
   */
  probe(image: string, name: string, values: () => readonly number[]): void {
    const { k } = this;
    const site = k.images.get(image).probe(name);
    if (!site) throw new Error(`invariant broken: ${image} has no USDT probe ${name}`);
    const hook = k.hooks.user.site(site.address);
    if (hook.active) hitProbe(k, hook, site, values());
  }

  /** A USDT probe of this program's own executable. */
  ownProbe(name: string, values: () => readonly number[]): void {
    this.probe(this.ownImage, name, values);
  }

  /** A function of this program's own executable. */
  own(symbol: string, args: readonly number[], body: () => Sys): Sys {
    return this.call(this.ownImage, symbol, args, body);
  }

  private get ownImage(): string {
    return this.k.images.nameOf(this.program.image);
  }

  /** Computes for `ns` in the given functions of this program, outermost first. */
  *cpu(ns: number, functions: readonly string[] = []): Sys<void> {
    const { image } = this.program;
    const frames = this.task.userFrames;
    const depth = frames.length;
    for (const name of functions) frames.push(image.returnAddress(name) ?? image.base);
    yield* this.k.sched.burn(ns);
    frames.length = depth;
  }

  // ---- system calls

  sys(nr: number, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0): Sys {
    return this.k.syscall(nr, a, b, c, d, e, f);
  }

  /** Any system call by name. */
  syscall(name: string, ...args: readonly number[]): Sys {
    const row = syscallByName(name);
    if (!row) throw new Error(`invariant broken: no system call ${name}`);
    return this.k.syscall(row.number, ...args);
  }

  *exit(code: number): Sys<void> {
    yield* this.sys(NR.exit_group, code);
  }

  open(path: string, flags: number = O.RDONLY, mode = 0): Sys {
    return this.sys(NR.openat, AT_FDCWD, this.str(path), flags, mode);
  }

  close(fd: number): Sys {
    return this.sys(NR.close, fd);
  }

  /** Reads into {@link buffer} unless told otherwise. */
  read(fd: number, count = BUFFER_BYTES, at = this.buffer): Sys {
    return this.sys(NR.read, fd, at, count);
  }

  pread(fd: number, count: number, offset: number): Sys {
    return this.sys(NR.pread64, fd, this.buffer, count, offset);
  }

  /** Writes text, bytes, or the first `data` bytes of {@link buffer}. */
  write(fd: number, data: string | Uint8Array | number): Sys {
    if (typeof data === 'number') return this.sys(NR.write, fd, this.buffer, data);
    const bytes = typeof data === 'string' ? utf8.encode(data) : data;
    return this.sys(NR.write, fd, this.bytes(bytes), bytes.length);
  }

  pwrite(fd: number, count: number, offset: number): Sys {
    return this.sys(NR.pwrite64, fd, this.buffer, count, offset);
  }

  lseek(fd: number, offset: number, whence: number): Sys {
    return this.sys(NR.lseek, fd, offset, whence);
  }

  fstat(fd: number): Sys {
    return this.sys(NR.fstat, fd, this.room(STAT_BYTES));
  }

  /** The `struct stat` is left at {@link lastRoom}. */
  stat(path: string, flags = 0): Sys {
    const name = this.str(path);
    return this.sys(NR.newfstatat, AT_FDCWD, name, this.room(STAT_BYTES), flags);
  }

  statx(path: string): Sys {
    return this.sys(NR.statx, AT_FDCWD, this.str(path), 0x100, 0x7ff, this.room(256));
  }

  access(path: string, mode: number): Sys {
    return this.sys(NR.access, this.str(path), mode);
  }

  getdents(fd: number): Sys {
    return this.sys(NR.getdents64, fd, this.buffer, 32_768);
  }

  ioctl(fd: number, request: number): Sys {
    return this.sys(NR.ioctl, fd, request, this.room(64));
  }

  fcntl(fd: number, command: number, arg = 0): Sys {
    return this.sys(NR.fcntl, fd, command, arg);
  }

  fsync(fd: number): Sys {
    return this.sys(NR.fsync, fd);
  }

  unlink(path: string): Sys {
    return this.sys(NR.unlink, this.str(path));
  }

  unlinkat(path: string, flags = 0): Sys {
    return this.sys(NR.unlinkat, AT_FDCWD, this.str(path), flags);
  }

  rename(from: string, to: string): Sys {
    return this.sys(NR.rename, this.str(from), this.str(to));
  }

  mkdir(path: string, mode: number): Sys {
    return this.sys(NR.mkdir, this.str(path), mode);
  }

  rmdir(path: string): Sys {
    return this.sys(NR.rmdir, this.str(path));
  }

  chmod(path: string, mode: number): Sys {
    return this.sys(NR.chmod, this.str(path), mode);
  }

  chdir(path: string): Sys {
    return this.sys(NR.chdir, this.str(path));
  }

  getcwd(): Sys {
    return this.sys(NR.getcwd, this.buffer, 4096);
  }

  readlink(path: string): Sys {
    return this.sys(NR.readlink, this.str(path), this.buffer, 4096);
  }

  dup2(from: number, to: number): Sys {
    return this.sys(NR.dup2, from, to);
  }

  /** @returns [read end, write end], or a negative errno in the first */
  *pipe(flags = 0): Sys<readonly [number, number]> {
    const at = this.room(8);
    const error = yield* this.sys(NR.pipe2, at, flags);
    if (error < 0) return [error, error];
    const { mm } = this.task;
    return [this.k.user.read32(mm!, at)!, this.k.user.read32(mm!, at + 4)!];
  }

  mmap(length: number, prot: number, flags: number, fd = -1, offset = 0, address = 0): Sys {
    return this.sys(NR.mmap, address, length, prot, flags, fd >>> 0, offset);
  }

  munmap(address: number, length: number): Sys {
    return this.sys(NR.munmap, address, length);
  }

  mprotect(address: number, length: number, prot: number): Sys {
    return this.sys(NR.mprotect, address, length, prot);
  }

  getpid(): Sys {
    return this.sys(NR.getpid);
  }

  getppid(): Sys {
    return this.sys(NR.getppid);
  }

  gettid(): Sys {
    return this.sys(NR.gettid);
  }

  getuid(): Sys {
    return this.sys(NR.getuid);
  }

  geteuid(): Sys {
    return this.sys(NR.geteuid);
  }

  setuid(uid: number): Sys {
    return this.sys(NR.setuid, uid);
  }

  setgid(gid: number): Sys {
    return this.sys(NR.setgid, gid);
  }

  setsid(): Sys {
    return this.sys(NR.setsid);
  }

  setpgid(pid: number, group: number): Sys {
    return this.sys(NR.setpgid, pid, group);
  }

  kill(pid: number, signal: number): Sys {
    return this.sys(NR.kill, pid, signal);
  }

  umask(mask: number): Sys {
    return this.sys(NR.umask, mask);
  }

  uname(): Sys {
    return this.sys(NR.uname, this.room(390));
  }

  prctl(option: number, arg = 0): Sys {
    return this.sys(NR.prctl, option, arg);
  }

  getrandom(bytes: number): Sys {
    return this.sys(NR.getrandom, this.room(bytes), bytes);
  }

  schedYield(): Sys {
    return this.sys(NR.sched_yield);
  }

  /** nanosleep(3), which glibc makes with clock_nanosleep(2). */
  sleep(ns: number): Sys {
    return this.sys(NR.clock_nanosleep, CLOCK.REALTIME, 0, this.timespec(ns), this.room(16));
  }

  private timespec(ns: number): number {
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    writeI64(view, 0, Math.floor(ns / 1e9));
    writeI64(view, 8, Math.floor(ns % 1e9));
    return this.bytes(bytes);
  }

  futexWait(address: number, value: number, timeoutNs?: number): Sys {
    return this.sys(NR.futex, address, 128, value, timeoutNs === undefined ? 0 : this.timespec(timeoutNs));
  }

  futexWake(address: number, count: number): Sys {
    return this.sys(NR.futex, address, 129, count);
  }

  /** signal(3): installs a handler that runs `run` in this task, or SIG_IGN (1) or SIG_DFL (0). */
  *signal(signal: number, run: ((signal: number) => Sys<void>) | 0 | 1, flags = 0): Sys {
    const bytes = new Uint8Array(32);
    const view = new DataView(bytes.buffer);
    const handler = typeof run === 'number' ? run : this.program.image.base + 0x1200 + signal * 16;
    writeI64(view, 0, handler);
    view.setUint32(8, flags | 0x0400_0000, true);
    const ret = yield* this.sys(NR.rt_sigaction, signal, this.bytes(bytes), 0, 8);
    if (ret === 0 && typeof run !== 'number') {
      const action = this.task.signal.actions.get(signal)!;
      const enter = (number: number) => this.runHandler(run, number);
      this.task.signal.actions.set(signal, { ...action, run: enter });
    }
    return ret;
  }

  private *runHandler(run: (signal: number) => Sys<void>, signal: number): Sys<void> {
    yield* run(signal);
    yield* this.sys(NR.rt_sigreturn);
  }

  // ---- processes

  /** fork(3): the child runs `main` and exits with its result. @returns the child's pid */
  fork(main: ChildMain): Sys {
    return this.clone(CLONE.CHILD_CLEARTID | CLONE.CHILD_SETTID, SIGNAL.SIGCHLD, main);
  }

  /** vfork(2): the child shares memory and the parent sleeps until it has exec'ed or exited. */
  vfork(main: ChildMain): Sys {
    return this.clone(CLONE.VM | CLONE.VFORK, SIGNAL.SIGCHLD, main);
  }

  /** pthread_create(3): a thread of this process. @returns its tid */
  thread(main: ChildMain): Sys {
    const { VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID } = CLONE;
    const flags = VM | FS | FILES | SIGHAND | THREAD | SYSVSEM | SETTLS | PARENT_SETTID | CHILD_CLEARTID;
    this.probe('libc', 'pthread_create', () => [this.buffer, 0, this.program.image.base, 0]);
    return this.call('libc', 'pthread_create', [0, 0, 0, 0], () => this.clonedThread(flags, main));
  }

  /** A thread has a stack of its own, and its strings and buffers in there: it shares all other memory. */
  private *clonedThread(flags: number, main: ChildMain): Sys {
    const map = MAP.PRIVATE | MAP.ANONYMOUS | MAP.NORESERVE | MAP.STACK;
    const stack = yield* this.mmap(THREAD_STACK_BYTES, PROT.READ | PROT.WRITE, map);
    if (stack < 0) return stack;
    return yield* this.clone(flags, 0, main, NR.exit, stack + THREAD_STACK_BYTES);
  }

  private clone(
    flags: number,
    exitSignal: number,
    main: ChildMain,
    exitNr: number = NR.exit_group,
    stackTop?: number,
  ): Sys {
    const { k } = this;
    const tid = this.room(8);
    const run = (child: Task): Sys<never> => this.child(child, main, exitNr, stackTop);
    const request: CloneRequest = { flags, exitSignal, main: run, parentTid: tid, childTid: tid };
    k.pendingClone = request;
    return this.sys(NR.clone, flags | exitSignal, stackTop ?? 0, tid, tid, 0);
  }

  private *child(task: Task, main: ChildMain, exitNr: number, stackTop?: number): Sys<never> {
    yield* this.k.syscalls.returnFromFork(task);
    const u = new UserContext(this.k, this.program, this, stackTop);
    const code = yield* main(u);
    yield* u.sys(exitNr, code);
    for (;;) yield YIELD.EXIT;
  }

  /** execve(2): comes back only on failure. */
  exec(path: string, argv: readonly string[], env: readonly string[] = this.program.envp): Sys {
    return this.sys(NR.execve, this.str(path), this.vector(argv), this.vector(env));
  }

  /** wait4(2). @returns [pid, wait status]; a negative errno as pid */
  *wait(pid = -1, options = 0): Sys<readonly [number, number]> {
    const at = this.room(8);
    const got = yield* this.sys(NR.wait4, pid, at, options, 0);
    return [got, got > 0 ? (this.k.user.read32(this.task.mm!, at) ?? 0) : 0];
  }

  /** Forks, execs and waits, as a shell does with a simple command. @returns the exit code */
  *spawn(path: string, argv: readonly string[], env = this.program.envp): Sys {
    const pid = yield* this.fork(function* (u) {
      yield* u.exec(path, argv, env);
      return 127;
    });
    if (pid < 0) return pid;
    const [, status] = yield* this.wait(pid);
    return status & 0x7f ? 128 + (status & 0x7f) : (status >> 8) & 0xff;
  }

  /** ld.so's work at program start. */
  loadLibraries(names: readonly string[]): Sys<void> {
    return loadLibraries(this, ['libc', ...names]);
  }

  // ---- sockets

  socket(family: number = AF.INET, type: number = SOCK.STREAM, protocol = 0): Sys {
    return this.sys(NR.socket, family, type, protocol);
  }

  /** @param ip dotted quad */
  connect(fd: number, ip: string, port: number): Sys {
    return this.sys(NR.connect, fd, this.bytes(sockaddrIn(ip, port)), 16);
  }

  connectUnix(fd: number, path: string): Sys {
    const bytes = new Uint8Array(110);
    bytes[0] = AF.UNIX;
    bytes.set(utf8.encode(path), 2);
    return this.sys(NR.connect, fd, this.bytes(bytes), bytes.length);
  }

  bind(fd: number, ip: string, port: number): Sys {
    return this.sys(NR.bind, fd, this.bytes(sockaddrIn(ip, port)), 16);
  }

  listen(fd: number, backlog: number): Sys {
    return this.sys(NR.listen, fd, backlog);
  }

  accept(fd: number, flags = 0): Sys {
    const length = this.room(4);
    this.k.user.write32(this.task.mm!, length, 16);
    return this.sys(NR.accept4, fd, this.room(16), length, flags);
  }

  send(fd: number, data: string | Uint8Array | number, flags = 0): Sys {
    if (typeof data === 'number') return this.sys(NR.sendto, fd, this.buffer, data, flags, 0, 0);
    const bytes = typeof data === 'string' ? utf8.encode(data) : data;
    return this.sys(NR.sendto, fd, this.bytes(bytes), bytes.length, flags, 0, 0);
  }

  recv(fd: number, count = BUFFER_BYTES, flags = 0): Sys {
    return this.sys(NR.recvfrom, fd, this.buffer, count, flags, 0, 0);
  }

  shutdown(fd: number, how: number): Sys {
    return this.sys(NR.shutdown, fd, how);
  }

  setsockopt(fd: number, level: number, option: number, value = 1): Sys {
    const at = this.room(4);
    this.k.user.write32(this.task.mm!, at, value);
    return this.sys(NR.setsockopt, fd, level, option, at, 4);
  }

  getsockname(fd: number): Sys {
    const length = this.room(4);
    this.k.user.write32(this.task.mm!, length, 16);
    return this.sys(NR.getsockname, fd, this.room(16), length);
  }

  getsockopt(fd: number, level: number, option: number): Sys {
    const length = this.room(4);
    this.k.user.write32(this.task.mm!, length, 4);
    return this.sys(NR.getsockopt, fd, level, option, this.room(4), length);
  }

  /** poll(2) on one descriptor. @returns number of ready descriptors, 0 on time-out */
  poll(fd: number, events: number, timeoutMs: number): Sys {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setInt32(0, fd, true);
    view.setInt16(4, events, true);
    return this.sys(NR.poll, this.bytes(bytes), 1, timeoutMs);
  }

  epollCreate(): Sys {
    return this.sys(NR.epoll_create1, 0x8_0000);
  }

  epollAdd(epfd: number, fd: number, events: number): Sys {
    const bytes = new Uint8Array(12);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, events, true);
    view.setUint32(4, fd, true);
    return this.sys(NR.epoll_ctl, epfd, 1, fd, this.bytes(bytes));
  }

  /** @returns descriptors that are ready; empty on time-out or signal */
  *epollWait(epfd: number, timeoutMs: number, max = 16): Sys<readonly number[]> {
    const at = this.room(12 * max);
    const n = yield* this.sys(NR.epoll_wait, epfd, at, max, timeoutMs);
    const fds: number[] = [];
    for (let i = 0; i < n; i++) fds.push(this.k.user.read32(this.task.mm!, at + 12 * i + 4)!);
    return fds;
  }
}
