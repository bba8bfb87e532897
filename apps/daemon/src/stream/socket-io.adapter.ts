import type { IncomingMessage } from 'node:http';
import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { AccessPort } from './ports';

/** Nest brings its own socket.io, whose types are not those of the package that clients use. */
type Server = ReturnType<IoAdapter['createIOServer']>;
type ServerOptions = NonNullable<Parameters<IoAdapter['createIOServer']>[1]>;

/** A message of a client: a chunk of 64 KiB, as files and pipes are read by, and what is around it. */
const MESSAGE_BYTES_MAX = 65 * 1024;

const SERVER_OPTIONS: Partial<ServerOptions> = {
  maxHttpBufferSize: MESSAGE_BYTES_MAX,
  // A client that takes nothing for a minute is slow, not gone.
  pingInterval: 25_000,
  pingTimeout: 120_000,
  connectTimeout: 10_000,
  perMessageDeflate: false,
  serveClient: false,
};

type Refusal = NonNullable<ReturnType<AccessPort['checkOrigin']>>;
type Answer = (error: string | null | undefined, success: boolean) => void;

/** socket.io with our limits, for pages of ours alone: any other Host or Origin gets 403 before anything else. */
export class SocketIoAdapter extends IoAdapter {
  constructor(
    app: INestApplicationContext,
    private readonly access: AccessPort,
  ) {
    super(app);
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    const server = super.createIOServer(port, {
      ...(options as ServerOptions),
      ...SERVER_OPTIONS,
      allowRequest: (request: IncomingMessage, answer: Answer) => this.allow(request, answer),
    });
    const useless = Object.assign(new Error('no-such-namespace'), {
      data: { code: 'no-such-namespace', message: 'connect to /stream or /exec' },
    });
    server.of('/').use((_socket, next) => next(useless));
    return server;
  }

  private allow(request: IncomingMessage, answer: Answer): void {
    const refusal = this.access.checkOrigin(request.headers);
    if (!refusal) answer(null, true);
    else if (request.headers.upgrade === undefined) answer(refusal.message, false);
    else refuseUpgrade(request, refusal);
  }
}

/** engine.io answers each refused upgrade with 400. */
function refuseUpgrade({ socket }: IncomingMessage, { code, message }: Refusal): void {
  const body = JSON.stringify({ error: { code, message } });
  socket.end(
    [
      'HTTP/1.1 403 Forbidden',
      'Connection: close',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
}
