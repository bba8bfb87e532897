import type { Socket } from 'socket.io';

/** A message to one client. */
export interface OutMessage {
  readonly event: string;
  readonly args: readonly unknown[];
}

/** What has messages for a client; asked when the client can take one. */
export interface MessageSource {
  /** The next message, if there is one. */
  take(): OutMessage | undefined;
}

/**
 * Packets that may wait in engine.io's buffer. With more than none the transport has the next one at hand when it has
 * sent what it has; each may be as large as a batch.
 */
const PACKETS_WAITING_MAX = 4;

/**
 * Sends what several sources have for one client, in turns, as fast as the client takes it and no faster: engine.io
 * buffers without bound what is emitted to a client that does not read, so what waits has to wait at its source.
 */
export class ClientOutbox {
  private readonly sources = new Set<MessageSource>();
  private scheduled = false;
  private pumping = false;
  private readonly wakeUp = () => this.wake();

  constructor(private readonly socket: Socket) {
    // It comes whenever the waiting packets have gone to the transport, be that by polling or by WebSocket.
    socket.conn.on('drain', this.wakeUp);
  }

  add(source: MessageSource): void {
    this.sources.add(source);
    this.wake();
  }

  remove(source: MessageSource): void {
    this.sources.delete(source);
  }

  /** To be called when a source has something that had nothing. Sends later, after the replies that are on their way. */
  wake(): void {
    if (this.scheduled || this.pumping) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.pump();
    });
  }

  close(): void {
    this.sources.clear();
    this.socket.conn.off('drain', this.wakeUp);
  }

  private pump(): void {
    this.pumping = true;
    try {
      while (this.canSend() && this.sendOneEach());
    } finally {
      this.pumping = false;
    }
  }

  private canSend(): boolean {
    // Public in engine.io's documentation, though not in its types.
    const { writeBuffer } = this.socket.conn as unknown as { writeBuffer: readonly unknown[] };
    return this.socket.connected && writeBuffer.length < PACKETS_WAITING_MAX;
  }

  /** @returns whether any source had a message; the first ones served come last in the next turn */
  private sendOneEach(): boolean {
    let sent = false;
    for (const source of [...this.sources]) {
      if (!this.canSend()) break;
      const message = source.take();
      if (!message) continue;
      this.socket.emit(message.event, ...message.args);
      sent = true;
      if (this.sources.delete(source)) this.sources.add(source);
    }
    return sent;
  }
}
