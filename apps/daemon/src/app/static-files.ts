import { createReadStream, type Stats, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';

type Next = () => void;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};
/** A name of a file or folder that is served: no dot first, nothing encoded. */
const SEGMENT = /^[\w-][\w.-]*$/;
/** Bundlers put a hash into the names below this folder, so what is there never changes. */
const HASHED = /^\/assets\//;

/**
 * Serves the files of a folder below a path prefix; what is not there goes to the next handler.
 * @param prefix ends with `/`
 */
export function serveFiles(prefix: string, folder: string) {
  return (request: IncomingMessage, response: ServerResponse, next: Next): void => {
    const path = (request.url ?? '').split(/[?#]/, 1)[0];
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const file =
      isRead && path.startsWith(prefix)
        ? locate(folder, path.slice(prefix.length) || 'index.html')
        : undefined;
    if (file) send(request, response, file, HASHED.test(path));
    else next();
  };
}

interface Located {
  readonly path: string;
  readonly stats: Stats;
  readonly type: string;
}

function locate(folder: string, relative: string): Located | undefined {
  const segments = relative.split('/');
  const type = TYPES[extname(relative)];
  if (type === undefined || !segments.every((segment) => SEGMENT.test(segment))) return undefined;
  const path = join(folder, ...segments);
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() ? { path, stats, type } : undefined;
}

function send(request: IncomingMessage, response: ServerResponse, file: Located, immutable: boolean): void {
  const { path, stats, type } = file;
  const etag = `"${stats.size.toString(36)}-${Math.trunc(stats.mtimeMs).toString(36)}"`;
  response.setHeader('ETag', etag);
  response.setHeader('Cache-Control', immutable ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': stats.size });
  if (request.method === 'HEAD') response.end();
  else
    createReadStream(path)
      .on('error', () => response.destroy())
      .pipe(response);
}
