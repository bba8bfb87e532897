import type { Diagnostic } from '@probed/base';

/** A request that is not served, with its HTTP status and what the client is told. */
export class RequestFault extends Error {
  constructor(
    readonly status: number,
    readonly diagnostic: Diagnostic,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(diagnostic.message);
  }
}
