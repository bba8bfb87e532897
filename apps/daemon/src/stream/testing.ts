import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { diagnostic } from '@probed/base';
import type { Batch, MapInfo, WireRecord } from '@probed/protocol';
import type { StoreCommands } from '@probed/store';
import { RecordPipeline } from '@probed/stream';
import { Subject } from 'rxjs';
import { io, type Socket } from 'socket.io-client';
import { Logger } from '../app/logger';
import { ExecGateway } from '../exec/exec.gateway';
import { ExecOutputs } from '../exec/exec-outputs';
import type { KernelCommands, KernelFrame } from '../kernel/commands';
import { AccessControl } from '../security/access-control';
import { CommandRefused } from '../threads/rpc';
import { FrameRouter } from './frame-router';
import { AccessPort, MapDirectory, StreamKernel, StreamStore } from './ports';
import { SocketIoAdapter } from './socket-io.adapter';
import { StreamGateway } from './stream.gateway';

type Handlers = {
  [C in keyof KernelCommands]?: (
    params: KernelCommands[C]['params'],
  ) => KernelCommands[C]['result'] | Promise<KernelCommands[C]['result']>;
};

/** A kernel thread's client whose answers the test gives. */
export class FakeKernel implements StreamKernel {
  state: StreamKernel['state'] = { state: 'running', boot: 'boot-1' };
  readonly changes = new Subject<unknown>();
  readonly handlers: Handlers = {};
  readonly calls: { readonly command: string; readonly params: unknown }[] = [];

  become(state: StreamKernel['state']): void {
    this.state = state;
    this.changes.next(state);
  }

  async call<K extends keyof KernelCommands & string>(
    command: K,
    params: KernelCommands[K]['params'],
  ): Promise<KernelCommands[K]['result']> {
    this.calls.push({ command, params });
    const handler = this.handlers[command] as
      | ((params: unknown) => KernelCommands[K]['result'] | Promise<KernelCommands[K]['result']>)
      | undefined;
    if (!handler) throw new CommandRefused(diagnostic('unknown', `the test has no ${command}`));
    return handler(params);
  }

  count(command: keyof KernelCommands): number {
    return this.calls.filter((call) => call.command === command).length;
  }
}

/** A store thread's client that keeps records in memory. */
export class FakeStore implements StreamStore {
  state: StreamStore['state'] = { state: 'ok' };
  readonly changes = new Subject<unknown>();
  readonly rows: { boot: string; sequence: number; json: string }[] = [];
  readonly snapshots: unknown[] = [];

  become(state: StreamStore['state']): void {
    this.state = state;
    this.changes.next(state);
  }

  async call<K extends keyof StoreCommands & string>(
    command: K,
    params: StoreCommands[K]['params'],
  ): Promise<StoreCommands[K]['result']> {
    await new Promise(setImmediate);
    const answer = (this.handlers as Record<string, ((params: never) => unknown) | undefined>)[command];
    return answer?.(params as never) as StoreCommands[K]['result'];
  }

  private readonly handlers = {
    append: ({ records = [], snapshots = [] }: StoreCommands['append']['params']) => {
      if (this.state.state === 'failing') throw new CommandRefused(diagnostic('store-full', 'disk full'));
      this.rows.push(...records.map(({ boot, sequence, json }) => ({ boot, sequence, json })));
      this.snapshots.push(...snapshots);
      return null;
    },
    'record.after': ({ boot, sequence, limit }: StoreCommands['record.after']['params']) => {
      if (boot !== 'boot-1') throw new CommandRefused(diagnostic('unknown-boot', `there is no boot ${boot}`));
      const from = this.rows.findIndex((row) => row.sequence > sequence);
      return from < 0 ? [] : this.rows.slice(from, from + limit);
    },
  };
}

export const TOKEN = 'the-token-of-this-test';

export const MAP: MapInfo = {
  id: 5,
  name: 'counts',
  object_id: 1,
  object: 'counter',
  type: 'hash',
  key_size: 4,
  value_size: 8,
  max_entries: 1024,
  flags: 0,
  internal: false,
  nodes: ['node-1', 'node-2'],
};

/** A daemon's gateways on a port, with fakes behind them. */
export class TestDaemon {
  readonly kernel = new FakeKernel();
  readonly store = new FakeStore();
  readonly maps = new Map<string, MapInfo>([
    ['counts', MAP],
    ['5', MAP],
  ]);
  readonly outputs = new ExecOutputs();
  readonly log: string[] = [];
  readonly pipeline = new RecordPipeline({ append: (batch) => this.store.call('append', batch) });
  readonly router = new FrameRouter(this.pipeline, this.outputs);
  private readonly sockets: Socket[] = [];
  private app!: INestApplication;
  port = 0;

  static async start(): Promise<TestDaemon> {
    const daemon = new TestDaemon();
    await daemon.listen();
    return daemon;
  }

  get gateway(): StreamGateway {
    return this.app.get(StreamGateway);
  }

  /** A client that has connected. */
  async connect(namespace: string, options: object = {}): Promise<Socket> {
    const socket = this.client(namespace, options);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return socket;
  }

  /** A client that has only begun to connect. */
  client(namespace: string, options: object = {}): Socket {
    const socket = io(`http://127.0.0.1:${this.port}${namespace}`, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      auth: { token: TOKEN },
      ...options,
    });
    this.sockets.push(socket);
    return socket;
  }

  /** What the kernel thread sends. */
  emit(...frames: KernelFrame[]): Promise<void> {
    return this.router.handle(frames);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.disconnect();
    await this.pipeline.close();
    await this.app.close();
  }

  private async listen(): Promise<void> {
    const access = new AccessControl({ token: TOKEN, host: '127.0.0.1', allowHosts: [], allowOrigins: [] });
    const module = await Test.createTestingModule({
      providers: [
        StreamGateway,
        ExecGateway,
        { provide: RecordPipeline, useValue: this.pipeline },
        { provide: StreamKernel, useValue: this.kernel },
        { provide: StreamStore, useValue: this.store },
        { provide: MapDirectory, useValue: { findMap: (name: string) => this.maps.get(name) } },
        { provide: AccessPort, useValue: access },
        { provide: ExecOutputs, useValue: this.outputs },
        {
          provide: Logger,
          useValue: new Logger({ level: 'info', json: false, write: (line) => this.log.push(line) }),
        },
      ],
    }).compile();
    this.app = module.createNestApplication({ logger: false });
    this.app.useWebSocketAdapter(new SocketIoAdapter(this.app, access));
    await this.app.listen(0, '127.0.0.1');
    this.port = (this.app.getHttpServer().address() as AddressInfo).port;
    access.listenOn(this.port);
  }
}

/** What a client has been sent. */
export function collect<T = Batch>(socket: Socket, event: string): T[] {
  const messages: T[] = [];
  socket.on(event, (message: T) => messages.push(message));
  return messages;
}

/** Waits until something holds, and fails when it does not in time. */
export async function until(condition: () => boolean, ms = 10_000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`still not after ${ms} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function recordFrame(sequence: number, more: Partial<WireRecord> = {}): KernelFrame {
  const record: WireRecord = {
    type: 'record',
    boot: 'boot-1',
    sequence,
    ktime_ns: sequence * 1_000,
    time: '2026-01-01T00:00:00.000001Z',
    node: 'node-1',
    cpu: 0,
    object: 'opentrace',
    program: 'on_open',
    program_id: 3,
    map: 'events',
    map_id: 7,
    hook: 'tracepoint:syscalls:sys_enter_openat',
    task: { pid: 10, tgid: 10, ppid: 1, uid: 0, comm: 'bash', cgroup_id: 1 },
    event: 'open_event',
    value: { pid: 10, comm: 'bash', filename: `/etc/file-${sequence}`, flags: 32768, latency_ns: 1234 },
    ...more,
  };
  return { type: 'record', record, json: JSON.stringify(record), raw: new Uint8Array(64) };
}

/** HTTP status of a request with these headers. */
export function statusOf(port: number, path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, headers });
    asked.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', reject);
    asked.end();
  });
}
