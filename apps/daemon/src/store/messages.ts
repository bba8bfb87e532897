import type { Diagnostic } from '@probed/base';

/** What the store thread is started with (`workerData`). */
export interface StoreBoot {
  /** Absolute path of the database. */
  readonly file: string;
  /** The oldest records beyond these limits are deleted. */
  readonly recordsMax: number;
  readonly bytesMax: number;
  /** How often that is looked after, ms. */
  readonly pruneEveryMs: number;
  /** See `DatabaseOptions` of lib `store`: a full disk can be rehearsed with it. */
  readonly pageCountMax?: number;
}

/** What the store thread says by itself, beside replies to commands. First comes `opened` or `refused`. */
export type StoreNote =
  | { readonly note: 'opened' }
  /** It can't be opened; the thread ends. */
  | { readonly note: 'refused'; readonly diagnostic: Diagnostic }
  /** One line for the log. */
  | { readonly note: 'notice'; readonly line: string };

/** Asks the store thread to close the database and end, after what it was asked before. */
export interface StoreClose {
  readonly close: true;
}
