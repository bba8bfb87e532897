import { type Diagnostic, diagnostic } from '@probed/base';

const EINVAL = 22;

/** Raised where objects cannot be linked; `linkObjects` gives its diagnostic back. */
export class LinkFault extends Error {
  constructor(readonly diagnostic: Diagnostic) {
    super(diagnostic.message);
  }
}

/** Ends the linking with one line about what is wrong with a file. */
export function refuse(message: string, where?: string, hint?: string): never {
  throw new LinkFault(
    diagnostic('static-link', message, { errno: EINVAL, ...(where && { where }), ...(hint && { hint }) }),
  );
}
