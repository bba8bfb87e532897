import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorBodyOf } from '../api/error-reply';
import { API_PREFIX } from '../api/operation';
import type { AccessControl } from './access-control';

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** Below Node's own limit on a request's head, so that the refusal is ours and clear. */
const URL_CHARS_MAX = 12_288;

/** Nothing from elsewhere, nothing inline, in no frame. `data:` is for small pictures in style sheets. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** Every response says what a browser may do with it. */
export const securityHeaders: Middleware = (_request, response, next) => {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
  next();
};

/** First of all: our Host, our Origin, and for the API the token; nothing else of the request is looked at before. */
export function accessMiddleware(access: AccessControl): Middleware {
  return (request, response, next) => {
    const { url = '', headers } = request;
    if (url.length > URL_CHARS_MAX) {
      const message = `the URL is longer than ${URL_CHARS_MAX} characters`;
      return refuse(response, 414, { code: 'url-too-long', message });
    }
    const foreign = access.checkOrigin(headers);
    if (foreign) return refuse(response, foreign.status, foreign);
    if (!isApi(url)) return next();
    response.setHeader('Cache-Control', 'no-store');
    const refusal = access.checkAuthorization(headers.authorization);
    if (!refusal) return next();
    response.setHeader('WWW-Authenticate', 'Bearer realm="probed"');
    return refuse(response, refusal.status, refusal);
  };
}

/** Express takes paths in any case. */
function isApi(url: string): boolean {
  const path = url.split(/[?#]/, 1)[0].toLowerCase();
  return path === API_PREFIX || path.startsWith(`${API_PREFIX}/`);
}

function refuse(
  response: ServerResponse,
  status: number,
  { code, message, hint }: { code: string; message: string; hint?: string },
): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(errorBodyOf({ code, message, hint })));
}
