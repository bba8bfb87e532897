import { TCP_STATE as T } from '@probed/abi';
import type { Kernel } from '../kernel';
import type { Source } from '../mm/user-memory';
import type { Sys } from '../sched/task-program';
import { traced, tracedBlocking } from '../trace/traced';
import { Sock } from './sock';

const EAGAIN = -11;
const EFAULT = -14;
const EPIPE = -32;
const ECONNREFUSED = -111;
const ENOTCONN = -107;
const ERESTARTSYS = -512;
const MSG_DONTWAIT = 0x40;
const SIGPIPE = 13;
const BUFFER_BYTES = 212_992;

/** `net/unix/af_unix.c: unix_stream_connect` */
export const unixStreamConnect = traced<[Sock, Sock]>(
  'unix_stream_connect',
  (k, sock) => [k.ptr(sock.socketOffset), 0, 0, 0],
  (k, sock, listener) => {
    if (listener.state !== T.LISTEN || listener.accepted.length > listener.backlog) return ECONNREFUSED;
    const child = new Sock(k, listener.ns, listener.family, listener.type, 0);
    join(k, sock, child);
    listener.accepted.push(child);
    listener.writeAcceptQueue(k);
    listener.wait.wake(k);
    return 0;
  },
);

/** Two sockets become each other's peer. */
export function join(k: Kernel, a: Sock, b: Sock): void {
  a.peer = b;
  b.peer = a;
  a.assignState(k, T.ESTABLISHED);
  b.assignState(k, T.ESTABLISHED);
  if (k.layout.unix.peer.offset < 0) return;
  k.w.ptr(a.offset, k.layout.unix.peer, b.offset);
  k.w.ptr(b.offset, k.layout.unix.peer, a.offset);
}

export const unixSendmsg = tracedBlocking<[Sock, Source, number, number]>(
  'unix_stream_sendmsg',
  (k, sock, _buf, size) => [k.ptr(sock.socketOffset), k.transient.msghdr(size), size],
  function* (k, sock, buf, size, flags): Sys {
    const { peer } = sock;
    if (!(peer instanceof Sock)) return ENOTCONN;
    if (peer.orphan || peer.receiveShut || sock.sendShut) {
      k.signals.send(k.task, SIGPIPE);
      return EPIPE;
    }
    if (peer.received.size >= BUFFER_BYTES) {
      if (flags & MSG_DONTWAIT) return EAGAIN;
      const woken = yield* sock.wait.waitFor(k, () => peer.received.size < BUFFER_BYTES || peer.orphan);
      if (woken < 0) return ERESTARTSYS;
    }
    const data = k.user.fetch(buf, 0, size);
    if (!data) return EFAULT;
    k.sched.spend(700 + size * 0.07);
    peer.received.push(data);
    peer.wait.wake(k);
    return size;
  },
);

export const unixRecvmsg = tracedBlocking<[Sock, number, number, number]>(
  'unix_stream_recvmsg',
  (k, sock, _buf, size, flags) => [k.ptr(sock.socketOffset), k.transient.msghdr(size), size, flags],
  function* (k, sock, buf, size, flags): Sys {
    if (sock.received.size === 0 && !sock.receiveShut) {
      if (!sock.peer) return ENOTCONN;
      if (flags & MSG_DONTWAIT) return EAGAIN;
      const woken = yield* sock.wait.waitFor(k, () => sock.received.size > 0 || sock.receiveShut);
      if (woken < 0) return ERESTARTSYS;
    }
    const data = sock.received.take(size);
    if (!k.user.write(k.task.mm!, buf, data)) return EFAULT;
    k.sched.spend(500 + data.length * 0.07);
    const { peer } = sock;
    if (peer instanceof Sock) peer.wait.wake(k);
    return data.length;
  },
);

export function unixClose(k: Kernel, sock: Sock): void {
  const { peer } = sock;
  sock.orphan = true;
  sock.assignState(k, T.CLOSE);
  for (const child of sock.accepted) unixClose(k, child);
  if (peer instanceof Sock && !peer.freed) {
    peer.receiveShut = true;
    peer.wait.wake(k);
  }
  sock.free(k);
}
