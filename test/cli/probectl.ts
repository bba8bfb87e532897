import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = join(__dirname, '../..');
/** Another build can be tested by naming it in the environment. */
const BIN = process.env['PROBED_TEST_PROBECTL'] ?? join(ROOT, 'bin/probectl');
/** Far more than any call takes: what hangs must fail, not stall. */
const TIMEOUT_MS = 50_000;
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

export const EXAMPLES = join(ROOT, 'examples');
const FIXTURES = join(__dirname, 'fixtures');

/** An example's object by its name. */
export function example(name: string): string {
  return join(EXAMPLES, name, `${name}.bpf.o`);
}

export function rejectedExample(name: string): string {
  return join(EXAMPLES, 'rejected', `${name}.bpf.o`);
}

export function fixture(name: string): string {
  return join(FIXTURES, `${name}.bpf.o`);
}

interface Called {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built `probectl` to its end. */
export function probectl(...args: string[]): Called {
  return probectlWith('', ...args);
}

/** The same with something on standard input. */
export function probectlWith(input: string, ...args: string[]): Called {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], {
    encoding: 'utf8',
    input,
    timeout: TIMEOUT_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
    cwd: ROOT,
  });
  return { code: status, stdout, stderr };
}

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
export type Document = { readonly [name: string]: Json };

/** Output of a `--json` call that must succeed. */
export function documents(...args: string[]): Document[] {
  const { code, stdout, stderr } = probectl(...args, '--json');
  if (code !== 0) throw new Error(`probectl ${args.join(' ')} gave ${code}: ${stderr}`);
  return parseDocuments(stdout);
}

export function parseDocuments(stdout: string): Document[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Document);
}

export function ofType(all: readonly Document[], type: string): Document[] {
  return all.filter((document) => document['type'] === type);
}

/** Nothing of a daemon that the tester has running. */
const OUR_ENV = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(PROBED|XDG)_/.test(name)),
);

interface RunningOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input, then its end; null: open and silent; none: no input at all. */
  readonly input?: string | null;
}

/** A `probectl` that runs beside the test, so that the test can serve it. */
export class RunningProbectl {
  stdout = '';
  stderr = '';
  readonly child: ChildProcess;
  readonly done: Promise<Called>;

  constructor(args: readonly string[], { env = {}, input }: RunningOptions = {}) {
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd: ROOT,
      env: { ...OUR_ENV, ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
    });
    this.child = child;
    if (typeof input === 'string') child.stdin?.end(input);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.done = new Promise((resolve) => {
      child.on('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  /** Waits until something holds, by what was printed so far. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const end = Date.now() + TIMEOUT_MS / 2;
    while (!holds()) {
      if (Date.now() > end) throw new Error(`no ${what}; stdout: ${this.stdout} stderr: ${this.stderr}`);
      await sleep(10);
    }
  }
}
