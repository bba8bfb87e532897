import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { packageRoot, packageVersion } from '@probed/package';
import { openApiDocument } from '@probed/protocol';
import type { HealthService } from '../health/health-service';
import { serveFiles } from './static-files';

type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

const DOCS = '/api/docs';
const SWAGGER_ASSETS = ['swagger-ui.css', 'index.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

const DOCS_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>probed: REST API</title>
<link rel="icon" href="${DOCS}/favicon-32x32.png">
<link rel="stylesheet" href="${DOCS}/swagger-ui.css">
<link rel="stylesheet" href="${DOCS}/index.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="${DOCS}/swagger-ui-bundle.js"></script>
<script src="${DOCS}/start.js"></script>
</body>
</html>
`;
/** A file of its own, since the content security policy lets no inline script run. */
const DOCS_SCRIPT = `SwaggerUIBundle({
  url: '${DOCS}/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
`;
const NOT_BUILT = 'The dashboard is not built. Build it with: npm run build\n';

/** What needs no token: the dashboard, the API's documentation, and the probe for supervisors. */
export function publicPages(health: HealthService): Handler[] {
  const dashboard = join(packageRoot(), 'dist/apps/dashboard');
  return [probe(health), docs(), serveFiles('/', dashboard), missingDashboard(dashboard)];
}

function probe(health: HealthService): Handler {
  return only('/healthz', (response) => {
    const complaint = health.complaint();
    text(response, complaint === undefined ? 200 : 503, `${complaint ?? 'ok'}\n`, 'text/plain');
  });
}

function docs(): Handler {
  const assets = dirname(require.resolve('swagger-ui-dist/package.json'));
  const document = JSON.stringify(openApiDocument(packageVersion()), null, 2);
  const pages: Readonly<Record<string, readonly [string, string]>> = {
    [DOCS]: [DOCS_PAGE, 'text/html'],
    [`${DOCS}/`]: [DOCS_PAGE, 'text/html'],
    [`${DOCS}/start.js`]: [DOCS_SCRIPT, 'text/javascript'],
    [`${DOCS}/openapi.json`]: [document, 'application/json'],
  };
  const files = serveFiles(`${DOCS}/`, assets);
  return (request, response, next) => {
    const path = pathOf(request);
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    if (page && isRead(request)) text(response, 200, ...page);
    else if (SWAGGER_ASSETS.some((name) => path === `${DOCS}/${name}`)) files(request, response, next);
    else next();
  };
}

/** Says how to get the dashboard where the checkout has none. */
function missingDashboard(folder: string): Handler {
  return only('/', (response, next) => {
    if (existsSync(join(folder, 'index.html'))) next();
    else text(response, 503, NOT_BUILT, 'text/plain');
  });
}

function only(path: string, serve: (response: ServerResponse, next: () => void) => void): Handler {
  return (request, response, next) =>
    isRead(request) && pathOf(request) === path ? serve(response, next) : next();
}

function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split(/[?#]/, 1)[0];
}

function text(response: ServerResponse, status: number, body: string, type: string): void {
  response.writeHead(status, {
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-cache',
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
