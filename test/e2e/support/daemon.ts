import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type OperationId, type RequestOf, type ResponseOf, ROUTES, type Route } from '@probed/protocol';

export const ROOT = join(__dirname, '../../..');
/** Compiled entry; another build can be tested by naming it in the environment. */
const MAIN = process.env['PROBED_TEST_DAEMON'] ?? join(ROOT, 'dist/apps/daemon/src/main.js');
const START_MS_MAX = 45_000;
const LOOK_MS = 20;
const EXIT_MS_MAX = 10_000;

export interface StartOptions {
  /** Flags; `--port 0` and the state directory are given already. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** An earlier daemon's, to go on with; a fresh one by default, removed at the end. */
  readonly stateDir?: string;
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const folders: string[] = [];
const running = new Set<TestDaemon>();

/** A daemon as its users run it: a process of its own, with a state directory and a port of its own. */
export class TestDaemon {
  readonly exited: Promise<Exit>;
  url = '';
  token = '';
  stdout = '';
  stderr = '';

  private constructor(
    readonly stateDir: string,
    private readonly child: ChildProcess,
  ) {
    child.stdout!.on('data', (chunk) => {
      this.stdout += chunk;
    });
    child.stderr!.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.exited = once(child, 'close').then(([code, signal]) => ({ code, signal }) as Exit);
    running.add(this);
    void this.exited.then(() => running.delete(this));
  }

  /** Resolves when it serves. @throws it has ended instead */
  static async start(options: StartOptions = {}): Promise<TestDaemon> {
    const daemon = TestDaemon.spawn(options);
    await daemon.serving();
    return daemon;
  }

  /** Starts it without waiting for anything. */
  static spawn({ args = [], env = {}, stateDir = newStateDir() }: StartOptions = {}): TestDaemon {
    const flags = ['--port', '0', '--state-dir', stateDir, ...args];
    const child = spawn(process.execPath, [MAIN, ...flags], {
      cwd: ROOT,
      env: { ...cleanEnv(), PROBED_CHECK_RESPONSES: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new TestDaemon(stateDir, child);
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Until daemon.json tells where it listens. */
  async serving(): Promise<void> {
    const file = join(this.stateDir, 'daemon.json');
    const found = await eventually(() => {
      if (this.child.exitCode !== null) throw new Error(`the daemon ended: ${this.stderr}`);
      const told = existsSync(file)
        ? (JSON.parse(readFileSync(file, 'utf8')) as { pid: number; url: string })
        : undefined;
      return told?.pid === this.pid ? told : undefined;
    }, START_MS_MAX);
    this.url = found.url;
    this.token = readFileSync(join(this.stateDir, 'admin.token'), 'utf8').trim();
  }

  /** One operation of the REST API. @returns status and body, whatever they are */
  async ask<O extends OperationId>(
    operation: O,
    request: RequestOf<O> = {},
  ): Promise<{ status: number; body: ResponseOf<O> }> {
    const { method, path } = ROUTES[operation] as Route;
    const { params = {}, query = {}, body } = request as Record<string, Record<string, unknown> | undefined>;
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
    const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
    const bytes = body instanceof Uint8Array;
    const answer = await fetch(`${this.url}/api/v1${filled}?${search}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body && { 'content-type': bytes ? 'application/octet-stream' : 'application/json' }),
      },
      ...(body && { body: bytes ? (body as BodyInit) : JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as ResponseOf<O> };
  }

  /** The same, where only success will do. */
  async get<O extends OperationId>(operation: O, request: RequestOf<O> = {}): Promise<ResponseOf<O>> {
    const { status, body } = await this.ask(operation, request);
    if (status >= 400) throw new Error(`${operation}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** Uploads a file of `examples/`. */
  upload(
    name: string,
    options: RequestOf<'uploadProgram'>['query'] = {},
  ): Promise<ResponseOf<'uploadProgram'>> {
    const body = readFileSync(join(ROOT, 'examples', name, `${name}.bpf.o`));
    return this.get('uploadProgram', { query: { name, ...options }, body });
  }

  /** As Ctrl-C or a supervisor would. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.child.kill(signal);
    const late = sleep(EXIT_MS_MAX, undefined, { ref: false }).then(() => this.child.kill('SIGKILL'));
    const exit = await this.exited;
    void late;
    return exit;
  }

  /** As the kernel does it to a process that has taken too much. */
  kill(): Promise<Exit> {
    return this.stop('SIGKILL');
  }
}

/** For `afterAll`: ends what a failed test has left, and removes state directories. */
export async function cleanUp(): Promise<void> {
  await Promise.all([...running].map((daemon) => daemon.kill()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export function newStateDir(): string {
  const folder = mkdtempSync(join(tmpdir(), 'probed-e2e-'));
  folders.push(folder);
  return folder;
}

/** Looks until there is something. @throws it has taken too long */
export async function eventually<T>(
  look: () => T | undefined | Promise<T | undefined>,
  msMax = 10_000,
): Promise<T> {
  const end = Date.now() + msMax;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`not within ${msMax / 1_000} s: ${look}`);
    await sleep(LOOK_MS);
  }
}

/** Settings of whoever runs the tests must not reach the daemon under test. */
function cleanEnv(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PROBED_')));
}
