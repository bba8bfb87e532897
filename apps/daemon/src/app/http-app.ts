import type { Server } from 'node:http';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ErrorFilter } from '../api/error.filter';
import { errorBodyOf } from '../api/error-reply';
import { OperationGuard } from '../api/operation.guard';
import { ResponseCheck } from '../api/response-check';
import type { HealthService } from '../health/health-service';
import { accessMiddleware, securityHeaders } from '../security/access.middleware';
import type { AccessControl } from '../security/access-control';
import { type Logger, nestLogger } from './logger';
import { publicPages } from './pages';

export interface HttpAppOptions {
  readonly module: DynamicModule | (new () => unknown);
  readonly log: Logger;
  readonly access: AccessControl;
  readonly health: HealthService;
  /** Check our own answers, see {@link ResponseCheck}. */
  readonly checkResponses: boolean;
}

/** How long a client may take for a request's head, ms. */
const HEADERS_TIMEOUT_MS = 10_000;
/** … and for all of it: an upload of some MiB over a slow line. */
const REQUEST_TIMEOUT_MS = 120_000;
const HEADERS_MAX = 100;

/** The Nest application: access control first, then public pages, then the API. Not listening yet. */
export async function createHttpApp(options: HttpAppOptions): Promise<NestExpressApplication> {
  const { module, log, access, health } = options;
  const app = await NestFactory.create<NestExpressApplication>(module, {
    logger: nestLogger(log),
    bodyParser: false,
    abortOnError: false,
  });
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(securityHeaders, accessMiddleware(access), ...publicPages(health));
  app.useGlobalGuards(app.get(OperationGuard, { strict: false }));
  app.useGlobalFilters(new ErrorFilter(log));
  if (options.checkResponses) app.useGlobalInterceptors(new ResponseCheck());
  limit(app.getHttpServer());
  return app;
}

function limit(server: Server): void {
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.maxHeadersCount = HEADERS_MAX;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    socket.end(rawReply(error));
  });
}

const RAW_STATUS: Readonly<Record<string, readonly [string, string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the head of the request is too large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request took too long'],
};

/** For what Node refuses before it is a request. */
function rawReply({ code = '' }: NodeJS.ErrnoException): string {
  const [status, message] = RAW_STATUS[code] ?? ['400 Bad Request', 'this is not an HTTP request'];
  const body = JSON.stringify(errorBodyOf({ code: 'bad-request', message }));
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nConnection: close\r\n`;
  return `${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
