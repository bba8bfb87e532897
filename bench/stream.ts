/**
 * Records to socket.io clients: `node dist/bench/stream.js [RECORDS]`. What the daemon does for a record, from the kernel
 * thread's frame to the client, against the same records by bare socket.io in arrays of 100.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Batch, WireRecord } from '@probed/protocol';
import { RecordPipeline, SessionPods, type StreamFrame } from '@probed/stream';
import { NEVER } from 'rxjs';
import { Server, type Socket as ServerSocket } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import type { FeedSources } from '../apps/daemon/src/stream/feeds';
import { StreamClient } from '../apps/daemon/src/stream/stream-client';

const RECORDS = 100_000;
const CLIENTS = [1, 4];
const CHUNK = 100;
/** So many may be on their way, or there would be drops. */
const AHEAD_MAX = 4_000;

function frameOf(sequence: number): StreamFrame {
  const record: WireRecord = {
    type: 'record',
    boot: 'bench',
    sequence,
    ktime_ns: sequence * 100_000,
    time: '2026-01-01T00:00:00.000000001Z',
    node: 'node-1',
    cpu: 0,
    object: 'podtrace',
    program: 'handle_openat',
    program_id: 3,
    map: 'events',
    map_id: 4,
    hook: 'tracepoint:syscalls:sys_enter_openat',
    task: { pid: 1234, tgid: 1234, ppid: 1, uid: 0, comm: 'nginx', cgroup_id: 4_242 },
    pod: {
      name: 'web-1',
      namespace: 'shop',
      container: 'web',
      container_id: 'c4'.repeat(32),
      image: 'nginx',
    },
    event: 'pod_event',
    value: {
      pid: 1234,
      comm: 'nginx',
      path: '/srv/www/index.html',
      flags: 32_768,
      latency_ns: 1_234 + sequence,
    },
  };
  return { type: 'record', record, json: JSON.stringify(record), raw: new Uint8Array(128) };
}

interface Bench {
  readonly server: readonly ServerSocket[];
  readonly clients: readonly Socket[];
}

async function connected(count: number, use: (bench: Bench) => Promise<void>): Promise<void> {
  const http = createServer();
  const server = new Server(http, { serveClient: false });
  const sockets: ServerSocket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const clients = Array.from({ length: count }, () => io(url, { transports: ['websocket'], forceNew: true }));
  await Promise.all(clients.map((client) => new Promise<void>((resolve) => client.on('connect', resolve))));
  try {
    await use({ server: sockets, clients });
  } finally {
    for (const client of clients) client.disconnect();
    await server.close();
  }
}

/** @returns microseconds a record */
async function measure(
  clients: readonly Socket[],
  frames: readonly StreamFrame[],
  send: (chunk: readonly StreamFrame[]) => unknown,
): Promise<number> {
  const received = clients.map(() => 0);
  clients.forEach((client, at) => {
    client.on('batch', ({ items }: Batch) => {
      received[at] += items.length;
    });
  });
  const start = performance.now();
  for (let at = 0; at < frames.length; at += CHUNK) {
    await send(frames.slice(at, at + CHUNK));
    while (at - Math.min(...received) > AHEAD_MAX) await new Promise(setImmediate);
  }
  while (Math.min(...received) < frames.length) await new Promise(setImmediate);
  return ((performance.now() - start) * 1e3) / frames.length;
}

async function throughDaemon({ server, clients }: Bench, frames: readonly StreamFrame[]): Promise<number> {
  const pipeline = new RecordPipeline({ append: () => new Promise(setImmediate) });
  const records = { entries: pipeline.entries, unstored: () => [], readAfter: async () => [] };
  const nothing = { state: {}, changes: NEVER } as never;
  const sources: FeedSources = {
    records,
    sessionPods: new SessionPods(),
    kernel: nothing,
    store: nothing,
    maps: nothing,
    mapPolls: nothing,
    log: nothing,
  };
  for (const socket of server) await new StreamClient(socket, sources).subscribe({ kind: 'records' });
  return measure(clients, frames, (chunk) => pipeline.accept(chunk));
}

function bare({ server, clients }: Bench, frames: readonly StreamFrame[]): Promise<number> {
  return measure(clients, frames, (chunk) => {
    const items = chunk.map((frame) => (frame.type === 'record' ? frame.record : frame));
    for (const socket of server) socket.emit('batch', { items });
  });
}

async function main(): Promise<void> {
  const count = Number(process.argv[2] ?? RECORDS);
  const frames = Array.from({ length: count }, (_, i) => frameOf(i + 1));
  for (const clients of CLIENTS) {
    let [ours, theirs] = [0, 0];
    await connected(clients, async (bench) => void (ours = await throughDaemon(bench, frames)));
    await connected(clients, async (bench) => void (theirs = await bare(bench, frames)));
    const rate = Math.round(1e6 / ours);
    console.log(
      `${clients} clients: ${ours.toFixed(1)} us a record (${rate} a second), bare socket.io ${theirs.toFixed(1)} us: ` +
        `${(ours / theirs).toFixed(2)} times`,
    );
  }
}

void main();
