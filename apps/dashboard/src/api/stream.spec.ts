import type { Batch, SubscribeReply } from '@probed/protocol';
import { Stream, type StreamSocket } from './stream';

type Ack = (reply: SubscribeReply) => void;

/** A socket whose server is the test. */
class FakeSocket implements StreamSocket {
  connected = false;
  active = true;
  connects = 0;
  readonly sent: { event: string; message: unknown; ack?: Ack }[] = [];
  private readonly listeners = new Map<string, (...args: unknown[]) => void>();

  on(event: string, listener: (...args: never[]) => void): void {
    this.listeners.set(event, listener as (...args: unknown[]) => void);
  }
  emit(event: string, message: unknown, ack?: Ack): void {
    this.sent.push({ event, message, ack });
  }
  connect(): void {
    this.connects++;
  }
  disconnect(): void {
    this.serverSays('disconnect');
  }
  serverSays(event: string, message?: unknown): void {
    if (event === 'connect') this.connected = true;
    if (event === 'disconnect') this.connected = false;
    this.listeners.get(event)?.(message);
  }
  /** Acknowledges the subscription asked for last. */
  accept(subscription: string): void {
    this.sent.findLast(({ event }) => event === 'subscribe')!.ack!({ ok: true, subscription });
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const batch = (subscription: string, number = 1): Batch => ({
  subscription,
  batch: number,
  items: [],
  dropped: 0,
});

function open() {
  const socket = new FakeSocket();
  const refused = jest.fn();
  return { socket, refused, stream: new Stream(socket, refused) };
}

test('batches reach the subscription that they are for', async () => {
  const { socket, stream } = open();
  socket.serverSays('connect');
  const [first, second] = [jest.fn(), jest.fn()];
  stream.subscribe({ request: () => ({ kind: 'trace' }), onBatch: first });
  await settled();
  socket.accept('a');
  stream.subscribe({ request: () => ({ kind: 'records', pod: 'web' }), onBatch: second });
  await settled();
  socket.accept('b');
  await settled();
  socket.serverSays('batch', batch('b'));
  expect(first).not.toHaveBeenCalled();
  expect(second).toHaveBeenCalledWith(batch('b'));
  expect(socket.sent.map(({ message }) => message)).toEqual([
    { kind: 'trace' },
    { kind: 'records', pod: 'web' },
  ]);
});

test('what arrives before the acknowledgement is not lost', async () => {
  const { socket, stream } = open();
  socket.serverSays('connect');
  const onBatch = jest.fn();
  stream.subscribe({ request: () => ({ kind: 'trace' }), onBatch });
  await settled();
  socket.serverSays('batch', batch('a', 1));
  socket.accept('a');
  await settled();
  socket.serverSays('batch', batch('a', 2));
  expect(onBatch.mock.calls.map(([{ batch }]) => batch)).toEqual([1, 2]);
});

test('a new connection subscribes anew, from where the last one ended', async () => {
  const { socket, stream } = open();
  let sequence = 0;
  const request = () => ({ kind: 'records', after: { boot: 'b', sequence: ++sequence } }) as const;
  stream.subscribe({ request });
  expect(stream.connection.value).toBe('connecting');
  socket.serverSays('connect');
  await settled();
  socket.accept('a');
  socket.serverSays('disconnect');
  expect(stream.connection.value).toBe('lost');
  socket.serverSays('connect');
  await settled();
  expect(stream.connection.value).toBe('connected');
  expect(socket.sent.map(({ message }) => message)).toEqual([
    { kind: 'records', after: { boot: 'b', sequence: 1 } },
    { kind: 'records', after: { boot: 'b', sequence: 2 } },
  ]);
  stream.close();
});

test('an ended subscription is told to the server, also when its acknowledgement comes later', async () => {
  const { socket, stream } = open();
  socket.serverSays('connect');
  const end = stream.subscribe({ request: () => ({ kind: 'trace' }) });
  await settled();
  end();
  socket.accept('late');
  await settled();
  const endSecond = stream.subscribe({ request: () => ({ kind: 'trace' }) });
  await settled();
  socket.accept('second');
  await settled();
  endSecond();
  expect(socket.sent.filter(({ event }) => event === 'unsubscribe').map(({ message }) => message)).toEqual([
    { subscription: 'late' },
    { subscription: 'second' },
  ]);
});

test('a refusal is told to the subscription', async () => {
  const { socket, stream } = open();
  socket.serverSays('connect');
  const onRefused = jest.fn();
  stream.subscribe({ request: () => ({ kind: 'map', map: 'none' }), onRefused });
  await settled();
  socket.sent[0].ack!({ ok: false, error: { code: 'no-such-map', message: 'there is no map none' } });
  await settled();
  expect(onRefused).toHaveBeenCalledWith('there is no map none');
});

test('after a connection that the server refused it tries again', () => {
  jest.useFakeTimers();
  const { socket, stream, refused } = open();
  socket.active = false;
  socket.serverSays('connect_error', new Error('unauthorized'));
  expect(refused).toHaveBeenCalledTimes(1);
  expect(stream.connection.value).toBe('lost');
  jest.advanceTimersByTime(2_000);
  expect(socket.connects).toBe(1);
  stream.close();
  jest.useRealTimers();
});
