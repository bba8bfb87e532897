import { AccessControl } from './access-control';

const TOKEN = 'q3V8s0kYwP0m3wqf1Jr8xk3bW5Yb0a7y5cZ4d2E1f9g';

function access(options: { host?: string; allowHosts?: string[]; allowOrigins?: string[] } = {}) {
  const { host = '127.0.0.1', allowHosts = [], allowOrigins = [] } = options;
  const control = new AccessControl({ token: TOKEN, host, allowHosts, allowOrigins });
  control.listenOn(8686);
  return control;
}

describe('Host', () => {
  test.each([
    ['127.0.0.1:8686', true],
    ['127.1.2.3:8686', true],
    ['localhost:8686', true],
    ['LOCALHOST:8686', true],
    ['[::1]:8686', true],
    ['127.0.0.1:8687', false],
    ['127.0.0.1', false],
    ['localhost', false],
    ['evil.example:8686', false],
    ['localhost.evil.example:8686', false],
    ['127.0.0.1.evil.example:8686', false],
    ['localhost:8686@evil.example', false],
    ['user@localhost:8686', false],
    ['0.0.0.0:8686', false],
    ['[::]:8686', false],
    ['localhost:8686:8686', false],
    ['', false],
    [undefined, false],
  ])('%s: served %s', (host, served) => {
    expect(access().checkOrigin({ host })?.code).toBe(served ? undefined : 'foreign-host');
  });

  test('an allowed name is served on any port, an allowed name with port on that one', () => {
    const control = access({ allowHosts: ['Probed.Lab', 'localhost:9000'] });
    const codes = ['probed.lab', 'probed.lab:1', 'localhost:9000', 'localhost:9001'].map(
      (host) => control.checkOrigin({ host })?.code,
    );
    expect(codes).toEqual([undefined, undefined, undefined, 'foreign-host']);
  });

  test('the address that the daemon is bound to is its own, a wildcard is not', () => {
    expect(access({ host: '192.168.7.5' }).checkOrigin({ host: '192.168.7.5:8686' })).toBeUndefined();
    expect(access({ host: 'fd00::5' }).checkOrigin({ host: '[fd00::5]:8686' })).toBeUndefined();
    expect(access({ host: '0.0.0.0' }).checkOrigin({ host: '0.0.0.0:8686' })?.code).toBe('foreign-host');
  });

  test('port 80 is left out by browsers', () => {
    const control = access();
    control.listenOn(80);
    expect(control.checkOrigin({ host: 'localhost' })).toBeUndefined();
  });
});

describe('Origin', () => {
  test.each([
    [undefined, true],
    ['http://127.0.0.1:8686', true],
    ['https://ops.example.com', true],
    ['https://127.0.0.1:8686', false],
    ['http://127.0.0.1:9999', false],
    ['http://localhost:8686', false],
    ['http://evil.example', false],
    ['http://127.0.0.1:8686.evil.example', false],
    ['null', false],
    ['', false],
  ])('%s: served %s', (origin, served) => {
    const control = access({ allowOrigins: ['https://ops.example.com'] });
    const refusal = control.checkOrigin({ host: '127.0.0.1:8686', origin });
    expect(refusal?.code).toBe(served ? undefined : 'foreign-origin');
  });
});

describe('token', () => {
  test.each([
    [`Bearer ${TOKEN}`, true],
    [`bearer ${TOKEN}`, true],
    [`Bearer ${TOKEN}x`, false],
    [`Bearer ${TOKEN.slice(0, -1)}`, false],
    [`Basic ${TOKEN}`, false],
    [TOKEN, false],
    ['Bearer', false],
    ['', false],
    [undefined, false],
  ])('%s: served %s', (header, served) => {
    expect(access().checkAuthorization(header)?.status).toBe(served ? undefined : 401);
  });

  test.each([undefined, null, 7, {}, [TOKEN], ''])('%j of a handshake is refused', (token) => {
    expect(access().checkToken(token)).toBe(false);
  });
});
