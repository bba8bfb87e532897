import { CLIENTS_MAX } from './handshake';
import { statusOf, TestDaemon, TOKEN, until } from './testing';

let daemon: TestDaemon;

beforeEach(async () => {
  daemon = await TestDaemon.start();
});

afterEach(() => daemon.stop());

const refusalOf = (namespace: string, options: object): Promise<string> =>
  daemon.connect(namespace, options).then(
    () => 'none',
    (error: Error) => error.message,
  );

describe('the handshake', () => {
  it.each([
    ['/stream', { auth: {} }, 'unauthorized'],
    ['/stream', { auth: { token: 'wrong' } }, 'unauthorized'],
    ['/stream', { auth: { token: ['x'] } }, 'unauthorized'],
    ['/stream', { auth: { token: TOKEN, protocol: 99 } }, 'protocol-mismatch'],
    ['/stream', { auth: { token: TOKEN, protocol: 1 } }, 'none'],
    ['/stream', { auth: { token: TOKEN }, transports: ['polling'] }, 'none'],
    ['/exec', { auth: {} }, 'unauthorized'],
    ['/exec', { auth: { token: TOKEN } }, 'none'],
    ['/', { auth: { token: TOKEN } }, 'no-such-namespace'],
    ['/other', { auth: { token: TOKEN } }, 'Invalid namespace'],
  ])('%s %j: %s', async (namespace, options, refusal) => {
    expect(await refusalOf(namespace, options)).toBe(refusal);
  });

  const WEBSOCKET = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };

  it.each([
    ['polling', {}, 200],
    ['polling', { Origin: 'http://evil.example' }, 403],
    ['polling', { Origin: 'null' }, 403],
    ['polling', { Host: 'evil.example' }, 403],
    ['websocket', WEBSOCKET, 101],
    ['websocket', { ...WEBSOCKET, Origin: 'http://evil.example' }, 403],
    ['websocket', { ...WEBSOCKET, Host: 'evil.example:80' }, 403],
  ])('by %s with %j: %s', async (transport, headers, status) => {
    const path = `/socket.io/?EIO=4&transport=${transport}`;
    expect(await statusOf(daemon.port, path, headers)).toBe(status);
  });

  it('is done by a page of ours', async () => {
    const own = { Origin: `http://127.0.0.1:${daemon.port}` };
    expect(await refusalOf('/stream', { extraHeaders: own })).toBe('none');
    expect(await refusalOf('/stream', { extraHeaders: { Origin: 'http://evil.example' } })).toBe(
      'websocket error',
    );
  });

  it('is refused beyond the limit of clients', async () => {
    await Promise.all(Array.from({ length: CLIENTS_MAX }, () => daemon.connect('/stream')));
    expect(await refusalOf('/stream', {})).toBe('too-many-clients');
    await until(() => daemon.gateway.statistics.clients === CLIENTS_MAX);
  });
});
