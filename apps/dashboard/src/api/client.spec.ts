import { ROUTES, type Route } from '@probed/protocol';
import { ApiError } from './api-error';
import { Api, addressOf } from './client';
import { OPERATIONS } from './operations';

function answering(status: number, body: unknown) {
  const requests: { url: string; init: RequestInit }[] = [];
  const fetch = (async (url: string, init: RequestInit) => {
    requests.push({ url, init });
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });
  }) as typeof globalThis.fetch;
  return { requests, fetch };
}

test.each(Object.entries(OPERATIONS))('%s is where the protocol has it', (operation, { method, path }) => {
  const route = (ROUTES as Record<string, Route>)[operation];
  expect([method, path]).toEqual([route.method, route.path]);
});

test.each([
  ['/maps', {}, 'api/v1/maps'],
  ['/maps/{id}/dump', { params: { id: 7 } }, 'api/v1/maps/7/dump'],
  ['/exec-sessions/{id}', { params: { id: 'a/b' } }, 'api/v1/exec-sessions/a%2Fb'],
  [
    '/records',
    { query: { limit: 5, pod: undefined, text: '', order: 'asc' } },
    'api/v1/records?limit=5&order=asc',
  ],
])('the address of %s with %j is %s', (path, parts, address) => expect(addressOf(path, parts)).toBe(address));

test('a call carries the token and gives the body', async () => {
  const { requests, fetch } = answering(200, { maps: [] });
  const api = new Api({ token: 'secret', fetch });
  expect(await api.call('listMaps')).toEqual({ maps: [] });
  expect(requests[0].url).toBe('api/v1/maps');
  expect(requests[0].init.headers).toEqual({ authorization: 'Bearer secret' });
});

test('bytes are sent as they are, anything else as JSON', async () => {
  const { requests, fetch } = answering(201, {});
  const api = new Api({ token: 't', fetch });
  await api.call('uploadProgram', { body: new Uint8Array([1, 2]) });
  await api.call('attach', { body: { program_id: 4 } });
  expect(requests[0].init.headers).toMatchObject({ 'content-type': 'application/octet-stream' });
  expect(requests[0].init.body).toEqual(new Uint8Array([1, 2]));
  expect(requests[1].init.headers).toMatchObject({ 'content-type': 'application/json' });
  expect(requests[1].init.body).toBe('{"program_id":4}');
});

test('a refusal is thrown in the words of the daemon', async () => {
  const details = {
    code: 'verifier-reject',
    message: 'R0 invalid mem access',
    hint: 'test it',
    log: ['0: …'],
  };
  const api = new Api({ token: 't', fetch: answering(422, { error: details }).fetch });
  const error = await api.call('uploadProgram', { body: new Uint8Array(1) }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 422, ...details });
});

test('an answer that is not of the daemon is named as such', async () => {
  const api = new Api({ token: 't', fetch: answering(502, '<html>').fetch });
  await expect(api.call('health')).rejects.toMatchObject({ status: 502, code: 'http-502' });
});

test('a wrong token is told', async () => {
  const onUnauthorized = jest.fn();
  const error = { code: 'unauthorized', message: 'no such token' };
  const api = new Api({ token: 't', fetch: answering(401, { error }).fetch, onUnauthorized });
  await expect(api.call('health')).rejects.toMatchObject({ status: 401 });
  expect(onUnauthorized).toHaveBeenCalledTimes(1);
});

test('no answer at all is an error with a hint', async () => {
  const fetch = (() => Promise.reject(new TypeError('failed to fetch'))) as typeof globalThis.fetch;
  await expect(new Api({ token: 't', fetch }).call('health')).rejects.toMatchObject({
    status: 0,
    code: 'unreachable',
    hint: expect.stringContaining('terminal'),
  });
});
