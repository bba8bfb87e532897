import type { Diagnostic } from '@probed/base';
import type { ErrorBody, Route } from '@probed/protocol';
import { stackOf } from '../app/logger';
import { CommandRefused, ThreadUnavailable } from '../threads/rpc';
import { RequestFault } from './request-fault';

/** What goes over the wire in place of an answer. */
export interface ErrorReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ErrorBody;
  /** Set when the fault is ours: for the log, never for the client. */
  readonly fault?: string;
}

/** HTTP status of a refused command by the code of its diagnostic: the first pattern that matches. */
const STATUS_OF_CODE: readonly (readonly [RegExp, number])[] = [
  [/^no-such-hook$/, 422],
  [/^bad-(cursor|time)$/, 400],
  [/^no-such-|-not-found$/, 404],
  [/^workload-stopped$/, 409],
  [/^(kernel|store)-/, 503],
];
const REFUSED = 422;
/** Every operation can answer these. */
const ALWAYS: ReadonlySet<number> = new Set([400, 401, 403, 503]);
const RETRY_AFTER_S = '1';

/** The reply to a request that failed, whatever it threw. @param route the operation, where it was found */
export function errorReply(error: unknown, route?: Route): ErrorReply {
  if (error instanceof RequestFault) return reply(error.status, error.diagnostic, error.headers);
  if (error instanceof CommandRefused) {
    const { diagnostic } = error;
    return reply(statusOf(diagnostic.code, route), diagnostic);
  }
  if (error instanceof ThreadUnavailable) {
    const { code, message } = error;
    return reply(503, {
      code,
      message,
      hint: 'try again in a moment; GET /api/v1/health says how things are',
    });
  }
  return unexpected(error);
}

/** An operation answers with the statuses that it declares: of an upload's own map, 404 would be a riddle. */
function statusOf(code: string, route: Route | undefined): number {
  const status = STATUS_OF_CODE.find(([pattern]) => pattern.test(code))?.[1] ?? REFUSED;
  const declared = (one: number) => ALWAYS.has(one) || route?.errors?.[one] !== undefined;
  if (!route || declared(status)) return status;
  return declared(REFUSED) ? REFUSED : 400;
}

function reply(
  status: number,
  diagnostic: Diagnostic,
  headers: Readonly<Record<string, string>> = {},
): ErrorReply {
  const retry: Record<string, string> = status === 503 ? { 'Retry-After': RETRY_AFTER_S } : {};
  return { status, headers: { ...retry, ...headers }, body: errorBodyOf(diagnostic) };
}

/** What a client is told of a diagnostic. */
export function errorBodyOf({ code, message, where, hint, errno, log }: Diagnostic): ErrorBody {
  return {
    error: {
      code,
      message: message.replace(/\s*\n\s*/g, ' '),
      ...(where !== undefined && { where }),
      ...(hint !== undefined && { hint }),
      ...(errno !== undefined && { errno }),
      ...(log !== undefined && { log: [...log] }),
    },
  };
}

/** Express refuses malformed paths by errors with a status; all else is a fault of ours, and nobody else's business. */
function unexpected(error: unknown): ErrorReply {
  const { status, message } = error as { status?: unknown; message?: unknown };
  if (status === 400) return reply(400, { code: 'bad-request', message: String(message) });
  return {
    ...reply(500, {
      code: 'internal',
      message: 'the daemon failed at this; its log says more',
    }),
    fault: stackOf(error),
  };
}
