import { FunctionHook } from './function-hook';
import type { PerfEvents } from './perf-event';
import { TracepointHook, type TracepointRow } from './tracepoint-hook';
import { UserImages } from './user-images';

/** One line of the hook catalogue (`probectl hooks`). */
export interface HookEntry {
  readonly kind: 'tracepoint' | 'kprobe' | 'uprobe' | 'usdt' | 'perf_event';
  /** `group:name`, function name, `path:symbol`, `path:provider:name`, event name. */
  readonly name: string;
  /** `live`: some code path fires it; `inert`: it attaches and never fires. */
  readonly state: 'live' | 'inert';
}

/**
 * All attach points of one emulated kernel. It is the contract between the kernel, which fires, and the machine, which
 * listens; neither knows the other.
 */
export class HookBus {
  private readonly tracepoints = new Map<string, TracepointHook<never>>();
  private readonly functions = new Map<string, FunctionHook>();
  /** Executables and libraries: where uprobes and USDT probes are. */
  readonly user = new UserImages();
  /** All kernel functions; there are more than 100,000, and they stay the same. */
  private sortedNames: readonly string[] | undefined;

  constructor(
    /** Address of a kernel function, or undefined when the kernel has none of that name. */
    private readonly symbol: (name: string) => number | undefined,
    /** All kernel functions that can be probed. */
    private readonly symbolNames: () => Iterable<string>,
    readonly perf: PerfEvents,
  ) {}

  /** Declares a tracepoint that the kernel fires. */
  declareTracepoint<A extends readonly unknown[]>(row: TracepointRow<A>): TracepointHook<A> {
    const hook = new TracepointHook<A>(row.group, row.name, row);
    this.tracepoints.set(`${row.group}:${row.name}`, hook as unknown as TracepointHook<never>);
    return hook;
  }

  /** Declares one whose format is known but which nothing fires. */
  declareInertTracepoint(group: string, name: string): void {
    const key = `${group}:${name}`;
    if (!this.tracepoints.has(key)) this.tracepoints.set(key, new TracepointHook(group, name));
  }

  /** Declares a kernel function that some code path calls through this hook. */
  declareFunction(name: string): FunctionHook {
    const hook = this.kernelFunction(name);
    if (!hook) throw new Error(`invariant broken: the kernel image has no function ${name}`);
    hook.live = true;
    return hook;
  }

  /** Lets a function be known by the name that another kernel gives it. */
  renameFunction(hook: FunctionHook, name: string): void {
    this.functions.set(name, hook);
  }

  tracepoint(group: string, name: string): TracepointHook<never> | undefined {
    return this.tracepoints.get(`${group}:${name}`);
  }

  /** By name alone, for raw tracepoints; the syscalls group has none of its own (it hangs from sys_enter). */
  rawTracepoint(name: string): TracepointHook<never> | undefined {
    for (const hook of this.tracepoints.values())
      if (hook.name === name && hook.group !== 'syscalls') return hook;
    return undefined;
  }

  /** Hook of any kernel function, made on first use; undefined when the kernel has no such function (ENOENT). */
  kernelFunction(name: string): FunctionHook | undefined {
    let hook = this.functions.get(name);
    if (hook) return hook;
    const ip = this.symbol(name);
    if (ip === undefined) return undefined;
    hook = new FunctionHook(name, ip);
    this.functions.set(name, hook);
    return hook;
  }

  /** Names of kernel functions that a test holds for, in order of address. */
  *kernelFunctionsWhere(matches: (name: string) => boolean): Generator<string> {
    for (const name of this.symbolNames()) if (matches(name)) yield name;
  }

  /** A function of an executable or library, named as uprobes name it. */
  userFunction(path: string, symbol: string): FunctionHook | undefined {
    return this.user.function(path, symbol);
  }

  /** Every attach point, sorted by kind and name. */
  *catalogue(): Generator<HookEntry> {
    yield* this.tracepointCatalogue();
    yield* this.functionCatalogue();
    yield* this.userCatalogue();
    yield* this.usdtCatalogue();
  }

  *tracepointCatalogue(): Generator<HookEntry> {
    for (const [name, hook] of [...this.tracepoints].sort(byName)) {
      yield { kind: 'tracepoint', name, state: state(hook.live) };
    }
  }

  *functionCatalogue(): Generator<HookEntry> {
    this.sortedNames ??= [...this.symbolNames()].sort();
    for (const name of this.sortedNames) {
      yield { kind: 'kprobe', name, state: state(this.functions.get(name)?.live ?? false) };
    }
  }

  /** Functions of the executables and libraries that have been seen, sorted by name. */
  *userCatalogue(): Generator<HookEntry> {
    for (const [name, hook] of [...this.user.allFunctions()].sort(byName)) {
      yield { kind: 'uprobe', name, state: state(hook.live) };
    }
  }

  /** USDT probes of the same, sorted by path; a probe with several places occurs once. */
  *usdtCatalogue(): Generator<HookEntry> {
    const probesByName = new Map<string, boolean>();
    for (const { path, probes } of this.user.all())
      for (const { provider, name, live } of probes) probesByName.set(`${path}:${provider}:${name}`, live);
    for (const [name, live] of [...probesByName].sort(byName))
      yield { kind: 'usdt', name, state: state(live) };
  }
}

function state(live: boolean): HookEntry['state'] {
  return live ? 'live' : 'inert';
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}
