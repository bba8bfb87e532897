import type { ErrorBody } from '@probed/protocol';

type Details = ErrorBody['error'];

/** A request that failed, in the words of the daemon or, when it did not answer, in ours. */
export class ApiError extends Error {
  readonly code: string;
  readonly where?: string;
  /** What to do next. */
  readonly hint?: string;
  /** The verifier's, when it was the verifier that refused. */
  readonly log?: readonly string[];

  /** @param status 0 when there was no answer */
  constructor(
    readonly status: number,
    details: Details,
  ) {
    super(details.message);
    this.name = 'ApiError';
    this.code = details.code;
    this.where = details.where;
    this.hint = details.hint;
    this.log = details.log;
  }
}

/** The error of a response whose status is 400 or more. */
export function errorOfBody(status: number, body: unknown): ApiError {
  const details = (body as Partial<ErrorBody> | undefined)?.error;
  if (typeof details?.message === 'string') return new ApiError(status, { ...details });
  return new ApiError(status, {
    code: `http-${status}`,
    message: `the server answered with status ${status} and no explanation`,
    hint: 'a proxy in between may have answered in place of the daemon',
  });
}

export const unreachable = (): ApiError =>
  new ApiError(0, {
    code: 'unreachable',
    message: 'the daemon does not answer',
    hint: 'see in its terminal whether it runs; this page connects again by itself',
  });

/** Anything that was thrown, as an error to be shown. */
export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new ApiError(0, { code: 'page', message });
}
