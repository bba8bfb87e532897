import { randomBytes } from 'node:crypto';

/** A new exec session's id, e.g. `s-1f09ab3c`. */
export function newSessionId(): string {
  return `s-${randomBytes(4).toString('hex')}`;
}
