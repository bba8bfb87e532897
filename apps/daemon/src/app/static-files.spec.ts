import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveFiles } from './static-files';

const folder = mkdtempSync(join(tmpdir(), 'static-'));
let server: Server;
let url = '';

beforeAll(async () => {
  mkdirSync(join(folder, 'public/assets'), { recursive: true });
  writeFileSync(join(folder, 'public/index.html'), '<p>page</p>');
  writeFileSync(join(folder, 'public/assets/app-1a2b.js'), 'run()');
  writeFileSync(join(folder, 'public/.hidden.txt'), 'x');
  writeFileSync(join(folder, 'public/program.exe'), 'x');
  writeFileSync(join(folder, 'secret.txt'), 'x');
  const serve = serveFiles('/', join(folder, 'public'));
  server = createServer((request, response) =>
    serve(request, response, () => response.writeHead(404).end('next')),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

test.each([
  ['/', 200, 'text/html; charset=utf-8', 'no-cache'],
  ['/index.html?x=1', 200, 'text/html; charset=utf-8', 'no-cache'],
  ['/assets/app-1a2b.js', 200, 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
])('%s is served', async (path, status, type, cache) => {
  const answer = await fetch(url + path);
  expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
    status,
    type,
    cache,
  ]);
});

test.each([
  '/nothing.js',
  '/assets',
  '/assets/',
  '/.hidden.txt',
  '/program.exe',
  '/%2e%2e/secret.txt',
  '/..%2fsecret.txt',
  '/assets/..%2f..%2fsecret.txt',
  '/assets//app-1a2b.js',
])('%s is not', async (path) => {
  expect((await fetch(url + path)).status).toBe(404);
});

test('only GET and HEAD read; HEAD has no body', async () => {
  expect((await fetch(url, { method: 'POST' })).status).toBe(404);
  const head = await fetch(url, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '11', '']);
});

test('what a browser has already is not sent again, until it changes', async () => {
  const etag = (await fetch(url)).headers.get('etag')!;
  const again = () => fetch(url, { headers: { 'if-none-match': etag } });
  expect((await again()).status).toBe(304);
  writeFileSync(join(folder, 'public/index.html'), '<p>another page</p>');
  expect(await (await again()).text()).toBe('<p>another page</p>');
});
