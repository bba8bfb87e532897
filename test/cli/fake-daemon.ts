import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  EXEC_NAMESPACE,
  type OperationId,
  ROUTES,
  type Route,
  STREAM_NAMESPACE,
  type Subscribe,
  subscribe,
} from '@probed/protocol';
import { type Socket, Server as SocketServer } from 'socket.io';

/** A request as it came in, after validation. */
export interface Asked {
  readonly operation: string;
  readonly params: Record<string, string>;
  readonly query: Record<string, unknown>;
  readonly body: unknown;
}

type Answer = (asked: Asked) => unknown;

/** A refusal with a status of its own. */
export class Refuse {
  constructor(
    readonly status: number,
    readonly error: { code: string; message: string; [more: string]: unknown },
  ) {}
}

/**
 * A server that answers what it is told to, and only what the protocol's schemas allow: requests and answers that do not
 * fit them fail the test.
 */
export class FakeDaemon {
  static readonly TOKEN = 'a-token-for-tests';
  readonly asked: Asked[] = [];
  readonly subscriptions: Subscribe[] = [];
  readonly faults: string[] = [];
  answers: Partial<Record<OperationId, Answer>> = {};
  onSubscribe: (socket: Socket, request: Subscribe) => void = () => {};
  onExec: (socket: Socket) => void = () => {};
  private http: Server | undefined;
  private io: SocketServer | undefined;

  get url(): string {
    return `http://127.0.0.1:${(this.http!.address() as AddressInfo).port}`;
  }

  async start(port = 0): Promise<void> {
    const http = createServer((request, response) => void this.serve(request, response));
    const io = new SocketServer(http);
    this.http = http;
    this.io = io;
    for (const namespace of [STREAM_NAMESPACE, EXEC_NAMESPACE]) {
      io.of(namespace).use((socket, next) => {
        const known = socket.handshake.auth['token'] === FakeDaemon.TOKEN;
        next(known ? undefined : new Error('unauthorized'));
      });
    }
    io.of(STREAM_NAMESPACE).on('connection', (socket) => this.stream(socket));
    io.of(EXEC_NAMESPACE).on('connection', (socket) => this.onExec(socket));
    await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  }

  /** Ends at once, connections and all, as if it were killed. */
  async stop(): Promise<void> {
    const { http, io } = this;
    if (!http || !io) return;
    this.http = undefined;
    http.closeAllConnections();
    await io.close();
  }

  /** Back to the beginning; connections stay. */
  reset(): void {
    this.asked.length = 0;
    this.subscriptions.length = 0;
    this.faults.length = 0;
    this.answers = {};
    this.onSubscribe = () => {};
    this.onExec = () => {};
  }

  private stream(socket: Socket): void {
    socket.on('subscribe', (request: unknown, reply: (answer: unknown) => void) => {
      const parsed = subscribe.safeParse(request);
      if (!parsed.success) {
        this.faults.push(`subscribe: ${parsed.error.message}`);
        return reply({ ok: false, error: { code: 'malformed', message: 'malformed' } });
      }
      this.subscriptions.push(parsed.data);
      reply({ ok: true, subscription: 's1' });
      this.onSubscribe(socket, parsed.data);
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.startsWith('/socket.io')) return;
    const answer = await this.answer(request, await text(request));
    const refused = answer instanceof Refuse;
    response.statusCode = refused ? answer.status : 200;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(refused ? { error: answer.error } : answer));
  }

  private async answer(request: IncomingMessage, body: string): Promise<unknown> {
    if (request.headers.authorization !== `Bearer ${FakeDaemon.TOKEN}`)
      return new Refuse(401, { code: 'unauthorized', message: 'not the admin token' });
    const url = new URL(request.url ?? '/', 'http://daemon');
    for (const [operation, route] of Object.entries(ROUTES as Record<string, Route>)) {
      const pattern = route.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
      const match = new RegExp(`^/api/v1${pattern}$`).exec(url.pathname);
      if (!match || route.method !== request.method) continue;
      const asked = this.parsed(operation, route, { ...match.groups }, url, body);
      if (asked instanceof Refuse) return asked;
      this.asked.push(asked);
      const given = this.answers[operation as OperationId]?.(asked);
      return given instanceof Refuse ? given : this.lawful(operation, route, given);
    }
    return new Refuse(404, { code: 'no-such-route', message: `no ${request.method} ${url.pathname}` });
  }

  private parsed(
    operation: string,
    route: Route,
    params: Record<string, string>,
    url: URL,
    body: string,
  ): Asked | Refuse {
    const query = route.query?.safeParse(Object.fromEntries(url.searchParams));
    const sent = route.body?.safeParse(JSON.parse(body || '{}'));
    const fault = [query, sent].find((result) => result?.success === false)?.error?.message;
    if (fault !== undefined) {
      this.faults.push(`${operation}: ${fault}`);
      return new Refuse(400, { code: 'malformed', message: 'malformed' });
    }
    return { operation, params, query: query?.data ?? {}, body: sent?.data };
  }

  private lawful(operation: string, route: Route, given: unknown): unknown {
    const valid = route.response.safeParse(given ?? {});
    if (valid.success) return given ?? {};
    this.faults.push(`answer of ${operation}: ${valid.error.message}`);
    return new Refuse(500, { code: 'test', message: 'the test answers what no daemon may' });
  }
}
