/**
 * The running Linux kernel as the reference: a client of tools/host-bpf/host-bpf.c, which it compiles into a temporary
 * folder. Commands are pipelined; answers come in order. Where there is no Linux, root, bpf(2) or C compiler,
 * {@link openHostKernel} says so in a line and gives nothing.
 */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromHex, toHex } from '@probed/base';
import { BPF_PSEUDO_LD, type Insn, OP_LD_IMM64 } from '@probed/isa';

export interface HostMap {
  readonly name?: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags?: number;
  /** Index of a BTF object, with the type ids of key and value in it. */
  readonly btf?: number;
  readonly keyTypeId?: number;
  readonly valueTypeId?: number;
  /** Index of the inner map's template. */
  readonly inner?: number;
  readonly extra?: number;
}

export interface HostProgram {
  readonly type: number;
  readonly expectedAttachType?: number;
  /** Byte code; a 64-bit load of a map has the map's index as its immediate. */
  readonly insns: Uint8Array;
  readonly license?: string;
  readonly name?: string;
  readonly flags?: number;
  /** 0 none, 1 or 2, plus 4 for statistics. */
  readonly logLevel?: number;
  /** Bytes of log kept, from its end; default 64 MiB. */
  readonly logSize?: number;
  readonly attachBtfId?: number;
  readonly btf?: number;
  readonly funcInfo?: Uint8Array;
  readonly funcInfoBytes?: number;
  readonly lineInfo?: Uint8Array;
  readonly lineInfoBytes?: number;
  /** Effective capabilities of the loader as a mask, e.g. `0x8000000000` for CAP_BPF; all of root's when absent. */
  readonly caps?: string;
  /** Packet to run it on. */
  readonly data?: Uint8Array;
  /** Context to run it on. */
  readonly ctx?: Uint8Array;
  readonly repeat?: number;
  /** `attr.test.flags`, `cpu`, `batch_size`. */
  readonly runFlags?: number;
  readonly cpu?: number;
  readonly batchSize?: number;
  /** Bytes of room for the packet afterwards, and for the context; default 64 KiB and none. */
  readonly dataOutBytes?: number;
  readonly ctxOutBytes?: number;
  /** Runs it although there is neither packet nor context. */
  readonly run?: boolean;
  /** Maps to read afterwards, by index. */
  readonly dump?: readonly number[];
}

export interface HostVerdict {
  /** 0 when the program was accepted. */
  readonly errno: number;
  readonly log: string;
  /** Of the run, when there was one: errno, r0, packet afterwards. */
  readonly runErrno?: number;
  readonly retval?: number;
  readonly data?: Uint8Array;
  /** `data_size_out` as the kernel reports it. */
  readonly dataBytes?: number;
  /** The context afterwards. */
  readonly ctx?: Uint8Array;
  /** By map index: hexadecimal key to hexadecimal value. */
  readonly maps: ReadonlyMap<number, ReadonlyMap<string, string>>;
}

interface Waiter {
  resolve(answer: { fields: string[]; log: string }): void;
  reject(error: Error): void;
}

const SOURCE = join(__dirname, '../../tools/host-bpf/host-bpf.c');

/** A running helper process and what it answered so far. */
export class HostKernel {
  private readonly waiting: Waiter[] = [];
  private input = Buffer.alloc(0);
  private chunks: Buffer[] = [];

  constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly folder: string,
  ) {
    child.stdout.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk);
      this.take();
    });
    child.on('exit', (code) => {
      for (const waiter of this.waiting.splice(0)) waiter.reject(new Error(`host-bpf ended with ${code}`));
    });
    child.stderr.resume();
    child.stdin.on('error', () => undefined);
  }

  private take(): void {
    this.input = Buffer.concat([this.input, ...this.chunks]);
    this.chunks = [];
    for (;;) {
      const end = this.input.indexOf(10);
      if (end < 0) return;
      const fields = this.input.toString('latin1', 0, end).split(' ');
      const last = fields[fields.length - 1];
      const logBytes = last.startsWith('log=') ? Number(last.slice(4)) + 1 : 0;
      if (this.input.length < end + 1 + logBytes) return;
      const log = logBytes ? this.input.toString('utf8', end + 1, end + logBytes) : '';
      this.input = this.input.subarray(end + 1 + logBytes);
      this.waiting.shift()?.resolve({ fields, log });
    }
  }

  private send(command: string, tokens: Record<string, string | number | undefined>) {
    const parts = [command];
    for (const [key, value] of Object.entries(tokens)) {
      if (value !== undefined) parts.push(`${key}=${value}`);
    }
    return new Promise<{ fields: string[]; log: string }>((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin.write(`${parts.join(' ')}\n`);
    });
  }

  private async index(command: string, tokens: Record<string, string | number | undefined>): Promise<number> {
    const [name, value] = (await this.send(command, tokens)).fields[0].split('=');
    return name === 'idx' ? Number(value) : -Number(value);
  }

  /** @returns index of the map, or a negative errno */
  createMap(map: HostMap): Promise<number> {
    return this.index('map', {
      name: map.name,
      type: map.type,
      key: map.keySize,
      value: map.valueSize,
      max: map.maxEntries,
      flags: map.flags,
      btf: map.btf,
      keytype: map.keyTypeId,
      valuetype: map.valueTypeId,
      inner: map.inner,
      extra: map.extra,
    });
  }

  /** @returns index of the BTF object, or a negative errno */
  loadBtf(data: Uint8Array): Promise<number> {
    return this.index('btf', { data: toHex(data) });
  }

  async setElement(map: number, key: Uint8Array, value: Uint8Array): Promise<void> {
    await this.send('elem', { map, key: toHex(key), value: toHex(value) });
  }

  async freeze(map: number): Promise<void> {
    await this.send('freeze', { map });
  }

  /** Arrays to zero, other maps emptied. */
  async clear(maps: readonly number[]): Promise<void> {
    await this.send('clear', { map: maps.join(',') });
  }

  /** Closes all maps and BTF objects; indexes start again at 0. */
  async drop(): Promise<void> {
    await this.send('drop', {});
  }

  async load(program: HostProgram): Promise<HostVerdict> {
    const { fields, log } = await this.send('prog', {
      type: program.type,
      attach: program.expectedAttachType,
      license: program.license === undefined ? undefined : toHex(new TextEncoder().encode(program.license)),
      name: program.name,
      flags: program.flags,
      log: program.logLevel,
      logsize: program.logSize,
      btfid: program.attachBtfId,
      btf: program.btf,
      funcinfo: program.funcInfo && toHex(program.funcInfo),
      funcsize: program.funcInfoBytes,
      lineinfo: program.lineInfo && toHex(program.lineInfo),
      linesize: program.lineInfoBytes,
      caps: program.caps,
      repeat: program.repeat,
      runflags: program.runFlags,
      cpu: program.cpu,
      batch: program.batchSize,
      outsize: program.dataOutBytes,
      ctxoutsize: program.ctxOutBytes,
      run: program.run ? 1 : undefined,
      dump: program.dump?.join(','),
      insns: toHex(program.insns),
      ctx: program.ctx && toHex(program.ctx),
      data: program.data && toHex(program.data),
    });
    return parseVerdict(fields, log);
  }

  close(): void {
    this.child.stdin.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function parseVerdict(fields: string[], log: string): HostVerdict {
  const values = new Map<string, string>();
  const maps = new Map<number, ReadonlyMap<string, string>>();
  for (const field of fields) {
    const equals = field.indexOf('=');
    const key = field.slice(0, equals);
    if (key !== 'map') values.set(key, field.slice(equals + 1));
    else {
      const colon = field.indexOf(':');
      const pairs = field
        .slice(colon + 1)
        .split(',')
        .filter(Boolean);
      maps.set(
        Number(field.slice(equals + 1, colon)),
        new Map(pairs.map((p) => p.split('=') as [string, string])),
      );
    }
  }
  const run = values.get('run');
  const data = values.get('data');
  const ctx = values.get('ctx');
  const bytes = values.get('datasize');
  return {
    errno: Number(values.get('errno')),
    log,
    maps,
    ...(run !== undefined && { runErrno: Number(run), retval: Number(values.get('retval')) }),
    ...(data !== undefined && { data: fromHex(data) }),
    ...(bytes !== undefined && { dataBytes: Number(bytes) }),
    ...(ctx !== undefined && { ctx: fromHex(ctx) }),
  };
}

/** The program with -1, which names no map, where it loads a map of a number that is none: as host-bpf does it. */
export function withoutStrayMaps(insns: readonly Insn[], isMap: (index: number) => boolean): Insn[] {
  const isMapLoad = ({ opcode, src }: Insn) =>
    opcode === OP_LD_IMM64 && (src === BPF_PSEUDO_LD.MAP_FD || src === BPF_PSEUDO_LD.MAP_VALUE);
  return insns.map((insn) => (isMapLoad(insn) && !isMap(insn.imm) ? { ...insn, imm: -1 } : insn));
}

/** A socket filter that returns 0. */
const SMALLEST = Uint8Array.of(0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);

/** @returns the kernel, or why there is none */
export async function openHostKernel(): Promise<HostKernel | string> {
  if (process.platform !== 'linux') return 'host is not Linux';
  if (process.getuid?.() !== 0) return 'not root';
  const folder = mkdtempSync(join(tmpdir(), 'host-bpf-'));
  const binary = join(folder, 'host-bpf');
  try {
    execFileSync('cc', ['-O2', '-o', binary, SOURCE], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true, force: true });
    return 'no C compiler';
  }
  const kernel = new HostKernel(spawn(binary, { stdio: 'pipe' }), folder);
  const { errno } = await kernel.load({ type: 1, insns: SMALLEST });
  if (errno === 0) return kernel;
  kernel.close();
  return `bpf(2) answers with errno ${errno}`;
}
