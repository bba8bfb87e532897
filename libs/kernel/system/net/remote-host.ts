import type { Kernel } from '../kernel';
import { Endpoint, type EndpointAddress } from './endpoint';
import { type Segment, TCP_FLAG } from './segment';
import type { Peer, Sock } from './sock';

const EMPTY = new Uint8Array(0);

/** What a host outside answers to one request. */
export interface Reply {
  readonly data: Uint8Array;
  /** Time it takes to think, ns. */
  readonly afterNs: number;
  /** It closes the connection after the reply. */
  readonly close?: boolean;
}

export type Service = (request: Uint8Array) => Reply | undefined;

/** A machine that is not emulated: an address, a distance, and what answers on its ports. */
export interface RemoteHost {
  readonly ip: number;
  /** Round trip, ns. */
  readonly rttNs: number;
  /** TCP services by port; other ports refuse. */
  readonly tcp: Readonly<Record<number, Service | undefined>>;
  readonly udp: Readonly<Record<number, Service | undefined>>;
  /** Share of our packets that get lost on the way, 0 to 1. */
  readonly lossRate?: number;
  /** Sends nothing back at all: connections time out. */
  readonly silent?: boolean;
}

/** The far end of one TCP connection. It has no kernel of ours under it: it only reacts. */
export class RemotePeer implements Peer {
  private seq = 1;
  private closed = false;

  constructor(
    private readonly host: RemoteHost,
    private readonly local: EndpointAddress,
    private readonly sock: Sock,
  ) {}

  receive(k: Kernel, packet: Segment): void {
    const service = this.host.tcp[this.local.port];
    if (packet.flags & TCP_FLAG.SYN) {
      this.answer(k, service ? TCP_FLAG.SYN | TCP_FLAG.ACK : TCP_FLAG.RST | TCP_FLAG.ACK);
      return;
    }
    if (packet.flags & TCP_FLAG.RST) {
      this.closed = true;
      return;
    }
    if (packet.payload.length > 0) {
      this.answer(k, TCP_FLAG.ACK, undefined, 0, packet.payload.length);
      const reply = service?.(packet.payload);
      if (reply) this.answer(k, TCP_FLAG.PSH | TCP_FLAG.ACK, reply.data, reply.afterNs);
      if (reply?.close) this.close(k, reply.afterNs + 1_000);
    }
    if (packet.flags & TCP_FLAG.FIN) {
      this.answer(k, TCP_FLAG.ACK, undefined, 0, 1);
      this.close(k, 2_000);
    }
  }

  private close(k: Kernel, afterNs: number): void {
    if (this.closed) return;
    this.closed = true;
    this.answer(k, TCP_FLAG.FIN | TCP_FLAG.ACK, undefined, afterNs);
  }

  private answer(k: Kernel, flags: number, payload: Uint8Array = EMPTY, afterNs = 0, acked = 0): void {
    const { sock } = this;
    const packet: Segment = {
      from: new Endpoint(this.local.ip, this.local.port),
      to: sock.local,
      protocol: 6,
      flags,
      seq: this.seq,
      ack: sock.seq,
      payload,
      sock: undefined,
    };
    this.seq += payload.length;
    k.net.arrive(sock, packet, afterNs + k.net.oneWay(this.host.rttNs), acked);
  }
}
