import type { MessageSource } from './client-outbox';
import type { WireError } from './wire-reply';

/** What one subscription of a client gets. */
export interface Feed extends MessageSource {
  /** Items that this client did not take in time. */
  readonly dropped: number;
  close(): void;
}

/** What a feed can say of itself to the client's side. */
export interface FeedContext {
  /** The subscription's id. */
  readonly id: string;
  /** There is a message where there was none. */
  wake(): void;
  /** Nothing more comes. */
  end(error: WireError): void;
}
