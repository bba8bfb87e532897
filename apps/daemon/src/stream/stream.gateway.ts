import type { OnModuleDestroy } from '@nestjs/common';
import {
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
  WebSocketGateway,
} from '@nestjs/websockets';
import { type Health, STREAM_NAMESPACE } from '@probed/protocol';
import { RecordPipeline, type RecordSource, SessionPods, SYSTEM_TIMERS } from '@probed/stream';
import type { Subscription } from 'rxjs';
import type { Namespace, Socket } from 'socket.io';
import { Logger } from '../app/logger';
import type { FeedSources } from './feeds';
import { guardNamespace } from './handshake';
import { MapPolls } from './map-polls';
import { MapSnapshots } from './map-snapshots';
import { AccessPort, MapDirectory, StreamKernel, StreamStore } from './ports';
import { StreamClient } from './stream-client';
import { answering } from './wire-reply';

/** Records, maps, sessions and states to clients (lib `protocol`, `stream.ts`). */
@WebSocketGateway({ namespace: STREAM_NAMESPACE })
export class StreamGateway
  implements OnGatewayInit, OnGatewayConnection, OnGatewayDisconnect, OnModuleDestroy
{
  private readonly clients = new Map<string, StreamClient>();
  private readonly sources: FeedSources;
  private readonly learning: Subscription;
  /** Items that clients who are gone did not take in time. */
  private droppedBefore = 0;

  constructor(
    pipeline: RecordPipeline,
    kernel: StreamKernel,
    store: StreamStore,
    maps: MapDirectory,
    private readonly access: AccessPort,
    private readonly log: Logger,
  ) {
    const snapshots = new MapSnapshots(kernel, store, SYSTEM_TIMERS);
    const mapPolls = new MapPolls(kernel, snapshots, SYSTEM_TIMERS);
    const sessionPods = new SessionPods();
    this.sources = {
      records: recordSource(pipeline, store),
      sessionPods,
      kernel,
      store,
      maps,
      mapPolls,
      log,
    };
    this.learning = pipeline.entries.subscribe((entries) => {
      for (const { item } of entries) if (item.type === 'session') sessionPods.learn(item.session);
    });
  }

  /** Clients that are connected, and what those who lagged have missed. */
  get statistics(): Health['stream'] {
    const clients = [...this.clients.values()];
    return {
      clients: clients.length,
      subscriptions: clients.reduce((sum, client) => sum + client.subscriptions, 0),
      dropped: clients.reduce((sum, client) => sum + client.dropped, this.droppedBefore),
    };
  }

  afterInit(namespace: Namespace): void {
    guardNamespace(namespace, this.access);
  }

  handleConnection(socket: Socket): void {
    const client = new StreamClient(socket, this.sources);
    this.clients.set(socket.id, client);
    // By hand: what is global in the application (guards, filters) is for HTTP, and Nest would apply it here too.
    socket.on('subscribe', (message: unknown, acknowledge: unknown) => {
      void this.answer(acknowledge, () => client.subscribe(message));
    });
    socket.on('unsubscribe', (message: unknown, acknowledge: unknown) => {
      void this.answer(acknowledge, async () => client.unsubscribe(message));
    });
  }

  handleDisconnect(socket: Socket): void {
    const client = this.clients.get(socket.id);
    this.clients.delete(socket.id);
    this.droppedBefore += client?.dropped ?? 0;
    client?.close();
  }

  onModuleDestroy(): void {
    this.learning.unsubscribe();
    this.sources.mapPolls.close();
  }

  private async answer(acknowledge: unknown, answer: () => Promise<unknown>): Promise<void> {
    const reply = await answering(this.log, answer);
    if (typeof acknowledge === 'function') acknowledge(reply);
  }
}

function recordSource(pipeline: RecordPipeline, store: StreamStore): RecordSource {
  return {
    entries: pipeline.entries,
    unstored: () => pipeline.unstored(),
    readAfter: (position, limit) => store.call('record.after', { ...position, limit }),
  };
}
