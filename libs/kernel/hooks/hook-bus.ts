import { FunctionHook } from './function-hook';
import type { PerfEvents } from './perf-event';
import { TracepointHook, type TracepointRow } from './tracepoint-hook';

/** One line of the hook catalogue (`probectl hooks`). */
export interface HookEntry {
  readonly kind: 'tracepoint' | 'kprobe' | 'uprobe' | 'perf_event';
  /** `group:name`, function name, `path:symbol`, event name. */
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
  private readonly userFunctions = new Map<string, FunctionHook>();
  private readonly userAliases = new Map<string, string>();
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

  /** Declares a function of an emulated executable or library; `ip` is its user address. */
  declareUserFunction(path: string, symbol: string, ip: number): FunctionHook {
    const key = `${path}:${symbol}`;
    let hook = this.userFunctions.get(key);
    if (!hook) {
      hook = new FunctionHook(symbol, ip);
      hook.live = true;
      this.userFunctions.set(key, hook);
    }
    return hook;
  }

  userFunction(path: string, symbol: string): FunctionHook | undefined {
    return this.userFunctions.get(`${this.userAliases.get(path) ?? path}:${symbol}`);
  }

  /** Another path of the same file (a symbolic link, a library's soname) that uprobes may name. */
  aliasUserPath(alias: string, path: string): void {
    this.userAliases.set(alias, path);
  }

  /** Every attach point, sorted by kind and name. */
  *catalogue(): Generator<HookEntry> {
    yield* this.tracepointCatalogue();
    yield* this.functionCatalogue();
    yield* this.userCatalogue();
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
    for (const [name, hook] of [...this.userFunctions].sort(byName)) {
      yield { kind: 'uprobe', name, state: state(hook.live) };
    }
  }
}

function state(live: boolean): HookEntry['state'] {
  return live ? 'live' : 'inert';
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}
