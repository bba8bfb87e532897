import { TCP_STATE as T } from '@probed/abi';
import type { Kernel } from '../kernel';
import { securityHook } from '../trace/security';
import { traced } from '../trace/traced';
import { DROP_REASON } from '../tracepoints/skb';
import { Endpoint } from './endpoint';
import { dropPacket } from './packet-path';
import { sendReliably } from './retransmit';
import { type Segment, segment, skbOf, TCP_FLAG } from './segment';
import { Sock } from './sock';
import { tcpSetState } from './tcp-state';

const ECONNREFUSED = 111;
const ECONNRESET = 104;

const securityConnRequest = securityHook<[Sock, Segment]>('inet_conn_request', (k, sock, packet) => [
  k.ptr(sock.offset),
  skbOf(k, packet),
  0,
]);

/** The three-way handshake is over on the server: the child socket comes to be. */
const synRecvSock = traced<[Sock, Segment, { child?: Sock }]>(
  'tcp_v4_syn_recv_sock',
  (k, listener, packet) => [k.ptr(listener.offset), skbOf(k, packet), 0, 0, 0, 0],
  (k, listener, packet, out) => {
    const child = new Sock(k, listener.ns, listener.family, listener.type, listener.protocol);
    child.state = T.LISTEN;
    child.setLocal(k, new Endpoint(packet.to.ip, packet.to.port));
    child.setRemote(k, new Endpoint(packet.from.ip, packet.from.port));
    child.storeState(k, T.SYN_RECV);
    out.child = child;
    return k.ptr(child.offset);
  },
);

/** Takes what a packet carries; `tcp_ack`, `tcp_data_queue` and `tcp_reset` by the state of the connection. */
type Receive = (k: Kernel, sock: Sock, packet: Segment) => void;

const rcvEstablished = traced<[Sock, Segment]>(
  'tcp_rcv_established',
  (k, sock, packet) => [k.ptr(sock.offset), skbOf(k, packet)],
  (k, sock, packet) => {
    if (packet.flags & TCP_FLAG.RST) tcpReset(k, sock, packet);
    else takeIn(k, sock, packet);
    return 0;
  },
);

const rcvStateProcess = traced<[Sock, Segment, Receive]>(
  'tcp_rcv_state_process',
  (k, sock, packet) => [k.ptr(sock.offset), skbOf(k, packet)],
  (k, sock, packet, receive) => {
    receive(k, sock, packet);
    return 0;
  },
);

/** A packet for a socket in any state but ESTABLISHED. */
const receiveInState: Receive = (k, sock, packet) => {
  const { flags } = packet;
  if (flags & TCP_FLAG.RST) {
    if (sock.state !== T.CLOSE) tcpReset(k, sock, packet);
    return;
  }
  if (sock.state === T.SYN_SENT && flags & TCP_FLAG.SYN) {
    finishConnect(k, sock);
    return;
  }
  if (sock.state === T.SYN_RECV && flags & TCP_FLAG.ACK) establishChild(k, sock);
  acknowledge(k, sock, flags);
  if (!sock.freed) takeIn(k, sock, packet);
};

const tcpV4DoRcv = traced<[Sock, Segment, Receive]>(
  'tcp_v4_do_rcv',
  (k, sock, packet) => [k.ptr(sock.offset), skbOf(k, packet)],
  (k, sock, packet, receive) =>
    sock.state === T.ESTABLISHED
      ? rcvEstablished(k, sock, packet)
      : rcvStateProcess(k, sock, packet, receive),
);

const dataReady = traced<[Sock]>(
  'sock_def_readable',
  (k, sock) => [k.ptr(sock.offset)],
  (k, sock) => {
    sock.wait.wake(k);
    return 0;
  },
);

const tcpReset = traced<[Sock, Segment]>(
  'tcp_reset',
  (k, sock, packet) => [k.ptr(sock.offset), skbOf(k, packet)],
  (k, sock) => {
    if (k.tp.tcpReceiveReset.active) k.tp.tcpReceiveReset.fire(sock);
    sock.error = sock.state === T.SYN_SENT ? ECONNREFUSED : ECONNRESET;
    tcpDone(k, sock);
    return 0;
  },
);

const tcpFin = traced<[Sock]>(
  'tcp_fin',
  (k, sock) => [k.ptr(sock.offset)],
  (k, sock) => {
    sock.receiveShut = true;
    if (sock.state === T.ESTABLISHED) tcpSetState(k, sock, T.CLOSE_WAIT);
    else if (sock.state === T.FIN_WAIT1) tcpSetState(k, sock, T.CLOSING);
    // tcp_time_wait: a small socket takes over the wait, this one is done.
    else if (sock.state === T.FIN_WAIT2) tcpDone(k, sock);
    dataReady(k, sock);
    return 0;
  },
);

/** `tcp_done`: the connection is over. */
export function tcpDone(k: Kernel, sock: Sock): void {
  if (sock.state !== T.CLOSE) tcpSetState(k, sock, T.CLOSE);
  sock.sendShut = true;
  sock.receiveShut = true;
  sock.wait.wake(k);
  k.net.unbind(sock);
  if (sock.orphan) destroySock(k, sock);
}

const destroy = traced<[Sock]>(
  'tcp_v4_destroy_sock',
  (k, sock) => [k.ptr(sock.offset)],
  (k, sock) => {
    if (k.tp.tcpDestroySock.active) k.tp.tcpDestroySock.fire(sock);
    return 0;
  },
);

export const destroySock = traced<[Sock]>(
  'inet_csk_destroy_sock',
  (k, sock) => [k.ptr(sock.offset)],
  (k, sock) => {
    if (sock.freed) return 0;
    destroy(k, sock);
    sock.free(k);
    return 0;
  },
);

/** Sends one packet of a connection to its other end. */
export function transmit(k: Kernel, sock: Sock, flags: number, payload?: Uint8Array): void {
  const packet = segment(sock, flags, payload);
  sock.seq = (sock.seq + packet.payload.length + (flags & 3 ? 1 : 0)) >>> 0;
  // Whoever is the peer when it arrives: the handshake may have replaced the request by a socket meanwhile.
  if (sock.peer) sendReliably(k, sock, packet, () => sock.peer?.receive(k, packet));
}

/** A packet for a socket that is connected or connecting. */
export function tcpReceive(k: Kernel, sock: Sock, packet: Segment): void {
  sock.ackSeq = (packet.seq + packet.payload.length) >>> 0;
  tcpV4DoRcv(k, sock, packet, receiveInState);
}

/** `tcp_data_queue`: payload to the reader, then the FIN. */
function takeIn(k: Kernel, sock: Sock, packet: Segment): void {
  queueData(k, sock, packet);
  if (packet.flags & TCP_FLAG.FIN && sock.state !== T.CLOSE) {
    // First the ACK: in FIN_WAIT2 the socket is gone afterwards.
    if (sock.peer instanceof Sock) transmit(k, sock, TCP_FLAG.ACK);
    tcpFin(k, sock);
  }
}

function queueData(k: Kernel, sock: Sock, packet: Segment): void {
  const { payload } = packet;
  if (payload.length === 0 || sock.receiveShut) return;
  sock.received.push(payload);
  sock.bytesReceived += payload.length;
  sock.writeTcpCounters(k);
  dataReady(k, sock);
}

/** Our FIN has been acknowledged; data acknowledgements were counted where the reader took the bytes. */
function acknowledge(k: Kernel, sock: Sock, flags: number): void {
  if (!(flags & TCP_FLAG.ACK) || flags & TCP_FLAG.PSH) return;
  if (sock.state === T.FIN_WAIT1) tcpSetState(k, sock, T.FIN_WAIT2);
  else if (sock.state === T.LAST_ACK || sock.state === T.CLOSING) tcpDone(k, sock);
}

function finishConnect(k: Kernel, sock: Sock): void {
  sock.srttUs = Math.max(1, Math.round((k.nowNs() - sock.connectStartNs) / 1000));
  sock.writeTcpCounters(k);
  tcpSetState(k, sock, T.ESTABLISHED);
  transmit(k, sock, TCP_FLAG.ACK);
  sock.wait.wake(k);
}

/** A SYN reaches a listener: the answer goes back at once, the child waits for the last ACK. */
export function listenerReceive(k: Kernel, listener: Sock, packet: Segment): void {
  tcpV4DoRcv(k, listener, packet, takeSyn);
}

const takeSyn: Receive = (k, listener, packet) => {
  const client = packet.sock!;
  if (
    listener.state !== T.LISTEN ||
    listener.accepted.length + listener.pendingConnections > listener.backlog
  ) {
    refuse(k, client, packet);
    return;
  }
  if (securityConnRequest(k, listener, packet) < 0) return;
  listener.pendingConnections++;
  const synAck: Segment = {
    from: packet.to,
    to: packet.from,
    protocol: 6,
    flags: TCP_FLAG.SYN | TCP_FLAG.ACK,
    seq: k.net.prng.u32(),
    ack: packet.seq + 1,
    payload: new Uint8Array(0),
    sock: listener,
  };
  // The request socket's stand-in: the first ACK of the client makes the child.
  client.peer = {
    receive: (kernel, ack) => {
      listener.pendingConnections--;
      acceptAck(kernel, listener, client, ack);
    },
  };
  k.net.send(synAck, () => client.receive(k, synAck));
};

function acceptAck(k: Kernel, listener: Sock, client: Sock, packet: Segment): void {
  if (listener.state !== T.LISTEN) {
    refuse(k, client, packet);
    return;
  }
  const out: { child?: Sock } = {};
  synRecvSock(k, listener, packet, out);
  const child = out.child;
  if (!child) return;
  child.peer = client;
  child.listener = listener;
  client.peer = child;
  child.srttUs = client.srttUs;
  // tcp_child_process
  child.ackSeq = (packet.seq + packet.payload.length) >>> 0;
  rcvStateProcess(k, child, packet, receiveInState);
}

function establishChild(k: Kernel, child: Sock): void {
  tcpSetState(k, child, T.ESTABLISHED);
  child.writeTcpCounters(k);
  const { listener } = child;
  if (!listener) return;
  listener.accepted.push(child);
  listener.writeAcceptQueue(k);
  dataReady(k, listener);
}

/** Nobody listens: a RST goes back. */
export function refuse(k: Kernel, client: Sock, packet: Segment): void {
  dropPacket(k, packet, 'tcp_v4_rcv', DROP_REASON.NO_SOCKET);
  const reset: Segment = {
    from: packet.to,
    to: packet.from,
    protocol: 6,
    flags: TCP_FLAG.RST | TCP_FLAG.ACK,
    seq: 0,
    ack: packet.seq + 1,
    payload: new Uint8Array(0),
    sock: undefined,
  };
  k.net.arrive(client, reset, 9_000, 0);
}
