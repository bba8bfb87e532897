import 'reflect-metadata';
import type { Server } from 'node:http';
import { Module } from '@nestjs/common';
import type { Health } from '@probed/protocol';
import { RecordPipeline } from '@probed/stream';
import { type ApiServices, apiModule } from '../api/api.module';
import { ExecGateway } from '../exec/exec.gateway';
import { ExecOutputs } from '../exec/exec-outputs';
import { urlHost } from '../security/access-control';
import { AccessPort, MapDirectory, StreamKernel, StreamStore } from '../stream/ports';
import { SocketIoAdapter } from '../stream/socket-io.adapter';
import { StreamGateway } from '../stream/stream.gateway';
import { createHttpApp } from './http-app';
import { listen } from './listen';
import { Logger } from './logger';

/** What the web side serves from. */
export interface WebParts extends ApiServices {
  readonly pipeline: RecordPipeline;
  readonly outputs: ExecOutputs;
  readonly kernel: StreamKernel;
  readonly store: StreamStore;
  readonly host: string;
  readonly port: number;
}

/** HTTP and socket.io, listening. */
export interface Web {
  readonly url: string;
  streamStatistics(): Health['stream'];
  /** Accepts nothing more, lets requests end for a moment, then cuts them. */
  close(): Promise<void>;
}

const CLOSE_MS = 1_000;

@Module({})
class WebModule {}

/** @throws StartFault the port is taken, or the address is not ours */
export async function serveWeb(parts: WebParts): Promise<Web> {
  const { log, access, health } = parts;
  const checkResponses = process.env['PROBED_CHECK_RESPONSES'] === '1';
  const app = await createHttpApp({ module: webModule(parts), log, access, health, checkResponses });
  app.useWebSocketAdapter(new SocketIoAdapter(app, access));
  const server = app.getHttpServer() as Server;
  // All is wired before the first request comes.
  await app.init();
  const port = await listen(server, parts.host, parts.port);
  access.listenOn(port);
  const gateway = app.get(StreamGateway, { strict: false });
  return {
    url: `http://${clientHost(parts.host)}:${port}`,
    streamStatistics: () => gateway.statistics,
    close: async () => {
      const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
      server.closeIdleConnections();
      await app.close();
      clearTimeout(timer);
    },
  };
}

/** The address that clients on this machine use: a wildcard is an address to listen on only. */
function clientHost(host: string): string {
  const wildcards: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };
  return wildcards[host] ?? urlHost(host);
}

function webModule(parts: WebParts) {
  const { log, access, kernel, store, registry, pipeline, outputs } = parts;
  return {
    module: WebModule,
    imports: [apiModule(parts)],
    providers: [
      { provide: Logger, useValue: log },
      { provide: AccessPort, useValue: access },
      { provide: StreamKernel, useValue: kernel },
      { provide: StreamStore, useValue: store },
      { provide: MapDirectory, useValue: registry },
      { provide: RecordPipeline, useValue: pipeline },
      { provide: ExecOutputs, useValue: outputs },
      StreamGateway,
      ExecGateway,
    ],
  };
}
