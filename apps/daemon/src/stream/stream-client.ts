import { diagnostic } from '@probed/base';
import { type EndedMessage, type SubscribeReply, subscribe, unsubscribe } from '@probed/protocol';
import type { Socket } from 'socket.io';
import { CommandRefused } from '../threads/rpc';
import { ClientOutbox } from './client-outbox';
import type { Feed } from './feed';
import { type FeedSources, openFeed } from './feeds';
import { parseMessage, type WireError } from './wire-reply';

const SUBSCRIPTIONS_MAX = 64;

/** One client of the stream: its subscriptions, and the way to it. */
export class StreamClient {
  private readonly outbox: ClientOutbox;
  private readonly feeds = new Map<string, Feed>();
  /** Subscriptions that are being opened. */
  private opening = 0;
  private nextId = 1;
  private closed = false;
  private droppedBefore = 0;

  constructor(
    private readonly socket: Socket,
    private readonly sources: FeedSources,
  ) {
    this.outbox = new ClientOutbox(socket);
  }

  get subscriptions(): number {
    return this.feeds.size;
  }

  /** Items that it did not take in time, of all its subscriptions so far. */
  get dropped(): number {
    let dropped = this.droppedBefore;
    for (const feed of this.feeds.values()) dropped += feed.dropped;
    return dropped;
  }

  /** @throws CommandRefused the message is malformed, or what is asked for is not there */
  async subscribe(message: unknown): Promise<SubscribeReply> {
    const request = parseMessage(subscribe, message);
    if (this.feeds.size + this.opening >= SUBSCRIPTIONS_MAX) {
      const hint = 'unsubscribe from some';
      throw new CommandRefused(
        diagnostic('too-many-subscriptions', `a client has at most ${SUBSCRIPTIONS_MAX}`, { hint }),
      );
    }
    const id = `sub-${this.nextId++}`;
    const context = {
      id,
      wake: () => this.outbox.wake(),
      // Later, so that the reply to `subscribe` comes first.
      end: (error: WireError) => void setImmediate(() => this.endByItself(id, error)),
    };
    this.opening++;
    try {
      this.add(id, await openFeed(request, context, this.sources));
    } finally {
      this.opening--;
    }
    return { ok: true, subscription: id };
  }

  /** @throws CommandRefused the message is malformed, or there is no such subscription */
  unsubscribe(message: unknown): { ok: true } {
    const { subscription } = parseMessage(unsubscribe, message);
    if (!this.remove(subscription)) {
      const text = `no subscription ${JSON.stringify(subscription)}`;
      throw new CommandRefused(diagnostic('no-such-subscription', text));
    }
    return { ok: true };
  }

  close(): void {
    this.closed = true;
    for (const id of [...this.feeds.keys()]) this.remove(id);
    this.outbox.close();
  }

  private add(id: string, feed: Feed): void {
    if (this.closed) {
      feed.close();
      return;
    }
    this.feeds.set(id, feed);
    this.outbox.add(feed);
  }

  private remove(id: string): boolean {
    const feed = this.feeds.get(id);
    if (!feed) return false;
    this.feeds.delete(id);
    this.outbox.remove(feed);
    this.droppedBefore += feed.dropped;
    feed.close();
    return true;
  }

  private endByItself(subscription: string, error: WireError): void {
    if (!this.remove(subscription)) return;
    const message: EndedMessage = { subscription, error };
    this.socket.emit('ended', message);
  }
}
