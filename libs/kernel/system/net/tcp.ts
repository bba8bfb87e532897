import { TCP_STATE as T } from '@probed/abi';
import type { Kernel } from '../kernel';
import type { Source } from '../mm/user-memory';
import type { Sys } from '../sched/task-program';
import { traced, tracedBlocking } from '../trace/traced';
import { Endpoint } from './endpoint';
import { RemotePeer } from './remote-host';
import { sendReliably } from './retransmit';
import { segment, TCP_FLAG } from './segment';
import { Sock } from './sock';
import { sockaddrWord } from './sockaddr';
import { destroySock, listenerReceive, refuse, tcpDone, transmit } from './tcp-input';
import { tcpSetState } from './tcp-state';

const EAGAIN = -11;
const EFAULT = -14;
const EPIPE = -32;
const EISCONN = -106;
const ENOTCONN = -107;
const ETIMEDOUT = 110;
const EINPROGRESS = -115;
const EALREADY = -114;
const ENETUNREACH = -101;
const ERESTARTSYS = -512;
const EINVAL = -22;
const SIGPIPE = 13;
const MSG_PEEK = 2;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** Unread bytes at which a sender has to wait. */
const WINDOW_BYTES = 212_992;
/** Largest piece handed to the device at once (GSO). */
const GSO_BYTES = 65_160;
const COPY_NS_PER_BYTE = 0.08;
const SEND_NS = 900;
const RECV_NS = 600;
/** SYN retransmissions give up after 127 s; one retry here. */
const SYN_TIMEOUT_NS = 127e9;

const tcpConnect = traced<[Sock]>(
  'tcp_connect',
  (k, sock) => [k.ptr(sock.offset)],
  (k, sock) => {
    sendSyn(k, sock);
    return 0;
  },
);

function sendSyn(k: Kernel, sock: Sock): void {
  sock.connectStartNs = k.nowNs();
  const packet = segment(sock, TCP_FLAG.SYN);
  sock.seq = (sock.seq + 1) >>> 0;
  const owner = k.net.owner(sock.ns, sock.remote.ip);
  if (owner) {
    k.net.send(packet, () => {
      const listener = k.net.find(owner, 6, packet.to);
      if (listener) listenerReceive(k, listener, packet);
      else refuse(k, sock, packet);
    });
    return;
  }
  const host = k.net.remote(sock.remote.ip);
  if (host && !host.silent) sock.peer = new RemotePeer(host, sock.remote, sock);
  sendReliably(k, sock, packet, () => sock.peer?.receive(k, packet));
}

/** `net/ipv4/tcp_ipv4.c: tcp_v4_connect` */
const tcpV4Connect = traced<[Sock, Endpoint]>(
  'tcp_v4_connect',
  (k, sock, to) => [k.ptr(sock.offset), sockaddrWord(k, to), 16],
  (k, sock, to) => {
    const source = k.net.sourceFor(sock.ns, to.ip);
    if (source === 0) return ENETUNREACH;
    sock.setRemote(k, to);
    if (sock.local.ip === 0) sock.setLocal(k, new Endpoint(source, sock.local.port));
    tcpSetState(k, sock, T.SYN_SENT);
    if (sock.local.port === 0) sock.setLocal(k, new Endpoint(sock.local.ip, k.net.ephemeral(sock)));
    return tcpConnect(k, sock);
  },
);

/** `inet_stream_connect`: starts the handshake and waits for its end unless the socket is non-blocking. */
export const inetStreamConnect = tracedBlocking<[Sock, Endpoint, boolean]>(
  'inet_stream_connect',
  (k, sock, to) => [k.ptr(sock.socketOffset), sockaddrWord(k, to), 16, 0],
  function* (k, sock, to, nonblocking): Sys {
    if (sock.state === T.SYN_SENT) return EALREADY;
    if (sock.state !== T.CLOSE) return EISCONN;
    const error = tcpV4Connect(k, sock, to);
    if (error < 0) return error;
    if (nonblocking) return EINPROGRESS;
    const until = k.nowNs() + SYN_TIMEOUT_NS;
    const woken = yield* sock.wait.waitFor(k, () => sock.state !== T.SYN_SENT, until);
    if (woken < 0) return ERESTARTSYS;
    if (woken === 1) {
      sock.error = ETIMEDOUT;
      tcpDone(k, sock);
    }
    return takeError(sock);
  },
);

export function takeError(sock: Sock): number {
  const { error } = sock;
  sock.error = 0;
  return error === 0 ? 0 : -error;
}

export const inetListen = traced<[Sock, number]>(
  'inet_listen',
  (k, sock, backlog) => [k.ptr(sock.socketOffset), backlog],
  (k, sock, backlog) => {
    sock.setBacklog(k, Math.max(1, Math.min(backlog, 4096)));
    if (sock.state === T.LISTEN) return 0;
    if (sock.state !== T.CLOSE) return EINVAL;
    if (sock.local.port === 0) k.net.bind(sock, new Endpoint(0, 0));
    sock.storeState(k, T.LISTEN);
    return 0;
  },
);

/** Gives the `struct sock` of the next connection, NULL on error; the errno is left in `out`. */
export const inetCskAccept = tracedBlocking<[Sock, boolean, { sock?: Sock; error: number }]>(
  'inet_csk_accept',
  (k, sock) => [k.ptr(sock.offset), k.ptr(k.transient.take())],
  function* (k, sock, nonblocking, out): Sys {
    if (sock.state !== T.LISTEN) {
      out.error = EINVAL;
      return 0;
    }
    if (sock.accepted.length === 0) {
      out.error = EAGAIN;
      if (nonblocking) return 0;
      const woken = yield* sock.wait.waitFor(k, () => sock.accepted.length > 0 || sock.state !== T.LISTEN);
      out.error = woken < 0 ? ERESTARTSYS : EINVAL;
    }
    const child = sock.accepted.shift();
    if (!child) return 0;
    sock.writeAcceptQueue(k);
    out.sock = child;
    out.error = 0;
    return k.ptr(child.offset);
  },
);

/** `net/ipv4/tcp.c: tcp_sendmsg` */
export const tcpSendmsg = tracedBlocking<[Sock, Source, number, number]>(
  'tcp_sendmsg',
  (k, sock, _buf, size) => [k.ptr(sock.offset), k.transient.msghdr(size), size],
  function* (k, sock, buf, size, flags): Sys {
    let done = 0;
    do {
      if (sock.error) return done || takeError(sock);
      if (sock.sendShut || (sock.state !== T.ESTABLISHED && sock.state !== T.CLOSE_WAIT)) {
        if (done) return done;
        if (sock.state === T.CLOSE && !sock.sendShut) return ENOTCONN;
        if (!(flags & MSG_NOSIGNAL)) k.signals.send(k.task, SIGPIPE);
        return EPIPE;
      }
      const room = WINDOW_BYTES - sock.unread;
      if (room > 0) {
        const bytes = Math.min(size - done, GSO_BYTES, room);
        const data = k.user.fetch(buf, done, bytes);
        if (!data) return done || EFAULT;
        k.sched.spend(SEND_NS + bytes * COPY_NS_PER_BYTE);
        sock.unread += bytes;
        done += bytes;
        transmit(k, sock, TCP_FLAG.PSH | TCP_FLAG.ACK, data);
        continue;
      }
      if (flags & MSG_DONTWAIT) return done || EAGAIN;
      const woken = yield* sock.wait.waitFor(k, () => sock.unread < WINDOW_BYTES || sock.sendShut);
      if (woken < 0) return done || ERESTARTSYS;
    } while (done < size);
    sock.writeTcpCounters(k);
    return done;
  },
);

const cleanupRbuf = traced<[Sock, number]>(
  'tcp_cleanup_rbuf',
  (k, sock, copied) => [k.ptr(sock.offset), copied],
  (k, sock, copied) => {
    const { peer } = sock;
    if (!(peer instanceof Sock) || peer.freed) return 0;
    peer.unread -= copied;
    peer.bytesAcked += copied;
    peer.writeTcpCounters(k);
    if (peer.unread < WINDOW_BYTES && !peer.wait.empty) peer.wait.wake(k);
    return 0;
  },
);

/** `net/ipv4/tcp.c: tcp_recvmsg` */
export const tcpRecvmsg = tracedBlocking<[Sock, number, number, number]>(
  'tcp_recvmsg',
  (k, sock, _buf, size, flags) => [k.ptr(sock.offset), k.transient.msghdr(size), size, flags, 0],
  function* (k, sock, buf, size, flags): Sys {
    if (sock.state === T.LISTEN) return ENOTCONN;
    if (sock.received.size === 0 && !sock.receiveShut && !sock.error) {
      if (sock.state === T.CLOSE) return ENOTCONN;
      if (flags & MSG_DONTWAIT) return EAGAIN;
      const ready = () => sock.received.size > 0 || sock.receiveShut || sock.error !== 0;
      const until = k.nowNs() + sock.receiveTimeoutNs;
      const woken = yield* sock.wait.waitFor(k, ready, until);
      if (woken < 0) return ERESTARTSYS;
      if (woken === 1) return EAGAIN;
    }
    if (sock.received.size === 0) return takeError(sock);
    const data = flags & MSG_PEEK ? sock.received.peek(size) : sock.received.take(size);
    if (!k.user.write(k.task.mm!, buf, data)) return EFAULT;
    k.sched.spend(RECV_NS + data.length * COPY_NS_PER_BYTE);
    if (!(flags & MSG_PEEK)) cleanupRbuf(k, sock, data.length);
    return data.length;
  },
);

/** `tcp_shutdown`: half-close. */
export function tcpShutdown(k: Kernel, sock: Sock, send: boolean): void {
  if (!send || sock.sendShut) return;
  if (sock.state === T.ESTABLISHED) tcpSetState(k, sock, T.FIN_WAIT1);
  else if (sock.state === T.CLOSE_WAIT) tcpSetState(k, sock, T.LAST_ACK);
  else return;
  sock.sendShut = true;
  transmit(k, sock, TCP_FLAG.FIN | TCP_FLAG.ACK);
}

/** `net/ipv4/tcp.c: tcp_close` */
export const tcpClose = traced<[Sock, number]>(
  'tcp_close',
  (k, sock, timeout) => [k.ptr(sock.offset), timeout],
  (k, sock) => {
    sock.orphan = true;
    k.sched.spend(1_400);
    if (sock.state === T.LISTEN) {
      for (const child of sock.accepted) abort(k, child);
      tcpDone(k, sock);
    } else if (sock.received.size > 0 && sock.state !== T.CLOSE) abort(k, sock);
    else if (sock.state === T.ESTABLISHED || sock.state === T.CLOSE_WAIT) tcpShutdown(k, sock, true);
    else if (sock.state === T.SYN_SENT) tcpDone(k, sock);
    else if (sock.state === T.CLOSE) destroySock(k, sock);
    return 0;
  },
);

/** Unread data or an unaccepted connection: the peer gets a RST. */
function abort(k: Kernel, sock: Sock): void {
  transmit(k, sock, TCP_FLAG.RST | TCP_FLAG.ACK);
  sock.orphan = true;
  tcpDone(k, sock);
}
