import { type ArgumentsHost, Catch, type ExceptionFilter, NotFoundException } from '@nestjs/common';
import { ROUTES, type Route } from '@probed/protocol';
import type { Request, Response } from 'express';
import { Logger } from '../app/logger';
import { errorReply } from './error-reply';
import { API_PREFIX, type CheckedRequest, routeOf } from './operation';
import { RequestFault } from './request-fault';

/** Every refusal and fault as an ErrorBody: one clear line, never a stack trace. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly log: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<CheckedRequest>();
    const response = http.getResponse<Response>();
    // Nest's own: no route is there for the request.
    const cause = error instanceof NotFoundException ? noRoute(request) : error;
    const { status, headers, body, fault } = errorReply(
      cause,
      request.operation && routeOf(request.operation),
    );
    if (fault) this.log.error(`${request.method} ${request.path}: ${fault}`);
    if (response.headersSent) response.destroy();
    else response.status(status).set(headers).json(body);
  }
}

/** No such path, or a path that is there for other methods. */
function noRoute({ method, path }: Pick<Request, 'method' | 'path'>): RequestFault {
  const allowed = methodsOf(path);
  if (allowed.length === 0) {
    const hint = `see ${API_PREFIX.replace('/v1', '/docs')}`;
    return new RequestFault(404, { code: 'no-such-path', message: `there is nothing at ${path}`, hint });
  }
  const message = `${method} is not possible at ${path}`;
  const allow = allowed.join(', ');
  return new RequestFault(
    405,
    { code: 'method-not-allowed', message, hint: `possible: ${allow}` },
    { Allow: allow },
  );
}

function methodsOf(path: string): string[] {
  const routes = Object.values<Route>(ROUTES).filter((route) => patternOf(route).test(path));
  return [...new Set(routes.map((route) => route.method))];
}

function patternOf({ path }: Route): RegExp {
  return new RegExp(`^${API_PREFIX}${path.replace(/\{\w+\}/g, '[^/]+')}/?$`, 'i');
}
