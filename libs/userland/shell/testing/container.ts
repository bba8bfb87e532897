import { Btf } from '@probed/btf';
import { KernelMemory } from '@probed/memory';
import {
  CAP_CONTAINER,
  createStdio,
  createTty,
  dnsAnswer,
  type FileTree,
  Kernel,
  type KernelSymbols,
  type Launch,
  parseIp,
  type Tty,
  webTree,
} from '@probed/system';
import { installShell, type ShellOptions } from '../index';

const MS_NS = 1e6;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The reference kernel's own data, as the service layer's assets give it. */
export interface KernelData {
  readonly btf: Uint8Array;
  readonly symbols: KernelSymbols;
}

/** What a process wrote and how it ended. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
  readonly pid: number;
}

export interface ContainerOptions {
  readonly seed?: number;
  readonly hooks?: ShellOptions;
  /** Files besides a web server's. */
  readonly files?: FileTree;
}

/** One kernel with one container that has the shell's tools in it. */
export class Container {
  readonly kernel: Kernel;
  private readonly place: Pick<Launch, 'root' | 'nsproxy' | 'cgroup' | 'caps'>;

  constructor({ btf, symbols }: KernelData, options: ContainerOptions = {}) {
    const parsed = Btf.parse(btf);
    if (!parsed.ok) throw new Error(parsed.error.message);
    const { seed = 3 } = options;
    this.kernel = new Kernel({ memory: new KernelMemory(), btf: parsed.value, symbols, seed });
    const { kernel } = this;
    kernel.drivers.onCrash = (pid, error) => {
      throw Object.assign(error as Error, { pid });
    };
    installShell(kernel, options.hooks);
    const name = 'web-1';
    const kinds = new Set(['mnt', 'uts', 'ipc', 'pid', 'net', 'cgroup'] as const);
    const nsproxy = kernel.ns.derive(kernel.ns.initProxy, kinds, name);
    kernel.net.addAddress(nsproxy.all.net, parseIp('10.244.1.17')!);
    kernel.net.addAddress(kernel.ns.initNet, parseIp('192.168.56.11')!);
    const root = kernel.createRoot({ ...webTree(name, '10.244.1.17'), ...options.files }, nsproxy.all.pid);
    this.place = { root, nsproxy, cgroup: '/kubepods.slice/pod1/container1', caps: CAP_CONTAINER };
    this.connect();
    kernel.launch({ ...this.place, path: '/usr/sbin/nginx', argv: ['nginx'] });
  }

  private connect(): void {
    const { net } = this.kernel;
    const zone = new Map([
      ['example.com', parseIp('93.184.215.14')!],
      ['deb.debian.org', parseIp('151.101.2.132')!],
    ]);
    net.addRemote({
      ip: parseIp('10.96.0.10')!,
      rttNs: 0.4 * MS_NS,
      tcp: {},
      udp: {
        53: (query) => {
          const data = dnsAnswer(query, zone);
          return data && { data, afterNs: 0.1 * MS_NS };
        },
      },
    });
    const page = '<html>hello</html>\n';
    const reply = (request: Uint8Array) => {
      const head = decoder.decode(request).split(' ').slice(0, 2).join(' ');
      const body = `${page}${head}\n`;
      const text = `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      return { data: encoder.encode(text), afterNs: MS_NS };
    };
    for (const ip of ['93.184.215.14', '151.101.2.132'])
      net.addRemote({ ip: parseIp(ip)!, rttNs: 9 * MS_NS, tcp: { 80: reply, 443: reply }, udp: {} });
  }

  launch(spec: Omit<Launch, 'root' | 'nsproxy' | 'cgroup' | 'path'> & { path?: string }) {
    const env = ['PATH=/usr/local/bin:/usr/bin:/bin', 'HOME=/root', 'HOSTNAME=web-1', ...(spec.env ?? [])];
    return this.kernel.launch({ ...this.place, path: `/bin/${spec.argv[0]}`, ...spec, env });
  }

  /** Runs one process to its end with pipes as its standard streams. */
  async exec(
    argv: readonly string[],
    more: Partial<Launch> & { input?: string | null } = {},
  ): Promise<Outcome> {
    const { input, ...launch } = more;
    const stdio = createStdio(this.kernel);
    let stdout = '';
    let stderr = '';
    stdio.onStdout = (data) => {
      stdout += decoder.decode(data, { stream: true });
    };
    stdio.onStderr = (data) => {
      stderr += decoder.decode(data, { stream: true });
    };
    let status: number | undefined;
    const task = this.launch({
      argv,
      stdio,
      ...launch,
      onExit: (value) => {
        status = value;
      },
    });
    if (input) stdio.write(input);
    if (input !== null) stdio.closeStdin();
    for (let i = 0; i < 2_000 && status === undefined; i++)
      await this.kernel.runAsync(this.kernel.nowNs() + 50 * MS_NS);
    if (status === undefined) throw new Error(`${argv.join(' ')}: did not end; so far: ${stdout}${stderr}`);
    return { stdout, stderr, code: status & 0x7f ? 128 + (status & 0x7f) : status >> 8, pid: task.pid };
  }

  /** `bash -c` */
  sh(script: string, ...args: readonly string[]): Promise<Outcome> {
    return this.exec(['bash', '-c', script, ...args]);
  }

  terminal(more: Partial<Launch> = {}): Terminal {
    return new Terminal(this, more);
  }

  async run(ms: number): Promise<void> {
    await this.kernel.runAsync(this.kernel.nowNs() + ms * MS_NS);
  }
}

/** A person at a terminal. */
class Terminal {
  readonly tty: Tty;
  readonly pid: number;
  screen = '';
  code: number | undefined;

  constructor(
    private readonly container: Container,
    more: Partial<Launch>,
  ) {
    this.tty = createTty(container.kernel);
    this.tty.onOutput = (data) => {
      this.screen += decoder.decode(data, { stream: true });
    };
    const task = container.launch({
      argv: ['bash'],
      tty: this.tty,
      ...more,
      onExit: (status) => {
        this.code = status & 0x7f ? 128 + (status & 0x7f) : status >> 8;
      },
    });
    this.pid = task.pid;
  }

  type(text: string): void {
    this.tty.type(this.container.kernel, text);
  }

  /** Types a line and lets time pass until the next prompt. @returns what appeared on the screen */
  async line(text: string, ms = 2_000): Promise<string> {
    const before = this.screen.length;
    this.type(`${text}\r`);
    for (let i = 0; i < ms / 10; i++) {
      await this.container.run(10);
      const added = this.screen.slice(before);
      if (this.code !== undefined || /(\$ |# |> )$/.test(added.slice(text.length))) break;
    }
    return this.screen.slice(before);
  }
}
