import { diagnostic } from '@probed/base';
import type { Batch, BatchItem, MapMessage, StatusMessage, SubscribeReply } from '@probed/protocol';
import type { Socket } from 'socket.io-client';
import { CommandRefused, ThreadUnavailable } from '../threads/rpc';
import { collect, MAP, recordFrame, TestDaemon, until } from './testing';

let daemon: TestDaemon;

beforeEach(async () => {
  daemon = await TestDaemon.start();
});

afterEach(() => daemon.stop());

const subscribe = (socket: Socket, message: unknown): Promise<SubscribeReply> =>
  socket.emitWithAck('subscribe', message);

const items = (batches: readonly Batch[]) => batches.flatMap((batch) => batch.items);
const sequences = (batches: readonly Batch[]) =>
  items(batches).map((item) => (item.type === 'record' ? item.sequence : item.type));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const frames = (from: number, to: number) => range(from, to).map((sequence) => recordFrame(sequence));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The raw connection under a client, so that a test can leave it unread. */
function wire(socket: Socket): { pause(): void; resume(): void } {
  const transport = socket.io.engine.transport as unknown as { ws: { _socket: ReturnType<typeof wire> } };
  return transport.ws._socket;
}

describe('records', () => {
  it('gives 10,000 a second for three seconds, all of them, in order, in numbered batches', async () => {
    const socket = await daemon.connect('/stream');
    const batches = collect(socket, 'batch');
    const reply = await subscribe(socket, { kind: 'records' });
    const begin = performance.now();
    for (let sent = 0; sent < 30_000; sent += 100) {
      await daemon.emit(...frames(sent + 1, sent + 100));
      const ahead = sent / 10 - (performance.now() - begin);
      if (ahead > 2) await pause(ahead);
    }
    await until(() => items(batches).length >= 30_000, 20_000);
    expect(sequences(batches)).toEqual(range(1, 30_000));
    expect(batches.map(({ batch }) => batch)).toEqual(range(1, batches.length));
    expect(Math.max(...batches.map((batch) => batch.items.length))).toBeLessThanOrEqual(500);
    expect(batches.every(({ dropped }) => dropped === 0)).toBe(true);
    expect(new Set(batches.map(({ subscription }) => subscription))).toEqual(
      new Set([reply.ok && reply.subscription]),
    );
    expect(performance.now() - begin).toBeLessThan(10_000);
  });

  it.each([
    ['polling', ['polling']],
    ['polling, then WebSocket', ['polling', 'websocket']],
  ])('gives all of them by %s', async (_name, transports) => {
    const socket = await daemon.connect('/stream', { transports });
    const batches = collect(socket, 'batch');
    await subscribe(socket, { kind: 'records' });
    for (let sent = 0; sent < 10_000; sent += 100) {
      await daemon.emit(...frames(sent + 1, sent + 100));
      await pause(5);
    }
    await until(() => items(batches).length >= 10_000);
    expect(sequences(batches)).toEqual(range(1, 10_000));
    expect(socket.io.engine.transport.name).toBe(transports.at(-1));
  });

  it('gives a record only when it is stored', async () => {
    const socket = await daemon.connect('/stream');
    const storedAtArrival: boolean[] = [];
    socket.on('batch', (batch: Batch) => {
      for (const item of batch.items)
        storedAtArrival.push(
          daemon.store.rows.some((row) => item.type === 'record' && row.sequence === item.sequence),
        );
    });
    await subscribe(socket, { kind: 'records' });
    await daemon.emit(...frames(1, 50));
    await until(() => storedAtArrival.length === 50);
    expect(storedAtArrival.every(Boolean)).toBe(true);
  });

  it('goes on while the store fails', async () => {
    const socket = await daemon.connect('/stream');
    const batches = collect(socket, 'batch');
    await subscribe(socket, { kind: 'records' });
    daemon.store.become({ state: 'failing', error: 'disk full' });
    await daemon.emit(...frames(1, 50));
    await until(() => items(batches).length === 50);
    expect(daemon.store.rows).toHaveLength(0);
    daemon.store.become({ state: 'ok' });
    await until(() => daemon.store.rows.length === 50);
    expect(sequences(batches)).toEqual(range(1, 50));
  });

  it('filters, for each subscription of a client by itself', async () => {
    const socket = await daemon.connect('/stream');
    const batches = collect(socket, 'batch');
    const all = await subscribe(socket, { kind: 'records' });
    const some = await subscribe(socket, { kind: 'records', node: 'node-2', program: 'on_open' });
    await daemon.emit(recordFrame(1), recordFrame(2, { node: 'node-2' }), recordFrame(3));
    await until(() => items(batches).length === 4);
    const of = (reply: SubscribeReply) =>
      sequences(batches.filter(({ subscription }) => reply.ok && subscription === reply.subscription));
    expect(of(all)).toEqual([1, 2, 3]);
    expect(of(some)).toEqual([2]);
  });

  it('begins with what is stored after a record', async () => {
    await daemon.emit(...frames(1, 3_000));
    await daemon.pipeline.flush();
    const socket = await daemon.connect('/stream');
    const batches = collect(socket, 'batch');
    await subscribe(socket, { kind: 'records', after: { boot: 'boot-1', sequence: 1_000 } });
    for (let sent = 3_000; sent < 4_000; sent += 50) {
      await daemon.emit(...frames(sent + 1, sent + 50));
      await pause(2);
    }
    await until(() => items(batches).length >= 3_000);
    expect(sequences(batches)).toEqual(range(1_001, 4_000));
  });

  it('refuses to begin after a record of a boot that nobody knows', async () => {
    const socket = await daemon.connect('/stream');
    expect(await subscribe(socket, { kind: 'records', after: { boot: 'x', sequence: 1 } })).toMatchObject({
      ok: false,
      error: { code: 'unknown-boot' },
    });
  });

  it('stops when told', async () => {
    const socket = await daemon.connect('/stream');
    const batches = collect(socket, 'batch');
    const reply = await subscribe(socket, { kind: 'records' });
    expect(daemon.gateway.statistics).toMatchObject({ clients: 1, subscriptions: 1 });
    const subscription = reply.ok && reply.subscription;
    expect(await socket.emitWithAck('unsubscribe', { subscription })).toEqual({ ok: true });
    await daemon.emit(...frames(1, 10));
    await daemon.pipeline.flush();
    await pause(50);
    expect(batches).toEqual([]);
    expect(daemon.gateway.statistics).toMatchObject({ clients: 1, subscriptions: 0 });
    expect(await socket.emitWithAck('unsubscribe', { subscription })).toMatchObject({
      ok: false,
      error: { code: 'no-such-subscription' },
    });
  });
});

it('drops for a client that does not read, tells it so, and drops nothing for the one beside it', async () => {
  const [slow, fast] = [await daemon.connect('/stream'), await daemon.connect('/stream')];
  const [slowBatches, fastBatches] = [collect(slow, 'batch'), collect(fast, 'batch')];
  await subscribe(slow, { kind: 'records' });
  await subscribe(fast, { kind: 'records' });
  wire(slow).pause();
  const total = 60_000;
  for (let sent = 0; sent < total; sent += 500) {
    await daemon.emit(...frames(sent + 1, sent + 500));
    // The fast client is in this process and needs its turns.
    await new Promise(setImmediate);
  }
  await until(() => items(fastBatches).length >= total, 20_000);
  expect(sequences(fastBatches)).toEqual(range(1, total));
  expect(daemon.gateway.statistics.dropped).toBeGreaterThan(10_000);
  wire(slow).resume();
  await until(() => sequences(slowBatches).at(-1) === total);
  const got = sequences(slowBatches);
  const dropped = slowBatches.reduce((sum, batch) => sum + batch.dropped, 0);
  expect(got.length + dropped).toBe(total);
  expect(dropped).toBe(daemon.gateway.statistics.dropped);
  expect(slowBatches.map(({ batch }) => batch)).toEqual(range(1, slowBatches.length));
  // Each gap is told with the batch that comes after it.
  let next = 1;
  for (const batch of slowBatches) {
    next += batch.dropped;
    expect(batch.items[0]).toMatchObject({ sequence: next });
    next += batch.items.length;
  }
});

describe('other items', () => {
  const trace = { type: 'trace', boot: 'boot-1', text: 'hello' } as Extract<BatchItem, { type: 'trace' }>;
  const session = { id: 's-1', pod: 'api', namespace: 'shop' } as never;
  const command = { session: 's-1', seq: 1, argv: ['ls'] } as never;
  const lost = { type: 'lost', node: 'node-1', map: 'events', map_id: 7, count: 3 } as never;

  it.each([
    [{ kind: 'records' }, [1, 'lost']],
    [{ kind: 'trace' }, ['trace']],
    [{ kind: 'sessions' }, ['session', 'command']],
    [{ kind: 'sessions', pod: 'shop/api' }, ['session', 'command']],
    [{ kind: 'sessions', pod: 'other' }, []],
    [{ kind: 'sessions', session: 's-2' }, []],
  ])('%j gives %j', async (message, expected) => {
    const socket = await daemon.connect('/stream');
    const batches = collect(socket, 'batch');
    expect(await subscribe(socket, message)).toMatchObject({ ok: true });
    await daemon.emit(
      recordFrame(1),
      { type: 'lost', lost },
      { type: 'trace', trace },
      { type: 'session', session },
      { type: 'command', command },
    );
    await daemon.pipeline.flush();
    await (expected.length ? until(() => items(batches).length >= expected.length) : pause(50));
    expect(sequences(batches)).toEqual(expected);
  });

  it('knows the pod of a command whose session began before the subscription', async () => {
    const socket = await daemon.connect('/stream');
    const batches = collect(socket, 'batch');
    await daemon.emit({ type: 'session', session });
    await daemon.pipeline.flush();
    await subscribe(socket, { kind: 'sessions', pod: 'api' });
    await daemon.emit({ type: 'command', command });
    await until(() => items(batches).length === 1);
  });
});

describe('status', () => {
  it('tells the state, then each change of it', async () => {
    const socket = await daemon.connect('/stream');
    const messages = collect<StatusMessage>(socket, 'status');
    await subscribe(socket, { kind: 'status' });
    daemon.kernel.become({ state: 'restarting', boot: 'boot-1', last_error: 'the kernel thread crashed' });
    daemon.kernel.become({ state: 'running', boot: 'boot-2', last_error: 'the kernel thread crashed' });
    daemon.kernel.become({ state: 'running', boot: 'boot-2', last_error: 'the kernel thread crashed' });
    daemon.store.become({ state: 'failing', error: 'disk full' });
    await until(() => messages.length >= 4);
    expect(messages.map(({ kernel, store, boot, message }) => [kernel, store, boot, message])).toEqual([
      ['running', 'ok', 'boot-1', undefined],
      ['restarting', 'ok', 'boot-1', 'the kernel thread crashed'],
      ['running', 'ok', 'boot-2', undefined],
      ['running', 'failing', 'boot-2', 'disk full'],
    ]);
  });
});

describe('maps', () => {
  const contents = (node: string, entries: { key: unknown; value: unknown }[]) => ({
    node,
    time: '2026-01-01T00:00:00Z',
    kind: 'entries' as const,
    entries,
  });

  it('gives a snapshot, then what has changed; one reading serves all', async () => {
    let value = 1;
    daemon.kernel.handlers['map.dump'] = () => [
      contents('node-1', [
        { key: 1, value },
        { key: 2, value: 0 },
      ]),
    ];
    const clients = await Promise.all([daemon.connect('/stream'), daemon.connect('/stream')]);
    const messages = clients.map((socket) => collect<MapMessage>(socket, 'map'));
    for (const socket of clients)
      expect(await subscribe(socket, { kind: 'map', map: 'counts', interval_ms: 100 })).toMatchObject({
        ok: true,
      });
    await until(() => messages.every(({ length }) => length === 1));
    const readings = daemon.kernel.count('map.dump');
    value = 2;
    await until(() => messages.every(({ length }) => length === 2));
    await pause(300);
    expect(daemon.kernel.count('map.dump') - readings).toBeLessThanOrEqual(6);
    for (const [first, second, ...more] of messages) {
      expect(more).toEqual([]);
      expect(first).toMatchObject({ batch: 1, snapshot: true, map: MAP, nodes: [{ node: 'node-1' }] });
      expect(first.nodes[0].entries).toHaveLength(2);
      expect(second).toMatchObject({
        batch: 2,
        snapshot: false,
        nodes: [{ entries: [{ key: 1, value: 2 }] }],
      });
    }
    expect(daemon.kernel.calls.at(-1)?.params).toEqual({ map_id: 5, node: undefined, limit: 10_000 });
    expect(daemon.store.snapshots).toHaveLength(1);
    expect(daemon.store.snapshots[0]).toMatchObject({
      map_id: 5,
      map: 'counts',
      object: 'counter',
      node: 'node-1',
    });
  });

  it('does not read any more when nobody watches', async () => {
    daemon.kernel.handlers['map.dump'] = () => [contents('node-1', [])];
    const socket = await daemon.connect('/stream');
    const messages = collect<MapMessage>(socket, 'map');
    await subscribe(socket, { kind: 'map', map: '5', interval_ms: 100 });
    await until(() => messages.length === 1);
    socket.disconnect();
    await until(() => daemon.gateway.statistics.clients === 0);
    const readings = daemon.kernel.count('map.dump');
    await pause(250);
    expect(daemon.kernel.count('map.dump')).toBe(readings);
  });

  it('lets readings out while the kernel is busy, and ends when the map is gone', async () => {
    const busy = new ThreadUnavailable('kernel-busy', 'busy');
    daemon.kernel.handlers['map.dump'] = () => Promise.reject(busy);
    const socket = await daemon.connect('/stream');
    const ended = collect<{ subscription: string; error: { code: string; message: string } }>(
      socket,
      'ended',
    );
    const messages = collect<MapMessage>(socket, 'map');
    const reply = await subscribe(socket, { kind: 'map', map: 'counts', interval_ms: 100 });
    await until(() => daemon.kernel.count('map.dump') >= 3);
    daemon.kernel.handlers['map.dump'] = () => [contents('node-1', [])];
    await until(() => messages.length === 1);
    expect(ended).toEqual([]);
    daemon.kernel.handlers['map.dump'] = () =>
      Promise.reject(new CommandRefused(diagnostic('no-such-map', 'no map 5')));
    await until(() => ended.length === 1);
    expect(ended[0]).toEqual({
      subscription: reply.ok && reply.subscription,
      error: { code: 'no-such-map', message: 'map 5 (counts) is gone: it was unloaded' },
    });
    expect(daemon.gateway.statistics.subscriptions).toBe(0);
  });

  it('waits for a kernel that restarts', async () => {
    daemon.kernel.handlers['map.dump'] = () => [contents('node-1', [])];
    daemon.kernel.become({ state: 'restarting', boot: 'boot-1' });
    const socket = await daemon.connect('/stream');
    const messages = collect<MapMessage>(socket, 'map');
    await subscribe(socket, { kind: 'map', map: 'counts', interval_ms: 100 });
    await pause(250);
    expect(daemon.kernel.count('map.dump')).toBe(0);
    daemon.kernel.become({ state: 'running', boot: 'boot-2' });
    await until(() => messages.length === 1);
  });

  it.each([
    [{ map: 'nope' }, 'no-such-map', 'no map "nope" (GET /api/v1/maps lists them)'],
    [
      { map: 'counts', node: 'node-9' },
      'no-such-node',
      'no node "node-9" (map counts is on: node-1, node-2)',
    ],
  ])('refuses %j', async (more, code, message) => {
    const socket = await daemon.connect('/stream');
    expect(await subscribe(socket, { kind: 'map', ...more })).toEqual({
      ok: false,
      error: { code, message },
    });
  });
});

describe('a client that errs', () => {
  it.each([
    ['nothing', null, 'message: expected object, received null'],
    ['a text', 'records', 'message: expected object, received string'],
    ['a list', [1, 2], 'message: expected object, received array'],
    ['no kind', {}, 'kind: '],
    ['another kind', { kind: 'everything' }, 'kind: '],
    ['a wrong type', { kind: 'records', pod: 7 }, 'pod: expected string, received number'],
    ['a misspelt condition', { kind: 'records', progam: 'x' }, 'progam: there is no such member'],
    ['a name too long', { kind: 'records', hook: 'x'.repeat(300) }, 'hook: '],
    ['an interval too short', { kind: 'map', map: 'counts', interval_ms: 1 }, 'interval_ms: '],
    ['a bad position', { kind: 'records', after: { boot: 'b', sequence: -1 } }, 'after.sequence: '],
    ['__proto__', JSON.parse('{"kind":"trace","__proto__":{"a":1}}'), '__proto__: there is no such member'],
  ])('is told in one line: %s', async (_name, message, expected) => {
    const socket = await daemon.connect('/stream');
    const reply = await subscribe(socket, message);
    expect(reply).toMatchObject({ ok: false, error: { code: 'bad-message' } });
    const text = reply.ok ? '' : reply.error.message;
    expect(text).toContain(expected);
    expect(text).not.toContain('\n');
  });

  it('is not heard without need: unknown events, no acknowledgement, several arguments', async () => {
    const socket = await daemon.connect('/stream');
    socket.emit('nonsense', { a: 1 });
    socket.emit('subscribe');
    socket.emit('subscribe', 1, 2, 3);
    socket.emit('unsubscribe', null);
    expect(await subscribe(socket, { kind: 'trace' })).toMatchObject({ ok: true });
    expect(daemon.log).toEqual([]);
  });

  it('loses its connection by a message beyond 64 KiB, and nobody else does', async () => {
    const [socket, other] = [await daemon.connect('/stream'), await daemon.connect('/stream')];
    const gone = new Promise((resolve) => socket.once('disconnect', resolve));
    socket.emit('subscribe', { kind: 'x'.repeat(70_000) });
    await gone;
    expect(await subscribe(other, { kind: 'trace' })).toMatchObject({ ok: true });
    await until(() => daemon.gateway.statistics.clients === 1);
  });

  it('has at most 64 subscriptions', async () => {
    const socket = await daemon.connect('/stream');
    const replies = await Promise.all(range(1, 70).map(() => subscribe(socket, { kind: 'trace' })));
    expect(replies.filter(({ ok }) => ok)).toHaveLength(64);
    expect(replies[64]).toMatchObject({ ok: false, error: { code: 'too-many-subscriptions' } });
    expect(daemon.gateway.statistics.subscriptions).toBe(64);
  });
});
