import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { type ErrorBody, errorBody, type OperationId, ROUTES, type Route } from '@probed/protocol';
import { NEVER } from 'rxjs';
import { createHttpApp } from '../app/http-app';
import { Logger } from '../app/logger';
import { HealthService } from '../health/health-service';
import { BpffsService } from '../programs/bpffs-service';
import { ProgramRegistry } from '../programs/program-registry';
import { ProgramService } from '../programs/program-service';
import { FakeKernel, TestStore } from '../programs/testing';
import { AccessControl } from '../security/access-control';
import { CommandRefused, ThreadUnavailable } from '../threads/rpc';
import { ExecRunner } from '../workload/exec-runner';
import { WorkloadService } from '../workload/workload-service';
import { apiModule, CONTROLLERS } from './api.module';
import { errorReply } from './error-reply';
import { OPERATION } from './operation';

const TOKEN = 'A'.repeat(43);
const MIB = 1_048_576;
const RECORDS = {
  total: 0,
  per_second: 0,
  lost: 0,
  dropped: 0,
  queued: 0,
  queue_max: 9,
  store: 'ok',
} as const;

const kernel = Object.assign(new FakeKernel(), { reboot: async () => undefined });
const store = new TestStore();
const logged: string[] = [];
let app: NestExpressApplication;
let port = 0;

beforeAll(async () => {
  const log = new Logger({ level: 'warn', json: false, write: (line) => logged.push(line) });
  const access = new AccessControl({ token: TOKEN, host: '127.0.0.1', allowHosts: [], allowOrigins: [] });
  const registry = new ProgramRegistry(kernel);
  const watched = Object.assign(kernel, {
    state: {
      state: 'running',
      boot: 'b1',
      busy_ms: 0,
      booted_at: '2026-01-01T00:00:00Z',
      restarts: 0,
    } as const,
  });
  const health = new HealthService({
    kernel: watched,
    store: async () => ({ state: 'ok', file: '/x/probed.db', file_bytes: 1, records: 2 }),
    records: () => RECORDS,
    stream: () => ({ clients: 0, subscriptions: 0, dropped: 0 }),
  });
  const programs = new ProgramService(kernel, store, registry);
  const workload = new WorkloadService(kernel, log);
  const collected = { stdout: 'out', stderr: '', truncated: false, exit_code: 3 };
  const outputs = { collect: () => ({ done: Promise.resolve(collected), cancel: () => undefined }) };
  const exec = new ExecRunner(kernel, outputs, NEVER, { killMs: 100, storeMs: 10 });
  const bpffs = new BpffsService(kernel, store, registry, programs);
  const module = apiModule({
    log,
    access,
    kernel,
    store,
    registry,
    programs,
    bpffs,
    workload,
    exec,
    health,
  });
  app = await createHttpApp({ module, log, access, health, checkResponses: true });
  await app.listen(0, '127.0.0.1');
  port = (app.getHttpServer().address() as AddressInfo).port;
  access.listenOn(port);
});

afterAll(async () => {
  await app.close();
  store.remove();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly error: ErrorBody['error'];
}

interface Given {
  readonly method?: string;
  readonly headers?: Record<string, string | undefined>;
  readonly body?: string | Uint8Array;
  /** Left out: a value of the right shape; null: none. */
  readonly token?: string | null;
}

/** One request, as any client may send it; node:http since fetch forbids to set Host and Origin. */
function send(
  path: string,
  { method = 'GET', headers = {}, body, token = TOKEN }: Given = {},
): Promise<Answer> {
  const all = { ...(token !== null && { authorization: `Bearer ${token}` }), ...headers };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port, path, method, headers: given }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const failed = response.statusCode! >= 400 && /json/.test(response.headers['content-type'] ?? '');
        const error = failed ? errorBody.parse(JSON.parse(text)).error : ({} as ErrorBody['error']);
        resolve({ status: response.statusCode!, headers: response.headers, text, error });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const api = (path: string, given?: Given) => send(`/api/v1${path}`, given);
const json = (method: string, value: unknown): Given => ({
  method,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});
const upload = (bytes: string | Uint8Array, query = ''): Promise<Answer> =>
  api(`/programs${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: bytes,
  });

/** What no answer to a client may show. */
function expectOneLine({ error, text }: Answer): void {
  expect(error.message).not.toContain('\n');
  expect(text).not.toMatch(/node_modules|\.ts:|\.js:|at Object/);
}

describe('totality', () => {
  const handled = CONTROLLERS.flatMap((controller) =>
    Object.getOwnPropertyNames(controller.prototype).flatMap((method) => {
      const handler = (controller.prototype as unknown as Record<string, object>)[method];
      return (Reflect.getMetadata(OPERATION, handler) as OperationId | undefined) ?? [];
    }),
  );

  test('every operation has one handler, and every handler an operation', () => {
    expect([...handled].sort()).toEqual(Object.keys(ROUTES).sort());
  });

  test.each(Object.entries<Route>(ROUTES))('%s needs the token', async (_, { method, path }) => {
    const answer = await api(path.replace(/\{\w+\}/, '1'), { method, token: null });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="probed"');
    expect(answer.error.code).toBe('unauthorized');
  });

  test.each(Object.entries<Route>(ROUTES))(
    '%s refuses an unknown query parameter',
    async (_, { method, path }) => {
      const answer = await api(`${path.replace(/\{\w+\}/, '1')}?surprise=1`, { method });
      expect(answer.error).toMatchObject({
        code: 'bad-request',
        message: 'unknown query parameter "surprise"',
        where: 'query.surprise',
      });
    },
  );
});

describe('access', () => {
  test.each([
    ['a foreign Host', { host: 'evil.example' }, 'foreign-host'],
    ['another port', { host: '127.0.0.1:1' }, 'foreign-host'],
    ['a foreign Origin', { origin: 'https://evil.example' }, 'foreign-origin'],
    ['an opaque Origin', { origin: 'null' }, 'foreign-origin'],
  ])('%s is refused, for pages too', async (_, headers, code) => {
    for (const path of ['/api/v1/health', '/', '/healthz', '/api/docs/openapi.json', '/nothing']) {
      const answer = await send(path, { headers });
      expect([path, answer.status, answer.error.code]).toEqual([path, 403, code]);
    }
  });

  test('our own Origin is served', async () => {
    const origin = `http://127.0.0.1:${port}`;
    const answer = await api('/health', { headers: { origin } });
    expect(answer.status).toBe(200);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  test.each([
    '/api/v1/health',
    '/API/V1/health',
    '/Api/v1/Health',
    '/api/v1/health/',
    '/api/v1/nothing',
    '/api/v1',
    '/api/v1?x',
  ])('%s without token is 401', async (path) => {
    expect((await send(path, { token: null })).status).toBe(401);
    expect((await send(path, { token: 'B'.repeat(43) })).status).toBe(401);
  });

  test.each(['/%61pi/v1/health', '//api/v1/health', '/./api/v1/health', '/api/v1/../v1/health'])(
    '%s is no way in',
    async (path) => {
      expect((await send(path, { token: null })).status).toBeGreaterThanOrEqual(400);
    },
  );

  test('every answer says what a browser may do with it', async () => {
    for (const path of ['/api/v1/health', '/healthz', '/api/docs', '/nothing']) {
      const { headers } = await send(path);
      expect(headers).toMatchObject({
        'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      });
      expect(headers['x-powered-by']).toBeUndefined();
      expect(headers['content-security-policy']).not.toContain('unsafe');
    }
  });

  test('a preflight of another page gets nothing', async () => {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const answer = await api('/programs', { method: 'OPTIONS', headers, token: null });
    expect(answer.status).toBe(403);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('paths and methods', () => {
  test.each([
    ['GET', '/api/v1/nothing', 404, 'no-such-path'],
    ['GET', '/nothing', 404, 'no-such-path'],
    ['POST', '/', 404, 'no-such-path'],
    ['PATCH', '/api/v1/programs', 405, 'method-not-allowed'],
    ['POST', '/api/v1/programs/7', 405, 'method-not-allowed'],
    ['OPTIONS', '/api/v1/programs', 405, 'method-not-allowed'],
  ])('%s %s is %i', async (method, path, status, code) => {
    const answer = await send(path, { method });
    expect([answer.status, answer.error.code]).toEqual([status, code]);
    expectOneLine(answer);
  });

  test('405 says what is possible', async () => {
    expect((await api('/programs', { method: 'PUT' })).headers.allow).toBe('POST, GET');
    expect((await api('/programs/1', { method: 'PUT' })).headers.allow).toBe('GET, DELETE');
  });

  test.each(['0', '-1', 'x', '1.5', '99999999999999999999', '%zz'])('id %s is 400', async (id) => {
    const answer = await api(`/programs/${id}`);
    expect(answer.status).toBe(400);
    expectOneLine(answer);
  });

  test('a URL beyond the limit is 414', async () => {
    expect((await api(`/records?text=${'x'.repeat(13_000)}`)).status).toBe(414);
  });
});

describe('queries', () => {
  test.each([
    ['/records?limit=0', 'query.limit'],
    ['/records?limit=many', 'query.limit'],
    ['/records?order=up', 'query.order'],
    ['/records?since=yesterday', 'query.since'],
    ['/records?limit=1&limit=2', 'query.limit'],
    ['/maps/1/lookup', 'query.key'],
    ['/maps/1/dump?limit=-1', 'query.limit'],
    ['/programs/1/dump?format=asm', 'query.format'],
  ])('%s is 400 at %s', async (path, where) => {
    const answer = await api(path);
    expect([answer.status, answer.error.where]).toEqual([400, where]);
    expectOneLine(answer);
  });

  test('an unknown parameter is answered with the known ones', async () => {
    expect((await api('/records?sinse=x')).error.hint).toMatch(/^there are: since, until/);
    expect((await api('/programs?x=1')).error.hint).toBe('it takes no query parameter');
  });
});

describe('bodies', () => {
  test.each<[string, Given, number, string]>([
    ['half a JSON', { ...json('POST', 1), body: '{"program_id": ' }, 400, 'malformed-json'],
    [
      'bytes that are no UTF-8',
      { ...json('POST', 1), body: Uint8Array.from([0x22, 0xff, 0x22]) },
      400,
      'malformed-json',
    ],
    [
      'a deep nest',
      { ...json('POST', 1), body: '['.repeat(500_000) + ']'.repeat(500_000) },
      400,
      'malformed-json',
    ],
    ['an array', json('POST', []), 400, 'bad-request'],
    ['no body', { method: 'POST' }, 400, 'bad-request'],
    ['a missing member', json('POST', { target: 'x' }), 400, 'bad-request'],
    ['an unknown member', json('POST', { program_id: 1, trget: 'x' }), 400, 'bad-request'],
    [
      'an unknown member inside',
      json('POST', { program_id: 1, perf: { event: 'cpu-clock', hz: 1 } }),
      400,
      'bad-request',
    ],
    ['a member of another type', json('POST', { program_id: 'one' }), 400, 'bad-request'],
    [
      'a form',
      { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=1' },
      415,
      'unsupported-media-type',
    ],
    ['no Content-Type', { method: 'POST', body: '{}' }, 415, 'unsupported-media-type'],
    [
      'Latin-1',
      { method: 'POST', headers: { 'content-type': 'application/json; charset=latin1' }, body: '{}' },
      415,
      'unsupported-media-type',
    ],
    [
      'gzip',
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
        body: 'x',
      },
      415,
      'unsupported-media-type',
    ],
    ['too much', { ...json('POST', 'x'.repeat(MIB)) }, 413, 'body-too-large'],
  ])('%s is refused', async (_, given, status, code) => {
    const answer = await api('/links', given);
    expect([answer.status, answer.error.code]).toEqual([status, code]);
    expectOneLine(answer);
  });

  test('the refusal names the member', async () => {
    expect((await api('/links', json('POST', { program_id: 1, trget: 'x' }))).error).toMatchObject({
      message: 'unknown member of the body "trget"',
      where: 'body.trget',
      hint: 'there are: target, symbols, cookie, cookies, pid, iter, perf, program_id, node',
    });
    const inside = json('POST', { program_id: 1, perf: { event: 'cpu-clock', hz: 1 } });
    expect((await api('/links', inside)).error.where).toBe('body.perf.hz');
    expect((await api('/links', json('POST', {}))).error).toMatchObject({
      where: 'body.program_id',
      message: 'program_id: expected number, but it is missing',
    });
    expect((await api('/maps/1/entries', json('PUT', { key: 1 }))).error.where).toBe('body.value');
  });

  test('a member where there is no body to have is refused, an empty object is none', async () => {
    kernel.handlers['workload.stop'] = () => WORKLOAD;
    expect((await api('/workload/stop', json('POST', { now: true }))).status).toBe(400);
    expect((await api('/workload/stop', json('POST', {}))).status).toBe(200);
    expect((await api('/workload/stop', { method: 'POST' })).status).toBe(200);
  });
});

const WORKLOAD = {
  scenario: 'demo-cluster',
  state: 'running' as const,
  seed: 1,
  speed: 1,
  rate: 1,
  virtual_ns: 0,
  time: '2026-01-01T00:00:00Z',
  nodes: ['node-1'],
  scenarios: [{ name: 'demo-cluster', description: 'two nodes' }],
};

describe('programs', () => {
  test('upload as bytes, list, log, dump, unload', async () => {
    const made = await upload('object', '?name=mine');
    expect([made.status, JSON.parse(made.text).name]).toEqual([201, 'mine']);
    const { id, programs, maps } = JSON.parse(made.text);
    const [{ id: program }] = programs;
    for (const path of [
      '/objects',
      `/objects/${id}`,
      '/programs',
      `/programs/${program}`,
      '/links',
      '/maps',
    ]) {
      expect([path, (await api(path)).status]).toEqual([path, 200]);
    }
    expect(JSON.parse((await api(`/programs/${program}/log`)).text)).toMatchObject({
      id: program,
      verdict: 'accept',
    });
    expect(JSON.parse((await api(`/programs/${program}/dump?format=jited`)).text).format).toBe('jited');
    expect((await api(`/maps/${maps[0].id}`)).status).toBe(200);
    expect((await api(`/programs/${program}`, { method: 'DELETE' })).status).toBe(200);
    expect((await api(`/objects/${id}`, { method: 'DELETE' })).status).toBe(200);
    for (const path of [`/objects/${id}`, `/programs/${program}`, `/maps/${maps[0].id}`]) {
      expect([path, (await api(path)).status]).toEqual([path, 404]);
    }
  });

  test('upload as JSON, with options', async () => {
    const object = Buffer.from('object').toString('base64');
    const answer = await api(
      '/programs',
      json('POST', { object, attach: false, set: { uid: 7 }, name: 'other' }),
    );
    expect(answer.status).toBe(201);
    expect(JSON.parse(answer.text).links).toEqual([]);
    expect(kernel.loads.at(-1)).toMatchObject({ name: 'other', options: { attach: false, set: { uid: 7 } } });
    expect(Buffer.from(kernel.loads.at(-1)!.bytes).toString()).toBe('object');
  });

  test('options of bytes come by query', async () => {
    const options = encodeURIComponent(JSON.stringify({ set: { uid: 7 }, attach: false }));
    expect((await upload('object', `?options=${options}`)).status).toBe(201);
    expect(kernel.loads.at(-1)!.options).toEqual({ attach: false, set: { uid: 7 } });
    expect((await upload('object', `?attach=true&options=${options}`)).status).toBe(201);
    expect(kernel.loads.at(-1)!.options).toEqual({ attach: true, set: { uid: 7 } });
    expect((await upload('object', '?options={')).error.where).toBe('query.options');
    expect((await upload('object', '?options={"st":1}')).error.where).toBe('query.st');
    expect((await upload('object', '?name=a%20b')).error.where).toBe('query.name');
  });

  test('what the verifier refuses is 422 with its log', async () => {
    const answer = await upload('refuse');
    expect(answer.status).toBe(422);
    expect(answer.error).toEqual({
      code: 'verifier-reject',
      message: 'R1 is bad',
      errno: 13,
      log: ['0: R1=ctx()', 'R1 is bad'],
    });
  });

  test.each<[string, () => Promise<Answer>, number]>([
    ['nothing', () => upload(''), 400],
    ['17 MiB', () => upload(new Uint8Array(17 * MIB)), 413],
    ['17 MiB in chunks', () => chunked(17), 413],
    ['25 MiB of JSON', () => api('/programs', json('POST', { object: 'A'.repeat(25 * MIB) })), 413],
    [
      '17 MiB in base64',
      () => api('/programs', json('POST', { object: Buffer.alloc(17 * MIB).toString('base64') })),
      413,
    ],
    ['no base64', () => api('/programs', json('POST', { object: '%%%' })), 400],
    ['empty base64', () => api('/programs', json('POST', { object: '' })), 400],
    [
      'text',
      () => api('/programs', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' }),
      415,
    ],
  ])('%s is refused', async (_, sending, status) => {
    const answer = await sending();
    expect(answer.status).toBe(status);
    expectOneLine(answer);
  });

  function chunked(mib: number): Promise<Answer> {
    const headers = { 'content-type': 'application/octet-stream', 'transfer-encoding': 'chunked' };
    return api('/programs', { method: 'POST', headers, body: new Uint8Array(mib * MIB) });
  }

  test('no such id is 404', async () => {
    for (const [method, path] of [
      ['GET', '/objects/77'],
      ['DELETE', '/objects/77'],
      ['GET', '/programs/77'],
      ['GET', '/programs/77/log'],
      ['GET', '/programs/77/dump'],
      ['DELETE', '/links/77'],
      ['GET', '/maps/77/dump'],
      ['GET', '/exec-sessions/s-77'],
    ]) {
      expect([path, (await api(path, { method })).status]).toEqual([path, 404]);
    }
    expect((await api('/links', json('POST', { program_id: 77 }))).status).toBe(404);
  });

  test('a store that does not take it is 503, and nothing is loaded', async () => {
    store.failing.add('object.save');
    const answer = await upload('object');
    store.failing.clear();
    expect([answer.status, answer.error.code, answer.headers['retry-after']]).toEqual([
      503,
      'store-full',
      '1',
    ]);
  });
});

describe('failures', () => {
  test('a kernel that is away is 503 with Retry-After', async () => {
    kernel.handlers['hook.list'] = () => {
      throw new ThreadUnavailable('kernel-busy', 'the kernel thread has not answered for 5 s');
    };
    const answer = await api('/hooks');
    expect([answer.status, answer.error.code, answer.headers['retry-after']]).toEqual([
      503,
      'kernel-busy',
      '1',
    ]);
  });

  test.each<[string, OperationId, number]>([
    ['no-such-hook', 'attach', 422],
    ['no-such-program', 'attach', 404],
    ['no-such-map', 'uploadProgram', 422],
    ['bad-cursor', 'listRecords', 400],
    ['pod-not-found', 'startExecSession', 404],
    ['workload-stopped', 'startExecSession', 409],
    ['store-full', 'uploadProgram', 503],
  ])('%s of %s is a status that the operation declares', (code, operation, status) => {
    const refused = new CommandRefused({ code, message: 'no' });
    expect(errorReply(refused, ROUTES[operation] as Route).status).toBe(status);
  });

  test('a fault of ours is 500: the log gets the stack, the client one line', async () => {
    kernel.handlers['hook.list'] = () => {
      throw new Error('secret of the inside');
    };
    const answer = await api('/hooks');
    expect([answer.status, answer.error.code]).toEqual([500, 'internal']);
    expect(answer.text).not.toContain('secret');
    expect(logged.join('\n')).toContain('secret of the inside');
  });

  test('an answer that breaks its schema does not pass the tests', async () => {
    kernel.handlers['hook.list'] = () => ({ hooks: 'none' }) as never;
    expect((await api('/hooks')).status).toBe(500);
    expect(logged.at(-1)).toContain('listHooks breaks its schema');
  });

  test('what is no HTTP gets an answer and the door', async () => {
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(port, '127.0.0.1', () => socket.write('this is not HTTP\r\n\r\n'));
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toContain('this is not an HTTP request');
  });

  test('a head beyond the limit is 431', async () => {
    expect((await api('/health', { headers: { 'x-long': 'x'.repeat(20_000) } })).status).toBe(431);
  });
});

describe('workload and exec', () => {
  test('another scenario must be one that there is', async () => {
    kernel.handlers['workload.get'] = () => WORKLOAD;
    kernel.handlers['workload.start'] = () => WORKLOAD;
    const answer = await api('/workload/start', json('POST', { scenario: 'none' }));
    expect([answer.status, answer.error.hint]).toEqual([404, 'there are: demo-cluster']);
    expect((await api('/workload/start', json('POST', { speed: 2 }))).status).toBe(200);
    expect((await api('/workload', json('PATCH', { speed: -1 }))).error.where).toBe('body.speed');
  });

  test('a restart is accepted', async () => {
    expect((await api('/kernel/restart', { method: 'POST' })).status).toBe(202);
    expect((await api('/kernel/restart', json('POST', { mode: 'explode' }))).status).toBe(400);
  });

  test('a command in a container is answered with its output and exit code', async () => {
    kernel.handlers['exec.start'] = ({ id, pod, command, tty, user = 'admin' }) => ({
      id,
      boot: 'b1',
      pod,
      namespace: 'default',
      container: 'shell',
      node: 'node-1',
      command,
      tty,
      user,
      state: 'running',
      pid: 7,
      started_at: '2026-01-01T00:00:00Z',
      commands: 0,
    });
    const answer = await api('/exec-sessions', json('POST', { pod: 'toolbox', command: ['ls'] }));
    expect(answer.status).toBe(201);
    expect(JSON.parse(answer.text)).toMatchObject({
      session: { pod: 'toolbox', state: 'exited', exit_code: 3, tty: false },
      stdout: 'out',
      timed_out: false,
    });
  });
});

describe('pages', () => {
  test('need no token', async () => {
    expect((await send('/healthz', { token: null })).text).toBe('ok\n');
    const docs = await send('/api/docs', { token: null });
    expect([docs.status, docs.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(docs.text).not.toMatch(/<script>|style=|https?:/);
    const document = JSON.parse((await send('/api/docs/openapi.json', { token: null })).text);
    expect(document.openapi).toBe('3.1.0');
    for (const [, name] of docs.text.matchAll(/(?:href|src)="([^"]+)"/g)) {
      expect([name, (await send(name, { token: null })).status]).toEqual([name, 200]);
    }
  });

  test.each([
    '/../package.json',
    '/..%2fpackage.json',
    '/assets/../../cli/src/main.js',
    '/.env',
    '/api/docs/package.json',
  ])('%s is not served', async (path) => {
    expect((await send(path)).status).toBe(404);
  });
});
