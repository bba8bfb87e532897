import { Prng, readU64, writeI64 } from '@probed/base';
import { type FunctionHook, FunctionHook as Hook, HookBus } from '@probed/hooks';
import { addressOf, type KernelMemory } from '@probed/memory';
import { Disk } from './block/disk';
import { CgroupTree } from './cgroup/cgroup';
import type { KernelApi, KernelOptions, KernelSymbols, TaskIdentity, UserSymbol } from './kernel-api';
import { type KernelObjects, ObjectWalks } from './kernel-objects';
import { type Layouts, resolveLayouts } from './layout';
import type { Field } from './layout/struct-table';
import { StructWriter } from './layout/struct-writer';
import { PageFaults } from './mm/faults';
import { SharedPages } from './mm/pages';
import { UserMemory } from './mm/user-memory';
import { NSFS_DEV, NsTable } from './namespaces/ns-table';
import { Network } from './net/network';
import { ObjectLookup } from './object-lookup';
import { PerfEvents } from './perf/perf-events';
import { PROGRAMS } from './programs';
import { Futexes } from './sched/futex';
import { Interrupts } from './sched/irq';
import { Scheduler } from './sched/scheduler';
import type { Sys } from './sched/task-program';
import { SyscallTable } from './syscalls/table';
import type { CloneRequest } from './task/clone';
import { credFor } from './task/cred';
import { IoAccount } from './task/io-account';
import { type Launch, launch } from './task/launch';
import { Signals } from './task/signals';
import type { Task } from './task/task';
import { TaskTable } from './task/task-table';
import { type KernelFrame, layKernelFrames } from './trace/kernel-frames';
import { UserRegs } from './trace/regs';
import { type StackWalk, stackWalk } from './trace/stack-walk';
import { frameNames, liveFunctions, resolveHook } from './trace/traced';
import { Transients } from './trace/transient';
import { declareTracepoints, type Tracepoints } from './tracepoints';
import { Drivers } from './user/driven';
import type { ImageProbe } from './user/image';
import { Images } from './user/images';
import { installProgram } from './user/install-program';
import { LIBRARIES } from './user/libraries';
import { Programs } from './user/programs';
import { FilesStruct } from './vfs/files-struct';
import { FsStruct } from './vfs/fs-struct';
import { NODE_TREE } from './vfs/images/node';
import type { Path } from './vfs/mount';
import type { FsTypeName } from './vfs/super-block';
import { Vfs } from './vfs/vfs';

const DEFAULT_EPOCH_NS = 1_767_225_600_000_000_000n;
const DEFAULT_BOOTED_NS = 12_300_000_000_000;
const PID_START = { low: 1_800, high: 32_000 } as const;

/** `struct utsname` less the names that a uts namespace has. */
interface Uname {
  readonly sysname: string;
  readonly release: string;
  readonly version: string;
  readonly machine: string;
}

const UNAME: Uname = {
  sysname: 'Linux',
  release: '6.18.0',
  version: '#1 SMP PREEMPT_DYNAMIC',
  machine: 'x86_64',
};

/**
 * One node's kernel: owns every subsystem and is handed to all of them. Everything that happens, happens inside
 * {@link run}, on one of the logical CPUs, at a virtual time.
 */
export class Kernel implements KernelApi {
  readonly memory: KernelMemory;
  readonly hooks: HookBus;
  readonly cpus: number;
  readonly hostname: string;
  bootEpochNs: bigint;
  readonly prng: Prng;
  readonly aslr: Prng;
  readonly layout: Layouts;
  readonly w: StructWriter;
  readonly uname: Uname;
  /** Hooks of the functions declared with `traced`, by their number. */
  readonly fn: readonly FunctionHook[];
  /** Addresses of functions that only occur in stack walks, by their number. */
  readonly frames: readonly number[];
  readonly tp: Tracepoints;
  readonly perf: PerfEvents;
  readonly sched: Scheduler;
  readonly irq: Interrupts;
  readonly transient: Transients;
  readonly regs: UserRegs;
  readonly user: UserMemory;
  readonly pages: SharedPages;
  readonly faults: PageFaults;
  readonly ns: NsTable;
  readonly cgroups: CgroupTree;
  readonly tasks: TaskTable;
  readonly signals: Signals;
  readonly futex: Futexes;
  readonly account: IoAccount;
  readonly vfs: Vfs;
  readonly net: Network;
  readonly disk: Disk;
  readonly images: Images;
  readonly programs: Programs;
  /** Tasks whose user mode is promise-based code of the host. */
  readonly drivers: Drivers;
  readonly syscalls: SyscallTable;
  readonly objects: KernelObjects = new ObjectWalks(this);
  readonly lookup = new ObjectLookup(this);
  /** File tree of the node itself. */
  readonly root: Path;
  readonly init: Task;
  nextMountId = 21;
  /** What the clone call being entered asks for beyond its registers; set by user mode just before it. */
  pendingClone: CloneRequest | undefined;
  private readonly symbols: KernelSymbols;
  private readonly randomStream: Prng;
  private readonly walk: StackWalk;
  private readonly fsTypes = new Map<string, number>();
  private readonly btf: KernelOptions['btf'];

  constructor(options: KernelOptions) {
    this.memory = options.memory;
    this.symbols = options.symbols;
    this.btf = options.btf;
    this.cpus = options.cpus ?? 4;
    this.hostname = options.hostname ?? 'node-1';
    this.uname = { ...UNAME, release: options.release ?? UNAME.release };
    this.prng = new Prng(options.seed);
    this.aslr = this.prng.fork('aslr');
    this.randomStream = this.prng.fork('random');
    const bootedNs = options.bootedNs ?? DEFAULT_BOOTED_NS;
    this.bootEpochNs = (options.epochNs ?? DEFAULT_EPOCH_NS) - BigInt(bootedNs);
    this.layout = resolveLayouts(options.btf);
    this.w = new StructWriter(this.memory);
    this.perf = new PerfEvents(this);
    this.hooks = new HookBus(
      (name) => options.symbols.address(name),
      () => options.symbols.iterateNames(),
      this.perf,
    );
    this.fn = liveFunctions().map((names) => this.hookOf(names));
    this.frames = frameNames().map((name) => options.symbols.address(name) ?? 0);
    this.tp = declareTracepoints(this);
    this.walk = stackWalk(options.symbols);
    this.drivers = new Drivers(this);
    this.sched = new Scheduler(this);
    this.irq = new Interrupts(this);
    this.transient = new Transients(this);
    this.regs = new UserRegs(this);
    this.user = new UserMemory(this);
    this.pages = new SharedPages(this.memory);
    this.faults = new PageFaults(this);
    this.ns = new NsTable(this, this.hostname);
    this.cgroups = new CgroupTree(this);
    this.tasks = new TaskTable(this);
    this.signals = new Signals(this);
    this.futex = new Futexes();
    this.account = new IoAccount(this);
    this.vfs = new Vfs(this);
    this.net = new Network(this);
    this.disk = new Disk(this);
    this.images = new Images(this);
    this.programs = new Programs(this);
    this.syscalls = new SyscallTable(this);
    for (const [name, spec] of Object.entries(LIBRARIES)) this.images.add(name, spec, true);
    for (const program of PROGRAMS) this.programs.register(program);
    this.bootIdle(bootedNs, this.vfs.createRootfs());
    this.root = this.bootFileSystem();
    for (const { idle } of this.sched.cpus) {
      idle.fs.setRoot(this.root);
      idle.fs.setPwd(this.root);
    }
    this.init = this.launch({
      path: '/usr/lib/systemd/systemd',
      argv: ['/sbin/init'],
      cgroup: '/init.scope',
    });
    this.ns.initPid.skipTo(this.prng.fork('pid').between(PID_START.low, PID_START.high));
  }

  /** The task on the executing CPU. */
  get task(): Task {
    return this.sched.cur.current;
  }

  cpu(): number {
    return this.sched.cur.id;
  }

  current(): TaskIdentity {
    return this.task;
  }

  taskByPid(pid: number): Task | undefined {
    return this.tasks.find(pid);
  }

  allTasks(): Iterable<Task> {
    return this.tasks.all();
  }

  nowNs(): number {
    return this.sched.cur.clock;
  }

  bootNs(): number {
    return this.sched.cur.clock;
  }

  realtimeNs(): bigint {
    return this.bootEpochNs + BigInt(Math.floor(this.sched.cur.clock));
  }

  /** `clock_settime(CLOCK_REALTIME)`, as a time daemon steps the clock. @param ns since 1970 */
  setRealtime(ns: bigint): void {
    this.bootEpochNs = ns - BigInt(Math.floor(this.sched.cur.clock));
  }

  run(untilNs: number): boolean {
    return this.sched.run(untilNs);
  }

  /**
   * As {@link run}, waiting for driven tasks where they are in user mode.
   * @param pause called each time before going on: the host gives way to other work by returning a promise
   */
  async runAsync(untilNs: number, pause?: () => Promise<void> | undefined): Promise<void> {
    while (!this.run(untilNs)) {
      await this.drivers.ready();
      const turn = pause?.();
      if (turn) await turn;
    }
  }

  nextEventNs(): number | undefined {
    const next = this.sched.nextNs;
    return Number.isFinite(next) ? next : undefined;
  }

  /** Starts a process as init's child: what a service manager or container runtime does. */
  launch(spec: Launch): Task {
    return launch(this, spec);
  }

  /** See {@link installProgram}. */
  installProgram(
    ...program: readonly [path: string, symbols: readonly string[], probes?: readonly ImageProbe[]]
  ): void {
    installProgram(this, ...program);
  }

  /** A new container's file tree. */
  createRoot(tree: Parameters<Vfs['createRoot']>[1], ns = this.ns.initPid): Path {
    return this.vfs.createRoot('overlay', tree, ns, this.epochSeconds());
  }

  readUser(address: number, dst: number, bytes: number): boolean {
    const { mm } = this.task;
    return mm !== undefined && this.user.copyIn(mm, address, dst, bytes, false);
  }

  writeUser(address: number, src: number, bytes: number): boolean {
    const { mm } = this.task;
    return mm !== undefined && this.user.copyOut(mm, address, src, bytes, false);
  }

  kernelStack(): readonly number[] {
    return this.walk.kernel(this.task);
  }

  userStack(): readonly number[] {
    return this.walk.user(this, this.task);
  }

  kernelSymbol(address: number): ReturnType<KernelSymbols['lookup']> {
    return this.symbols.lookup(address);
  }

  /** Address of a kernel function; 0 when the image lacks it. */
  symbolAddress(name: string): number {
    return this.symbols.address(name) ?? 0;
  }

  userSymbol(address: number): UserSymbol | undefined {
    const image = this.images.find(address);
    const found = image?.lookup(address);
    return found && { ...found, module: image!.path };
  }

  kernelFrame(returned: boolean): KernelFrame {
    return layKernelFrames(this, returned);
  }

  userRegs(): number {
    return this.regs.current();
  }

  ancestorCgroupId(level: number): number | undefined {
    return this.task.cgroup.ancestor(level)?.id;
  }

  cgroupPath(id: number): string | undefined {
    return this.cgroups.find(id)?.path;
  }

  pidInNamespace(device: number, inode: number): { pid: number; tgid: number } | undefined {
    const { task } = this;
    // Only the namespace that the task is active in counts, not those above it.
    const { nr, ns } = task.thread.numbers[task.thread.numbers.length - 1];
    if (device !== NSFS_DEV || ns.inum !== inode) return undefined;
    return { pid: nr, tgid: task.groupLeader.thread.numberIn(ns) };
  }

  fileOffset(pid: number, fd: number): number | undefined {
    return this.tasks.find(pid)?.files.get(fd)?.offset;
  }

  dPath(pathOffset: number): string | undefined {
    return this.walk.dPath(this, pathOffset);
  }

  socketCookie(sock: number): number {
    const { offset } = this.layout.sock['__sk_common.skc_cookie'];
    return offset < 0 ? 0 : readU64(this.memory.view, sock + offset);
  }

  sendSignal(signal: number, wholeGroup: boolean): number {
    const { task } = this;
    if (task.pid === 0 || !task.mm) return -1;
    if (signal < 1 || signal > 64) return -22;
    this.signals.send(task, signal, wholeGroup);
    return 0;
  }

  random(): number {
    return this.randomStream.u32();
  }

  randomBytes(count: number): Uint8Array {
    const out = new Uint8Array(count);
    for (let i = 0; i < count; i++) out[i] = this.aslr.u32() >>> 24;
    return out;
  }

  /** Address of an object in linear memory; NULL for 0. */
  ptr(offset: number): number {
    return addressOf(offset);
  }

  writeWord(at: number, word: number): void {
    writeI64(this.memory.view, at, word);
  }

  /** Resolves one member that no table names; undefined when this kernel lacks it. */
  field(struct: string, path: string): Field | undefined {
    const id = this.btf.findByName(struct, 'struct');
    const place = id === undefined ? undefined : this.btf.member(id, path);
    if (place?.bits !== 0) return undefined;
    return { offset: place.offsetBits / 8, bytes: this.btf.sizeOf(place.typeId) };
  }

  /** Wall time as seconds and nanoseconds. */
  realtime(): { sec: number; nsec: number } {
    const ns = this.realtimeNs();
    return { sec: Number(ns / 1_000_000_000n), nsec: Number(ns % 1_000_000_000n) };
  }

  runnable(): number {
    let n = 0;
    for (const cpu of this.sched.cpus) n += cpu.queue.length + (cpu.busy ? 1 : 0);
    return n;
  }

  taskCount(): number {
    return this.tasks.count;
  }

  lastPid(): number {
    let last = 0;
    for (const task of this.tasks.all()) if (task.pid > last) last = task.pid;
    return last;
  }

  /** Where user mode was left: inside libc's wrapper of the call in progress, else in the innermost function. */
  userIp(task: Task): number {
    return this.walk.userIp(this, task);
  }

  userSp(task: Task): number {
    return (task.mm?.marks.startStack ?? 0) - 0x100 * (1 + task.userFrames.length);
  }

  /** Instruction pointer of the executing CPU, as a sample sees it. */
  samplePoint(): number {
    const { task } = this;
    const { stack } = task;
    if (stack.depth > 0) return stack.ips[stack.depth - 1] + 0x1f;
    return task.mm ? this.userIp(task) : this.walk.idleIp;
  }

  /** Who adopts a task's children: init of its pid namespace (`find_child_reaper`). */
  reaperOf(task: Task): Task {
    const ns = task.thread.numbers[task.thread.numbers.length - 1].ns;
    if (ns.level > 0)
      for (const other of this.tasks.all())
        if (other !== task && other.thread.numberIn(ns) === 1 && !other.exitState) return other;
    return this.init;
  }

  /** `struct file_system_type` of a kind of file system. */
  fsTypeStruct(name: FsTypeName): number {
    let at = this.fsTypes.get(name);
    if (at === undefined) {
      at = this.memory.alloc(this.layout.fsType.sizeBytes);
      this.w.ptr(at, this.layout.fsType.name, this.w.string(name));
      this.fsTypes.set(name, at);
    }
    return at;
  }

  /** A kernel function's hook, marked as fired by some code path; undefined when the image lacks it. */
  declareFunction(name: string): FunctionHook | undefined {
    return this.symbols.address(name) === undefined ? undefined : this.hooks.declareFunction(name);
  }

  /** A system call of the current task. */
  syscall(nr: number, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0): Sys {
    return this.syscalls.invoke(nr, a, b, c, d, e, f);
  }

  /** Where the stat call in progress leaves its result. */
  statTarget = 0;

  /** Runs a stat call whose result goes to a user address. */
  stat(target: number, run: () => number): number {
    this.statTarget = target;
    return run();
  }

  private hookOf(names: readonly string[]): FunctionHook {
    return resolveHook(names, (name) => this.declareFunction(name)) ?? new Hook(names[0], 0);
  }

  private epochSeconds(): number {
    return Number(this.bootEpochNs / 1_000_000_000n);
  }

  private bootFileSystem(): Path {
    return this.vfs.createRoot('ext4', NODE_TREE, this.ns.initPid, this.epochSeconds() - 864_000);
  }

  private bootIdle(bootedNs: number, rootfs: Path): void {
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      const idle = this.tasks.createIdle(cpu, {
        parent: undefined,
        comm: `swapper/${cpu}`,
        cred: credFor(0, 0),
        cgroup: this.cgroups.root,
        nsproxy: this.ns.initProxy,
        files: new FilesStruct(this),
        fs: new FsStruct(this, rootfs, rootfs),
        mm: undefined,
      });
      this.walk.enterIdle(idle);
      this.sched.addCpu(idle, bootedNs);
    }
  }
}
