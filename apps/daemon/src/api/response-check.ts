import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { OperationId } from '@probed/protocol';
import { map, type Observable } from 'rxjs';
import { OPERATION, routeOf } from './operation';

/** Checks every answer against its schema: in tests, where an answer that breaks the contract must not pass. */
@Injectable()
export class ResponseCheck implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const operation = Reflect.getMetadata(OPERATION, context.getHandler()) as OperationId;
    return next.handle().pipe(map((answer) => checked(operation, answer)));
  }
}

function checked(operation: OperationId, answer: unknown): unknown {
  // What counts is what a client gets to see.
  const onTheWire: unknown = JSON.parse(JSON.stringify(answer));
  const parsed = routeOf(operation).response.safeParse(onTheWire);
  if (!parsed.success) throw new Error(`${operation} breaks its schema: ${parsed.error.message}`);
  return answer;
}
