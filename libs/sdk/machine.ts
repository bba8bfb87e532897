import { loadKernelImage, readCustomKernel, whyNotWearable } from '@probed/assets';
import { suggestion } from '@probed/base';
import { Btf } from '@probed/btf';
import { parseUsdtArgs } from '@probed/hooks';
import {
  anyWord,
  Machine as CoreMachine,
  chooseAlternatives,
  FireContext,
  fireHook,
  fireKernelFunction,
  fireLsm,
  fireSyscall,
  fireUsdt,
  fireUserFunction,
  formatTraceLine,
  type HookCall,
  type HookPayload,
  hookCatalogue,
  hookMatcher,
  type KernelImage,
  KernelObjects,
  parseFaults,
  withAttachTargets,
} from '@probed/machine';
import type { ObjectSpec } from '@probed/object';
import { findScenario, SCENARIOS } from '@probed/workload';
import { Collection, provideMachine } from './collection';
import { type Duration, nanoseconds } from './duration';
import { fail, unwrap } from './errors';
import type {
  CallOptions,
  Fired,
  FireOptions,
  HookArguments,
  HookValue,
  SampleOptions,
} from './fire-options';
import { MachineInternals } from './machine-internals';
import type { KernelObject } from './objects';
import { CollectionSpec, objectOf } from './spec/collection-spec';
import type { Task, TaskOptions } from './task';
import { isBytes } from './values/codec';

/** What kind of machine it is to be. */
export interface MachineOptions {
  /** Same seed, same run; default 1. */
  seed?: number;
  /** Logical CPUs, default 4. */
  cpus?: number;
  /** Another kernel's BTF, bytes or a file (raw, gzip, or a vmlinux): its layouts in place of Linux 6.18's. */
  btf?: Uint8Array | string;
  /** Release that goes with `btf`, e.g. `5.10.0`; guessed from the file's name by default. */
  release?: string;
  /** `jit` (default) or the reference interpreter; both do the same. */
  engine?: 'jit' | 'interp';
  /** Node name, default `node-1`. */
  hostname?: string;
  /** Wall time at which the machine starts; default 2026-01-01T00:00:00Z. */
  wallTime?: Date;
  /** Emulated memory in all, bytes; default 1 GiB. */
  memoryLimit?: number;
  /** Calls that are to fail, as `probectl test --fault` takes them: `ringbuf-full@3,map-enomem:10%`. */
  faults?: string;
}

/** How an object is to be loaded. */
export interface LoadOptions {
  /** Constants: variables of `.rodata`, by name. */
  rodata?: { readonly [name: string]: unknown };
  /** Any global variables, by name. */
  variables?: { readonly [name: string]: unknown };
  /** What maps are to be like, by name. */
  maps?: { readonly [name: string]: { readonly maxEntries?: number } };
  /** Only these programs, whatever their sections say; by default all but optional ones (`SEC("?…")`), ones whose hook this kernel lacks, and ones that another does better (a kprobe beside its fentry). */
  programs?: readonly string[];
  /** What programs are to be attached to in place of what their sections name: `{ on_read: 'ext4_file_read_iter' }`. */
  attachTo?: { readonly [program: string]: string };
  /** Structs of records by map, when the object does not tell: `{ events: 'event' }`. */
  events?: { readonly [map: string]: string };
  /** The object's name when it is given as bytes. */
  name?: string;
}

/** A process to be started: an emulated program of the node that makes its own system calls. */
export interface LaunchOptions {
  /** File to execute, e.g. `/usr/bin/ls`. */
  path: string;
  argv?: readonly string[];
  env?: readonly string[];
  uid?: number;
  gid?: number;
  cwd?: string;
  cgroup?: string;
  parent?: Task;
}

/** An executable or a library of the user's, for uprobes and as a task's `exe`. */
export interface ExecutableOptions {
  path: string;
  /** Its functions. */
  symbols: readonly string[];
  /** Its USDT probes. */
  probes?: readonly ProbeOptions[];
}

/** A USDT probe (`DTRACE_PROBE`) of an executable of the user's. */
export interface ProbeOptions {
  provider: string;
  name: string;
  /** The function that it is in, one of the executable's symbols; the first by default. */
  inside?: string;
  /** Where its arguments are, as `readelf -n` shows it: `8@%rdi -4@%esi`; none by default. */
  args?: string;
}

/** A hook of the machine. */
export interface HookEntry {
  readonly kind: string;
  /** `group:name`, a function, `path:symbol`, an event. */
  readonly name: string;
  /** False when the emulation never fires it by itself; by hand it fires all the same. */
  readonly live: boolean;
}

/** A line that a program wrote with `bpf_printk`. */
export interface TraceLine {
  readonly text: string;
  /** As `/sys/kernel/tracing/trace_pipe` prints it. */
  readonly line: string;
  /** CLOCK_MONOTONIC, ns. */
  readonly time: bigint;
  readonly cpu: number;
  readonly pid: number;
  readonly comm: string;
}

/** What a program did when it was run off any hook. */
export interface TestRun {
  /** r0, low 32 bits, unsigned. */
  readonly ret: number;
  /** The packet as the program left it. */
  readonly packet?: Uint8Array;
  /** The context as the program left it. */
  readonly ctx?: Uint8Array;
}

const EINVAL = 22;
/** Virtual time that the node's first process is given to come to rest. */
const SETTLE_NS = 20e6;
/** Lines of bpf_printk that are kept. */
const TRACE_LINES_MAX = 100_000;

const internalsOf = new WeakMap<Machine, MachineInternals>();

/**
 * An emulated Linux kernel to load eBPF programs into: in this process, without root, in virtual time. Everything is
 * synchronous; nothing happens unless you fire a hook, start a workload or let time pass.
 *
 * Calls throw {@link ProbedError} when what they were given is wrong.
 */
export class Machine {
  private readonly lines: TraceLine[] = [];
  private readonly collections = new Set<Collection>();

  constructor(options: MachineOptions = {}) {
    const { seed, cpus, engine, hostname, wallTime, memoryLimit, faults } = options;
    if (cpus !== undefined && !(Number.isInteger(cpus) && cpus >= 1 && cpus <= CPUS_MAX))
      fail('machine', `${cpus} CPUs`, { errno: EINVAL, hint: `1 to ${CPUS_MAX}` });
    if (seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0))
      fail('machine', `${seed} is no seed`, { errno: EINVAL, hint: 'a whole number' });
    const core = new CoreMachine({
      image: imageOf(options),
      seed,
      cpus,
      engine,
      hostname,
      epochNs: wallTime && BigInt(wallTime.getTime()) * 1_000_000n,
      memoryLimitBytes: memoryLimit,
      faults: faults === undefined ? undefined : unwrap(parseFaults(faults)),
    });
    // The first process does its start-up work; from here on nothing happens by itself.
    core.run(SETTLE_NS, () => {});
    const objects = new KernelObjects(core.memory, core.facts.btf);
    internalsOf.set(this, new MachineInternals(core, new FireContext(core, objects)));
    core.tracePipe.read((line) => {
      if (this.lines.length === TRACE_LINES_MAX) this.lines.shift();
      const { text, cpu, pid, comm } = line;
      this.lines.push({
        text,
        line: formatTraceLine(line),
        time: BigInt(Math.floor(line.ns)),
        cpu,
        pid,
        comm,
      });
    });
  }

  // Objects

  /**
   * Loads an object: fits it to the kernel (CO-RE), creates its maps, verifies and compiles its programs. Nothing is
   * attached yet.
   * @param source a {@link CollectionSpec}, the bytes of an object file, or its path
   * @throws ProbedError; for a program that the verifier refuses with the kernel's log
   */
  load(source: CollectionSpec | Uint8Array | ArrayBuffer | string, options: LoadOptions = {}): Collection {
    const internals = inside(this);
    const spec = source instanceof CollectionSpec ? source : CollectionSpec.parse(source, options.name);
    configure(spec, options);
    const { object, leftOut } = chosenPrograms(spec, options, internals);
    const core = unwrap(internals.core.load({ object }));
    const targets = new Map(objectOf(spec).targets);
    const collection = Collection.of({ machine: this, internals, core, object, options, targets, leftOut });
    this.collections.add(collection);
    return collection;
  }

  // Events

  /**
   * Fires a hook by its name, in the words of sections and of `probectl hooks`:
   *
   * | hook | payload |
   * |---|---|
   * | `tracepoint:GROUP:NAME` | fields of its record, by name |
   * | `raw_tp:NAME`, `tp_btf:NAME` | its arguments, in order or by name |
   * | `kprobe:FUNCTION`, `fentry:FUNCTION` | arguments: the function's entry |
   * | `kretprobe:FUNCTION`, `fexit:FUNCTION` | arguments, with `ret` among the options: its return |
   * | `uprobe:PATH:SYMBOL`, `uretprobe:PATH:SYMBOL` | the same for user functions |
   * | `usdt:PATH:PROVIDER:NAME` | arguments in order |
   * | `ksyscall:NAME` | arguments: the whole system call |
   * | `lsm:HOOK` | arguments; the verdict is in the result's `ret` |
   * | `perf_event:NAME` | a sample |
   *
   * Programs of all kinds that hang at the place are run, as on Linux. A tracepoint's record says most of what `raw_tp`
   * and `tp_btf` programs see: arguments that are called like fields, tasks by their pid; the others are zero, or given
   * among the fields by their own names. Fired in its raw form, it reaches only those.
   * @throws ProbedError `no-such-hook`, `hook-argument`, with the nearest names
   */
  fire(
    hook: string,
    payload: { readonly [name: string]: HookValue } | readonly HookValue[] = {},
    options: FireOptions & { ret?: number | bigint; during?: () => void } = {},
  ): Fired {
    return this.fired(options, (context, site) =>
      fireHook(context, hook, payload as HookPayload, this.callOf(options), site),
    );
  }

  /** The entry of a kernel function: kprobe and fentry programs. */
  kprobe(name: string, options: CallOptions = {}): Fired {
    return this.fired(options, (context, site) =>
      fireKernelFunction(context, name, 'entry', this.callOf(options), site),
    );
  }

  /** The return of a kernel function with `ret`: kretprobe and fexit programs; the latter see `args` too. */
  kretprobe(name: string, options: CallOptions = {}): Fired {
    return this.fired(options, (context, site) =>
      fireKernelFunction(context, name, 'return', this.callOf(options), site),
    );
  }

  /** A whole call of a kernel function: its entry, what happens `during` it, its return. */
  call(name: string, options: CallOptions = {}): Fired {
    return this.fired(options, (context, site) =>
      fireKernelFunction(context, name, 'call', this.callOf(options), site),
    );
  }

  /** Asks the programs of an LSM hook, e.g. `file_open`; the verdict is the result's `ret`. */
  lsm(hook: string, options: CallOptions = {}): Fired {
    return this.fired(options, (context, site) => fireLsm(context, hook, this.callOf(options), site));
  }

  /** The entry of a user function. Arguments are a list; text and bytes go to the task's memory. */
  uprobe(path: string, symbol: string, options: CallOptions = {}): Fired {
    return this.fired(options, (context, site) =>
      fireUserFunction(context, path, symbol, 'entry', this.callOf(options), site),
    );
  }

  /** The return of a user function with `ret`. */
  uretprobe(path: string, symbol: string, options: CallOptions = {}): Fired {
    return this.fired(options, (context, site) =>
      fireUserFunction(context, path, symbol, 'return', this.callOf(options), site),
    );
  }

  /** A USDT probe of an executable or library. Arguments are a list; text and bytes go to the task's memory. */
  usdt(path: string, provider: string, name: string, options: CallOptions = {}): Fired {
    return this.fired(options, (context, site) =>
      fireUsdt(context, `${path}:${provider}:${name}`, options.args ?? [], site),
    );
  }

  /**
   * All that a system call fires on its way in and out: `raw_syscalls:sys_enter` and `sys_exit`, its own tracepoints,
   * its function `__x64_sys_NAME`. The call itself does nothing and returns `ret`. Text, bytes and lists of them
   * (`argv`) are put into the task's memory.
   */
  syscall(name: string, options: CallOptions = {}): Fired {
    return this.fired(options, (context, site) => fireSyscall(context, name, this.callOf(options), site));
  }

  /** A sample of a perf event, e.g. `cpu-clock`. */
  sample(event: string, options: SampleOptions = {}): Fired {
    const { ip, user, period, addr, ...where } = options;
    const payload = { ip, user, period, addr } as unknown as HookPayload;
    return this.fired(where, (context, site) => fireHook(context, `perf_event:${event}`, payload, {}, site));
  }

  // What events are made of

  /** Makes a task; hooks fire in its name with `{ task }`. @throws ProbedError `task-exists`, `no-such-file` … */
  task(options: TaskOptions = {}): Task {
    return inside(this).makeTask(options);
  }

  /** A task of the machine by its pid (thread id); undefined when there is none. */
  taskByPid(pid: number): Task | undefined {
    const task = inside(this).core.kernel.tasks.find(pid);
    return task && inside(this).task(task);
  }

  /** Within `work`, hooks fire in the name of this task (and on this CPU) unless told otherwise. */
  as<T>(where: Task | TaskOptions | FireOptions, work: () => T): T {
    const internals = inside(this);
    const outer = internals.defaults;
    internals.defaults = { ...outer, ...asOptions(where) };
    if (internals.defaults.task !== outer.task)
      internals.defaults = { ...internals.defaults, task: internals.taskOf(internals.defaults.task) };
    try {
      return work();
    } finally {
      internals.defaults = outer;
    }
  }

  /**
   * A kernel object: zeroed but for the members given, laid out by the kernel's BTF. Members that are pointers take
   * other objects, or what is to be pointed to: `machine.struct('file', { f_path: { dentry: { d_name: { name: 'x' } } } })`.
   * @throws ProbedError `no-such-type`, `kernel-object` with the nearest names
   */
  struct(type: string, members: { readonly [name: string]: HookValue } = {}): KernelObject {
    const internals = inside(this);
    return internals.object(unwrap(internals.objects.make(type, members)));
  }

  /** Text with its NUL in the kernel's memory. */
  string(text: string): KernelObject {
    return this.place(new TextEncoder().encode(`${text}\0`), 'char');
  }

  /** Bytes in the kernel's memory. */
  bytes(bytes: Uint8Array): KernelObject {
    return this.place(bytes, 'u8');
  }

  /**
   * Declares an executable or a library, so that uprobes find its functions, USDT programs its probes, and tasks can be
   * of it. @throws ProbedError `executable`
   */
  executable({ path, symbols, probes = [] }: ExecutableOptions): void {
    if (!path.startsWith('/')) fail('executable', `${path} is no absolute path`, { errno: EINVAL });
    inside(this).core.kernel.installProgram(
      path,
      symbols,
      probes.map((probe) => imageProbe(path, symbols, probe)),
    );
  }

  // Time

  /** Virtual time since boot (CLOCK_MONOTONIC), ns. */
  get now(): bigint {
    return BigInt(Math.floor(inside(this).core.kernel.nowNs()));
  }

  /** Lets virtual time pass: clocks go on, workloads run, sampling programs sample. */
  advance(duration: Duration): void {
    inside(this).hub.run(nanoseconds(duration));
  }

  /**
   * Starts a workload of the box and lets time pass: `machine.run({ scenario: 'demo', for: '2s' })`.
   * @throws ProbedError `no-such-name` with the scenarios there are
   */
  run(options: { scenario: string; for?: Duration }): void {
    const scenario = findScenario(options.scenario);
    if (!scenario) {
      const names = SCENARIOS.map(({ name }) => name);
      fail('no-such-name', `no scenario ${options.scenario}`, {
        errno: 2,
        hint: suggestion(String(options.scenario), names),
      });
    }
    const span = nanoseconds(options.for ?? scenario.defaultDurationNs);
    inside(this).core.start(scenario);
    this.advance(span);
  }

  /** Starts an emulated program as a process of its own; it runs as time passes, firing real hooks all the way. */
  launch(options: LaunchOptions): Task {
    const internals = inside(this);
    const { parent, argv = [options.path], ...spec } = options;
    const { kernel } = internals.core;
    return internals.task(kernel.launch({ ...spec, argv, parent: parent && kernel.tasks.find(parent.pid) }));
  }

  // What there is

  /** Lines of `bpf_printk` up to now. */
  get tracePipe(): readonly TraceLine[] {
    return [...this.lines];
  }

  /** Hooks by pattern, e.g. `tracepoint:sched:*`, `vfs_*`; all without one. */
  hooks(pattern?: string): HookEntry[] {
    const matches = pattern === undefined ? () => true : hookMatcher(pattern);
    return [...hookCatalogue(inside(this).core)]
      .filter(matches)
      .map(({ kind, name, state }) => ({ kind, name, live: state === 'live' }));
  }

  /** The kernel's release, e.g. `6.18.0`. */
  get release(): string {
    return inside(this).core.facts.release;
  }

  get cpus(): number {
    return inside(this).core.kernel.cpus;
  }

  /** Unloads everything; iterators and subscriptions of records end. Again is harmless. */
  close(): void {
    for (const collection of this.collections) collection.close();
    this.collections.clear();
    inside(this).hub.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private place(bytes: Uint8Array, type: string): KernelObject {
    const internals = inside(this);
    return internals.object(unwrap(internals.objects.place(bytes, type)));
  }

  private fired(options: FireOptions, fire: (...where: FireWhere) => ReturnType<typeof fireHook>): Fired {
    const internals = inside(this);
    const { runs, ret } = unwrap(fire(internals.context, internals.site(options)));
    internals.hub.pumpForReaders();
    return { runs, ret };
  }

  private callOf(
    options: FireOptions & { args?: HookArguments; ret?: number | bigint; during?: () => void },
  ): HookCall {
    const { args, ret, during } = options;
    if (ret !== undefined && typeof ret !== 'bigint' && !Number.isSafeInteger(ret))
      fail('hook-argument', `ret: ${ret} is no integer`, { errno: EINVAL });
    const inTask = during && (() => this.as({ task: options.task, cpu: options.cpu }, during));
    return {
      args,
      ret: ret === undefined ? undefined : anyWord(BigInt(ret)),
      during: inTask,
    };
  }
}

type FireWhere = readonly [FireContext, ReturnType<MachineInternals['site']>];

/** Bits of `allowedCpus` and of cpumasks that the emulation writes. */
const CPUS_MAX = 32;

provideMachine(() => new Machine());

/** What is behind a machine. */
function inside(machine: Machine): MachineInternals {
  return internalsOf.get(machine)!;
}

function imageProbe(path: string, symbols: readonly string[], probe: ProbeOptions) {
  const { provider, name, inside: symbol = symbols[0], args = '' } = probe;
  const where = `${path}, USDT probe ${provider}:${name}`;
  if (!symbols.includes(symbol)) {
    const hint = suggestion(symbol ?? '', symbols) ?? 'it has no symbols';
    fail('executable', `no function ${symbol} for the probe to be in`, { errno: EINVAL, where, hint });
  }
  if (!parseUsdtArgs(args))
    fail('executable', `arguments "${args}" are not understood`, {
      errno: EINVAL,
      where,
      hint: '8@%rdi -4@%esi',
    });
  return { provider, name, inside: symbol, args, inert: true };
}

function asOptions(where: Task | TaskOptions | FireOptions): FireOptions {
  const isOptions = 'task' in where || 'cpu' in where || 'kernelStack' in where || 'userStack' in where;
  const options = isOptions ? (where as FireOptions) : { task: where as Task | TaskOptions };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function imageOf({ btf, release }: MachineOptions): KernelImage {
  if (btf === undefined) return loadKernelImage();
  if (typeof btf === 'string') return loadKernelImage(unwrap(readCustomKernel(btf, release)));
  if (!isBytes(btf)) fail('machine', 'btf is neither bytes nor a path', { errno: EINVAL });
  const parsed = unwrap(Btf.parse(btf));
  const fault = whyNotWearable(parsed);
  if (fault) unwrap({ ok: false, error: fault });
  return loadKernelImage({ btf: parsed, ...(release !== undefined && { release }) });
}

function configure(spec: CollectionSpec, options: LoadOptions): void {
  for (const [name, value] of Object.entries(options.rodata ?? {})) spec.rodata[name] = value;
  for (const [name, value] of Object.entries(options.variables ?? {})) spec.variables[name] = value;
  for (const [name, { maxEntries }] of Object.entries(options.maps ?? {})) {
    const map = spec.maps[name];
    if (maxEntries !== undefined) map.maxEntries = maxEntries;
  }
  for (const [name, target] of Object.entries(options.attachTo ?? {})) spec.programs[name].attachTo = target;
  for (const name of options.programs ?? []) spec.programs[name];
}

interface Chosen {
  readonly object: ObjectSpec;
  readonly leftOut: readonly string[];
}

/** The object with the programs that are to be loaded. */
function chosenPrograms(spec: CollectionSpec, { programs }: LoadOptions, { core }: MachineInternals): Chosen {
  const { object, chosen, targets } = objectOf(spec);
  const wanted = (name: string) => programs?.includes(name) ?? chosen.get(name) === true;
  const kept = object.programs
    .filter(({ name, optional }) => (programs ? wanted(name) : (chosen.get(name) ?? !optional)))
    .map((program) => ({ ...program, optional: false }));
  const aims = [...targets].map(([program, target]) => ({ program, target }));
  const asked = withAttachTargets({ ...object, programs: kept }, aims);
  const kernel = { btf: core.facts.btf, hooks: core.kernel.hooks };
  const loaded = programs ? asked : chooseAlternatives(asked, kernel, wanted).object;
  const names = new Set(loaded.programs.map(({ name }) => name));
  return {
    object: loaded,
    leftOut: object.programs.map(({ name }) => name).filter((name) => !names.has(name)),
  };
}
