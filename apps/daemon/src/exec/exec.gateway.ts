import type { OnModuleDestroy } from '@nestjs/common';
import {
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
  WebSocketGateway,
} from '@nestjs/websockets';
import { EXEC_NAMESPACE, type ExecStartReply } from '@probed/protocol';
import type { Subscription } from 'rxjs';
import type { Namespace, Socket } from 'socket.io';
import { Logger } from '../app/logger';
import { guardNamespace } from '../stream/handshake';
import { AccessPort, StreamKernel } from '../stream/ports';
import { answering } from '../stream/wire-reply';
import { ExecConnection } from './exec-connection';
import { ExecOutputs } from './exec-outputs';

/** Commands in containers, interactively: one session a connection (lib `protocol`, `stream.ts`). */
@WebSocketGateway({ namespace: EXEC_NAMESPACE })
export class ExecGateway implements OnGatewayInit, OnGatewayConnection, OnGatewayDisconnect, OnModuleDestroy {
  private readonly connections = new Map<string, ExecConnection>();
  private readonly watching: Subscription;
  private boot: string;

  constructor(
    private readonly kernel: StreamKernel,
    private readonly outputs: ExecOutputs,
    private readonly access: AccessPort,
    private readonly log: Logger,
  ) {
    this.boot = kernel.state.boot;
    this.watching = kernel.changes.subscribe(() => this.noteKernel());
  }

  afterInit(namespace: Namespace): void {
    guardNamespace(namespace, this.access);
  }

  handleConnection(socket: Socket): void {
    const connection = new ExecConnection(socket, this.kernel, this.outputs, this.log);
    this.connections.set(socket.id, connection);
    // By hand: Nest takes each kind of message after some turns of its own, while input has to keep its order.
    socket.on('start', (message: unknown, acknowledge: unknown) => {
      void this.start(connection, message, acknowledge);
    });
    socket.on('stdin', (data: unknown) => connection.stdin(data));
    socket.on('eof', () => connection.eof());
    socket.on('resize', (size: unknown) => connection.resize(size));
  }

  handleDisconnect(socket: Socket): void {
    this.connections.get(socket.id)?.close();
    this.connections.delete(socket.id);
  }

  onModuleDestroy(): void {
    this.watching.unsubscribe();
    for (const connection of this.connections.values()) connection.close();
  }

  private async start(connection: ExecConnection, message: unknown, acknowledge: unknown): Promise<void> {
    const reply = await answering(this.log, async () => ({
      ok: true as const,
      session: await connection.start(message),
    }));
    if (typeof acknowledge === 'function') acknowledge(reply satisfies ExecStartReply);
    if (reply.ok) connection.begin();
  }

  /** Sessions do not outlive the emulated kernel that they run in. */
  private noteKernel(): void {
    const { state, boot, last_error } = this.kernel.state;
    const gone = state === 'restarting' || state === 'failed' || boot !== this.boot;
    this.boot = boot;
    if (gone) this.outputs.loseAll(last_error ?? 'the emulated kernel restarted');
  }
}
