import {
  createParamDecorator,
  type ExecutionContext,
  HttpCode,
  RequestMapping,
  RequestMethod,
  SetMetadata,
} from '@nestjs/common';
import { type OperationId, type ParsedRequest, type ResponseOf, ROUTES, type Route } from '@probed/protocol';
import type { Request } from 'express';

export const API_PREFIX = '/api/v1';
export const OPERATION = 'probed:operation';

/** A request on its way to an operation. */
export interface CheckedRequest extends Request {
  operation?: OperationId;
  /** Its parts, once they have been checked. */
  parsed?: ParsedRequest<OperationId>;
}

type Handler<O extends OperationId> = (request: ParsedRequest<O>) => Promise<ResponseOf<O>>;

/** An operation's row in the protocol. */
export function routeOf(operation: OperationId): Route {
  return ROUTES[operation];
}

/** As Express matches it: `/maps/:id/dump`. */
function expressPath(route: Route): string {
  return API_PREFIX + route.path.replace(/\{(\w+)\}/g, ':$1');
}

/**
 * Makes a controller's method the handler of an operation. Method, path and status come from the protocol; the
 * handler gets the request's checked parts and returns the answer.
 */
export function Operation<O extends OperationId>(operation: O) {
  const route = routeOf(operation);
  return <H extends Handler<O>>(
    target: object,
    key: string,
    descriptor: TypedPropertyDescriptor<H>,
  ): void => {
    RequestMapping({ method: RequestMethod[route.method], path: expressPath(route) })(
      target,
      key,
      descriptor,
    );
    HttpCode(route.status)(target, key, descriptor);
    SetMetadata(OPERATION, operation)(target, key, descriptor);
    Parsed()(target, key, 0);
  };
}

const Parsed = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<CheckedRequest>().parsed,
);
