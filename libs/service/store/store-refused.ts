import { type Diagnostic, formatDiagnostic } from '@probed/base';

/**
 * The store does not do what was asked, for a reason that its user can do something about: the request is wrong, or
 * the database can't be read or written. Everything else that is thrown is a fault of ours.
 */
export class StoreRefused extends Error {
  constructor(readonly diagnostic: Diagnostic) {
    super(formatDiagnostic(diagnostic));
  }
}
