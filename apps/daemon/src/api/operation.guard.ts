import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { type OperationId, type ParsedRequest } from '@probed/protocol';
import { z } from 'zod';
import { AccessControl } from '../security/access-control';
import { type BodyRule, readBody } from './body';
import { type CheckedRequest, OPERATION, routeOf } from './operation';
import { RequestFault } from './request-fault';
import { parseQuery, validate } from './validate';

const MIB = 1_048_576;
/** Largest object file, bytes. */
export const OBJECT_BYTES_MAX = 16 * MIB;
/** Base64 of the largest object, and its options. */
const UPLOAD_JSON_BYTES_MAX = 24 * MIB;

const NOTHING = z.strictObject({});

/** Lets a request through to its handler once its token and all of its parts are right. */
@Injectable()
export class OperationGuard implements CanActivate {
  constructor(private readonly access: AccessControl) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<CheckedRequest>();
    // The middleware has asked already; it goes by paths, this by handlers, so that neither can be got round.
    const refusal = this.access.checkAuthorization(request.headers.authorization);
    if (refusal)
      throw new RequestFault(refusal.status, refusal, { 'WWW-Authenticate': 'Bearer realm="probed"' });
    const operation = Reflect.getMetadata(OPERATION, context.getHandler()) as OperationId | undefined;
    if (!operation) throw new Error(`${context.getHandler().name} is no operation`);
    request.operation = operation;
    request.parsed = await parseRequest(operation, request);
    return true;
  }
}

async function parseRequest(
  operation: OperationId,
  request: CheckedRequest,
): Promise<ParsedRequest<OperationId>> {
  const { params = NOTHING, query = NOTHING, body = NOTHING, binaryBody = false } = routeOf(operation);
  const rule: BodyRule = binaryBody
    ? { jsonBytesMax: UPLOAD_JSON_BYTES_MAX, binaryBytesMax: OBJECT_BYTES_MAX }
    : { jsonBytesMax: MIB };
  const parsed = {
    params: validate(params, { ...request.params }, 'path'),
    query: validate(query, parseQuery(request.url), 'query'),
    body: undefined as unknown,
  };
  const given = await readBody(request, rule);
  parsed.body = given instanceof Uint8Array ? given : validate(body, given ?? {}, 'body');
  return parsed as ParsedRequest<OperationId>;
}
