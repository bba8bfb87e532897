import type { DrivenProcess, Driver } from '@probed/system';
import type { Bash, CommandContext, ExecResult } from 'just-bash';
import { type JustBash, loadJustBash } from '../just-bash';
import { EmulatedFs, TOOL_DIRECTORY } from '../os/emulated-fs';
import { currentDirectory, readDescriptor, writeAll } from '../os/io';
import { loadLocale } from '../os/locale';
import { costOf } from './costs';
import { runChild } from './run-child';
import { readsStdin } from './stdin-rules';

/** Bounds of one tool: emulated files are small, and a tool may not hold up the node. */
const LIMITS = {
  maxOutputSize: 32 * 1024 * 1024,
  maxStringLength: 32 * 1024 * 1024,
  maxLoopIterations: 100_000,
  maxAwkIterations: 200_000,
  maxSedIterations: 100_000,
  maxJqIterations: 100_000,
  maxTraversalEntries: 50_000,
  maxExecutionTimeMs: 20_000,
} as const;
const EIO_STATUS = 2;

/** Arguments that just-bash reads otherwise than the tool does, put so that it understands them. */
const REWORDED: Readonly<Record<string, (args: string[]) => string[]>> = {
  tr: (args) =>
    args.map((arg) =>
      arg.replace(/\\([0-7]{1,3})/g, (_all, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
    ),
};

/** Output that just-bash lays out otherwise than the tool does. */
const AMENDED: Readonly<Record<string, (stdout: string, args: readonly string[]) => string>> = {
  uniq: (stdout, args) =>
    args.some((arg) => /^-\w*c/.test(arg) || arg === '--count')
      ? stdout.replace(/^ *(\d+) /gm, (_all, count) => `${count.padStart(7)} `)
      : stdout,
};

/** Messages as a tool would put them, without what is just-bash's or Node's own. */
function plainMessage(stderr: string): string {
  return stderr
    .replace(/^bash: (line \d+: )?/gm, '')
    .replace(/\bE[A-Z]+: ([a-z ]+), \w+ '[^'\n]*'/g, (_all, text) => text[0].toUpperCase() + text.slice(1));
}

/** One just-bash interpreter: its tools run one after the other, each as the process that it has been lent to. */
class Workbench {
  readonly fs = new EmulatedFs();
  private readonly bash: Bash;
  private top = false;
  /** What the tool itself gave: the interpreter around it forgets which outputs are bytes. */
  private result: ExecResult | undefined;

  constructor(
    module: JustBash,
    names: readonly string[],
    private readonly others: ReadonlySet<string>,
  ) {
    const custom = [...new Set([...names, ...others])].map((name) =>
      module.defineCommand(name, (args, context) => this.dispatch(name, args, context)),
    );
    this.bash = new module.Bash({
      fs: this.fs,
      cwd: '/',
      customCommands: custom,
      executionLimits: LIMITS,
      defenseInDepth: false,
      sleep: () => Promise.resolve(),
    });
  }

  async run(
    process: DrivenProcess,
    cwd: string,
    argv: readonly string[],
    stdin: Uint8Array,
  ): Promise<ExecResult> {
    this.fs.enter(process, cwd);
    this.top = true;
    this.result = undefined;
    try {
      const outer = await this.bash.exec(argv[0], {
        args: argv.slice(1),
        cwd,
        env: { ...process.env, PATH: TOOL_DIRECTORY },
        replaceEnv: true,
        rawScript: true,
        stdin: Buffer.from(stdin.buffer, stdin.byteOffset, stdin.length).toString('latin1'),
        stdinKind: 'bytes',
      });
      return this.result ?? outer;
    } finally {
      this.fs.leave();
    }
  }

  /** The tool itself, or what it starts in its turn (`find -exec`): that is a process of its own. */
  private async dispatch(name: string, args: string[], context: CommandContext): Promise<ExecResult> {
    if (this.top && context.origCommand && !this.others.has(name)) {
      this.top = false;
      this.fs.started();
      this.result = await context.origCommand(REWORDED[name]?.(args) ?? args);
      return this.result;
    }
    const stdin = Buffer.from(context.stdin as unknown as string, 'latin1');
    return runChild(this.fs.process!, [name, ...args], Uint8Array.from(stdin));
  }
}

/** Interpreters that nobody uses at the moment. */
export class Workbenches {
  private readonly idle: Workbench[] = [];

  /**
   * @param names tools that just-bash has
   * @param others names that are processes of their own wherever they are called
   */
  constructor(
    private readonly names: readonly string[],
    private readonly others: ReadonlySet<string>,
  ) {}

  async use<T>(body: (bench: Workbench) => Promise<T>): Promise<T> {
    const bench = this.idle.pop() ?? new Workbench(await loadJustBash(), this.names, this.others);
    const result = await body(bench);
    // One that was thrown out of may be in the middle of anything.
    this.idle.push(bench);
    return result;
  }
}

/** The driver of a tool that just-bash implements. */
export function justBashTool(name: string, benches: Workbenches): Driver {
  const cost = costOf(name);
  return async (process) => {
    const args = process.argv.slice(1);
    const start = await process.run(function* (u) {
      yield* loadLocale(u);
      yield* u.cpu(cost.startNs);
      const cwd = yield* currentDirectory(u);
      const stdin = readsStdin(name, args) ? yield* readDescriptor(u, 0) : new Uint8Array(0);
      return { cwd, stdin };
    });
    const stdin = typeof start.stdin === 'number' ? new Uint8Array(0) : start.stdin;
    const result = await benches.use((bench) => bench.run(process, start.cwd, [name, ...args], stdin));
    const binary = result.stdoutKind === 'bytes' || result.stdoutEncoding === 'binary';
    const text = AMENDED[name]?.(result.stdout, args) ?? result.stdout;
    const stdout = Uint8Array.from(Buffer.from(text, binary ? 'latin1' : 'utf8'));
    return process.run(function* (u) {
      yield* u.cpu((stdin.length + stdout.length) * cost.byteNs);
      if (stdout.length > 0) {
        yield* u.fstat(1);
        if ((yield* writeAll(u, 1, stdout)) < 0) return EIO_STATUS;
      }
      if (result.stderr) yield* writeAll(u, 2, plainMessage(result.stderr));
      yield* u.close(1);
      yield* u.close(2);
      return result.exitCode;
    });
  };
}
