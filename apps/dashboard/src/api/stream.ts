import type {
  Batch,
  MapMessage,
  STREAM_NAMESPACE,
  StatusMessage,
  Subscribe,
  SubscribeReply,
} from '@probed/protocol';
import { Cell } from '../state/cell';

/** Where the stream is served; the type makes it the protocol's. */
export const STREAM_PATH: typeof STREAM_NAMESPACE = '/stream';

/** What this file needs of a socket.io client. */
export interface StreamSocket {
  readonly connected: boolean;
  /** Whether it connects again by itself. */
  readonly active: boolean;
  on(event: string, listener: (...args: never[]) => void): unknown;
  emit(event: string, ...args: unknown[]): unknown;
  connect(): unknown;
  disconnect(): unknown;
}

export type Connection = 'connecting' | 'connected' | 'lost';

type Input = Subscribe extends infer S
  ? S extends { kind: 'map' }
    ? Omit<S, 'interval_ms'> & { interval_ms?: number }
    : S
  : never;

export interface Subscription {
  /** Asked at each connection: what to subscribe to now, e.g. from where on. */
  request(): Input | Promise<Input>;
  onBatch?(batch: Batch): void;
  onMap?(message: MapMessage): void;
  onStatus?(message: StatusMessage): void;
  /** The daemon does not give it. */
  onRefused?(message: string): void;
}

interface Held {
  readonly subscription: Subscription;
  /** The server's name for it while connected. */
  id?: string;
  ended?: boolean;
}

type Message = { readonly subscription: string };
type Delivery = (subscription: Subscription, message: Message) => void;

const DELIVERIES: Readonly<Record<string, Delivery>> = {
  batch: (subscription, message) => subscription.onBatch?.(message as Batch),
  map: (subscription, message) => subscription.onMap?.(message as MapMessage),
  status: (subscription, message) => subscription.onStatus?.(message as StatusMessage),
};
const RETRY_MS = 2_000;
const EARLY_MAX = 1_000;

/** The live stream: one connection that subscribes anew whenever it is made anew. */
export class Stream {
  readonly connection = new Cell<Connection>('connecting');
  private readonly held = new Set<Held>();
  private readonly byId = new Map<string, Held>();
  /** Messages of subscriptions whose acknowledgement is still on its way. */
  private early: { deliver: Delivery; message: Message }[] = [];
  private asking = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(
    private readonly socket: StreamSocket,
    private readonly onRefused: () => void = () => {},
  ) {
    socket.on('connect', () => this.onConnect());
    socket.on('disconnect', () => this.onLost());
    socket.on('connect_error', () => this.onConnectError());
    for (const [event, deliver] of Object.entries(DELIVERIES))
      socket.on(event, (message: Message) => this.route(deliver, message));
  }

  /** @returns a function that ends the subscription */
  subscribe(subscription: Subscription): () => void {
    const held: Held = { subscription };
    this.held.add(held);
    if (this.socket.connected) void this.ask(held);
    return () => this.end(held);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    this.socket.disconnect();
  }

  private onConnect(): void {
    this.connection.set('connected');
    for (const held of this.held) void this.ask(held);
  }

  private onLost(): void {
    this.byId.clear();
    this.early = [];
    for (const held of this.held) held.id = undefined;
    this.connection.set('lost');
    this.reconnectLater();
  }

  /** A refusal (a wrong token, a kernel that boots) is final for the client library; it may be over soon for us. */
  private onConnectError(): void {
    this.connection.set('lost');
    this.onRefused();
    this.reconnectLater();
  }

  private reconnectLater(): void {
    clearTimeout(this.retry);
    if (this.closed) return;
    this.retry = setTimeout(() => {
      if (!this.socket.active) this.socket.connect();
    }, RETRY_MS);
  }

  private async ask(held: Held): Promise<void> {
    this.asking++;
    try {
      const request = await held.subscription.request();
      if (held.ended || !this.socket.connected) return;
      const reply = await this.emit('subscribe', request);
      if (!reply.ok) held.subscription.onRefused?.(reply.error.message);
      else if (held.ended) this.socket.emit('unsubscribe', { subscription: reply.subscription });
      else this.begin(held, reply.subscription);
    } catch (thrown) {
      held.subscription.onRefused?.(thrown instanceof Error ? thrown.message : String(thrown));
    } finally {
      if (--this.asking === 0) this.early = [];
    }
  }

  private begin(held: Held, id: string): void {
    held.id = id;
    this.byId.set(id, held);
    const waiting = this.early;
    this.early = [];
    for (const { deliver, message } of waiting) this.route(deliver, message);
  }

  private emit(event: string, message: unknown): Promise<SubscribeReply> {
    return new Promise((resolve) => this.socket.emit(event, message, resolve));
  }

  private route(deliver: Delivery, message: Message): void {
    const held = this.byId.get(message.subscription);
    if (held) deliver(held.subscription, message);
    else if (this.asking > 0 && this.early.length < EARLY_MAX) this.early.push({ deliver, message });
  }

  private end(held: Held): void {
    held.ended = true;
    this.held.delete(held);
    if (held.id === undefined) return;
    this.byId.delete(held.id);
    if (this.socket.connected) this.socket.emit('unsubscribe', { subscription: held.id });
  }
}
