import { AF, O, S, SO, SOCK, SOL, TCP_STATE as T } from '@probed/abi';
import type { Kernel } from '../kernel';
import { Endpoint, type EndpointAddress } from '../net/endpoint';
import { Sock } from '../net/sock';
import { decodeSockaddr, encodeSockaddr, type SocketAddress, sockaddrWord } from '../net/sockaddr';
import { socketFile, sockOf, sockRecvmsg, sockSendmsg, transferFlags } from '../net/socket-file';
import { inetCskAccept, inetListen, inetStreamConnect, takeError, tcpShutdown } from '../net/tcp';
import { datagramConnect } from '../net/udp';
import { join, unixStreamConnect } from '../net/unix';
import type { Sys } from '../sched/task-program';
import { CAP, capable } from '../task/cred';
import type { Task } from '../task/task';
import { securityHook } from '../trace/security';
import { traced } from '../trace/traced';
import type { File } from '../vfs/file';
import { pathLookup } from '../vfs/namei';
import { addInode, installFd } from '../vfs/open';
import type { HandlerTable } from './table';
import { EBADF, EFAULT, EINVAL, fileOf } from './util';

const EACCES = -13;
const EADDRINUSE = -98;
const EAFNOSUPPORT = -97;
const EPROTONOSUPPORT = -93;
const ENOTSOCK = -88;
const ENOTCONN = -107;
const ECONNREFUSED = -111;
const EOPNOTSUPP = -95;
const ENOENT = -2;
const FIRST_UNPRIVILEGED_PORT = 1024;
const SOCK_TYPE_MASK = 0xf;
const MSGHDR_IOV = 16;

const securityCreate = securityHook<[number, number, number]>(
  'socket_create',
  (_k, family, type, protocol) => [family, type, protocol, 0],
);

const securityConnect = securityHook<[Sock, SocketAddress]>('socket_connect', (k, sock, to) => [
  k.ptr(sock.socketOffset),
  addressWord(k, to),
  16,
]);

const securityBind = securityHook<[Sock, SocketAddress]>('socket_bind', (k, sock, to) => [
  k.ptr(sock.socketOffset),
  addressWord(k, to),
  16,
]);

const securityListen = securityHook<[Sock, number]>('socket_listen', (k, sock, backlog) => [
  k.ptr(sock.socketOffset),
  backlog,
]);

const securityAccept = securityHook<[Sock]>('socket_accept', (k, sock) => [
  k.ptr(sock.socketOffset),
  k.ptr(sock.socketOffset),
]);

const securityPostCreate = securityHook<[Sock]>('socket_post_create', (k, sock) => [
  k.ptr(sock.socketOffset),
  sock.family,
  sock.type,
  sock.protocol,
  0,
]);

const securityShutdown = securityHook<[Sock, number]>('socket_shutdown', (k, sock, how) => [
  k.ptr(sock.socketOffset),
  how,
]);

const securitySetsockopt = securityHook<[Sock, number, number]>(
  'socket_setsockopt',
  (k, sock, level, name) => [k.ptr(sock.socketOffset), level, name],
);

const securityGetsockopt = securityHook<[Sock, number, number]>(
  'socket_getsockopt',
  (k, sock, level, name) => [k.ptr(sock.socketOffset), level, name],
);

const securitySocketpair = securityHook<[Sock, Sock]>('socket_socketpair', (k, a, b) => [
  k.ptr(a.socketOffset),
  k.ptr(b.socketOffset),
]);

const inetBind = traced<[Sock, Endpoint]>(
  'inet_bind',
  (k, sock, at) => [k.ptr(sock.socketOffset), sockaddrWord(k, at), 16],
  (k, sock, at) => {
    if (at.port > 0 && at.port < FIRST_UNPRIVILEGED_PORT && !capable(k, CAP.NET_BIND_SERVICE)) return EACCES;
    return k.net.bind(sock, at);
  },
);

function addressWord(k: Kernel, to: SocketAddress): number {
  if (to.family === 'inet') return sockaddrWord(k, to.endpoint);
  const bytes = new Uint8Array(110);
  bytes[0] = to.family === 'unix' ? AF.UNIX : to.number;
  if (to.family === 'unix') bytes.set(new TextEncoder().encode(to.path).subarray(0, 107), 2);
  return k.ptr(k.transient.bytes(bytes));
}

function protocolOf(family: number, type: number, protocol: number): number {
  if (family === AF.UNIX) return 0;
  const natural = type === SOCK.STREAM ? 6 : type === SOCK.DGRAM ? 17 : 0;
  return protocol === 0 || protocol === natural ? natural || EPROTONOSUPPORT : EPROTONOSUPPORT;
}

function socket(k: Kernel, task: Task, family: number, flags: number, protocol: number): number {
  const type = flags & SOCK_TYPE_MASK;
  if (family !== AF.INET && family !== AF.UNIX) return EAFNOSUPPORT;
  const actual = protocolOf(family, type, protocol);
  if (actual < 0) return actual;
  const denied = securityCreate(k, family, type, actual);
  if (denied < 0) return denied;
  const sock = new Sock(k, task.nsproxy.all.net, family, type, actual);
  const refused = securityPostCreate(k, sock);
  if (refused < 0) {
    sock.free(k);
    return refused;
  }
  return installSocket(k, sock, flags);
}

function installSocket(k: Kernel, sock: Sock, flags: number): number {
  const file = socketFile(k, sock, flags & SOCK.NONBLOCK ? O.NONBLOCK : 0);
  return installFd(k, file, (flags & SOCK.CLOEXEC) !== 0);
}

/** File and socket of a descriptor, or a negative errno. */
function socketOf(task: Task, fd: number): { file: File; sock: Sock } | number {
  const file = fileOf(task, fd);
  if (!file) return EBADF;
  const sock = sockOf(file);
  return sock ? { file, sock } : ENOTSOCK;
}

function readAddress(k: Kernel, task: Task, at: number, length: number): SocketAddress | number {
  if (length < 2 || length > 128) return EINVAL;
  const bytes = k.user.read(task.mm!, at, length);
  if (!bytes) return EFAULT;
  return decodeSockaddr(bytes) ?? EINVAL;
}

function writeAddress(k: Kernel, task: Task, at: number, lengthAt: number, from: EndpointAddress): number {
  if (!at || !lengthAt) return 0;
  const room = k.user.read32(task.mm!, lengthAt);
  if (room === undefined) return EFAULT;
  const bytes = encodeSockaddr(from);
  const ok =
    k.user.write(task.mm!, at, bytes.subarray(0, Math.max(0, room))) &&
    k.user.write32(task.mm!, lengthAt, bytes.length);
  return ok ? 0 : EFAULT;
}

function connect(k: Kernel, task: Task, fd: number, at: number, length: number): number | Sys {
  const found = socketOf(task, fd);
  if (typeof found === 'number') return found;
  const to = readAddress(k, task, at, length);
  if (typeof to === 'number') return to;
  const { file, sock } = found;
  const denied = securityConnect(k, sock, to);
  if (denied < 0) return denied;
  if (to.family === 'unix') return connectUnix(k, task, sock, to.path);
  if (to.family !== 'inet' || sock.family !== AF.INET) return EAFNOSUPPORT;
  if (sock.protocol === 17) return datagramConnect(k, sock, to.endpoint);
  return inetStreamConnect(k, sock, to.endpoint, file.nonblocking);
}

function connectUnix(k: Kernel, task: Task, sock: Sock, path: string): number {
  const found = pathLookup(k, task.fs.pwd, path);
  if (typeof found === 'number') return found;
  const { inode } = found.path.dentry;
  if (!inode) return ENOENT;
  const listener = inode.object;
  if (!(listener instanceof Sock) || listener.freed) return ECONNREFUSED;
  return unixStreamConnect(k, sock, listener);
}

function bind(k: Kernel, task: Task, fd: number, at: number, length: number): number {
  const found = socketOf(task, fd);
  if (typeof found === 'number') return found;
  const to = readAddress(k, task, at, length);
  if (typeof to === 'number') return to;
  const denied = securityBind(k, found.sock, to);
  if (denied < 0) return denied;
  if (to.family === 'unix') return bindUnix(k, task, found.sock, to.path);
  return to.family === 'inet' ? inetBind(k, found.sock, to.endpoint) : EAFNOSUPPORT;
}

function bindUnix(k: Kernel, task: Task, sock: Sock, path: string): number {
  const found = pathLookup(k, task.fs.pwd, path);
  if (typeof found === 'number') return found;
  if (found.path.dentry.inode) return EADDRINUSE;
  const inode = addInode(k, found, S.IFSOCK | (0o777 & ~task.fs.umask), { sleeps: false });
  inode.object = sock;
  sock.path = path;
  return 0;
}

function listen(k: Kernel, task: Task, fd: number, backlog: number): number {
  const found = socketOf(task, fd);
  if (typeof found === 'number') return found;
  const { sock } = found;
  const denied = securityListen(k, sock, backlog);
  if (denied < 0) return denied;
  if (sock.family === AF.UNIX) {
    sock.setBacklog(k, Math.max(1, backlog));
    sock.assignState(k, T.LISTEN);
    return 0;
  }
  return sock.protocol === 6 ? inetListen(k, sock, backlog) : EOPNOTSUPP;
}

function* accept(k: Kernel, task: Task, fd: number, at: number, lengthAt: number, flags: number): Sys {
  const found = socketOf(task, fd);
  if (typeof found === 'number') return found;
  const { file, sock } = found;
  const denied = securityAccept(k, sock);
  if (denied < 0) return denied;
  const out: { sock?: Sock; error: number } = { error: 0 };
  if (sock.family === AF.UNIX) {
    const error = yield* sock.wait.waitFor(k, () => sock.accepted.length > 0 || file.nonblocking);
    out.sock = sock.accepted.shift();
    out.error = error < 0 ? -512 : -11;
  } else yield* inetCskAccept(k, sock, file.nonblocking, out);
  if (!out.sock) return out.error;
  const error = writeAddress(k, task, at, lengthAt, out.sock.remote);
  return error < 0 ? error : installSocket(k, out.sock, flags);
}

function sendto(
  k: Kernel,
  task: Task,
  fd: number,
  buf: number,
  size: number,
  flags: number,
  at: number,
  length: number,
): number | Sys {
  const found = socketOf(task, fd);
  if (typeof found === 'number') return found;
  let to: EndpointAddress | undefined;
  if (at) {
    const address = readAddress(k, task, at, length);
    if (typeof address === 'number') return address;
    if (address.family === 'inet') to = address.endpoint;
  }
  return sockSendmsg(k, found.sock, buf, size, transferFlags(found.file, flags), to);
}

function* recvfrom(
  k: Kernel,
  task: Task,
  fd: number,
  buf: number,
  size: number,
  flags: number,
  at: number,
  lengthAt: number,
): Sys {
  const found = socketOf(task, fd);
  if (typeof found === 'number') return found;
  const out: { from?: EndpointAddress } = {};
  const result = sockRecvmsg(k, found.sock, buf, size, transferFlags(found.file, flags), out);
  const got = typeof result === 'number' ? result : yield* result;
  if (got < 0) return got;
  const error = writeAddress(k, task, at, lengthAt, out.from ?? found.sock.remote);
  return error < 0 ? error : got;
}

/** First element of a `struct msghdr`'s vector: what sendmsg and recvmsg of our programs use. */
function firstVector(k: Kernel, task: Task, msg: number): { base: number; length: number } | undefined {
  const iov = k.user.read64(task.mm!, msg + MSGHDR_IOV);
  if (iov === undefined) return undefined;
  const base = k.user.read64(task.mm!, iov);
  const length = k.user.read64(task.mm!, iov + 8);
  return base === undefined || length === undefined ? undefined : { base, length };
}

function sendmsg(k: Kernel, task: Task, fd: number, msg: number, flags: number): number | Sys {
  const vector = firstVector(k, task, msg);
  const name = k.user.read64(task.mm!, msg);
  const nameLength = k.user.read32(task.mm!, msg + 8);
  if (!vector || name === undefined || nameLength === undefined) return EFAULT;
  return sendto(k, task, fd, vector.base, vector.length, flags, name, nameLength);
}

function recvmsg(k: Kernel, task: Task, fd: number, msg: number, flags: number): number | Sys {
  const vector = firstVector(k, task, msg);
  return vector ? recvfrom(k, task, fd, vector.base, vector.length, flags, 0, 0) : EFAULT;
}

function shutdown(k: Kernel, task: Task, fd: number, how: number): number {
  const found = socketOf(task, fd);
  if (typeof found === 'number') return found;
  if (how < 0 || how > 2) return EINVAL;
  const { sock } = found;
  const denied = securityShutdown(k, sock, how);
  if (denied < 0) return denied;
  if (sock.state === T.CLOSE) return ENOTCONN;
  if (how !== 1) sock.receiveShut = true;
  if (sock.protocol === 6) tcpShutdown(k, sock, how !== 0);
  else if (how !== 0) sock.sendShut = true;
  sock.wait.wake(k);
  return 0;
}

function setsockopt(
  k: Kernel,
  task: Task,
  fd: number,
  level: number,
  name: number,
  at: number,
  bytes: number,
): number {
  const found = socketOf(task, fd);
  if (typeof found === 'number') return found;
  const value = bytes >= 4 ? k.user.read32(task.mm!, at) : 0;
  if (value === undefined) return EFAULT;
  const { sock } = found;
  const denied = securitySetsockopt(k, sock, level, name);
  if (denied < 0) return denied;
  if (level === SOL.SOCKET && (name === SO.REUSEADDR || name === SO.REUSEPORT)) sock.reuse = value !== 0;
  if (level === SOL.SOCKET && name === SO.RCVTIMEO && bytes >= 16) {
    const micros = k.user.read64(task.mm!, at + 8) ?? 0;
    const ns = value * 1e9 + micros * 1e3;
    sock.receiveTimeoutNs = ns > 0 ? ns : Number.POSITIVE_INFINITY;
  }
  return 0;
}

function getsockopt(
  k: Kernel,
  task: Task,
  fd: number,
  level: number,
  name: number,
  at: number,
  lengthAt: number,
): number {
  const found = socketOf(task, fd);
  if (typeof found === 'number') return found;
  const { sock } = found;
  const denied = securityGetsockopt(k, sock, level, name);
  if (denied < 0) return denied;
  let value = 0;
  if (level === SOL.SOCKET && name === SO.ERROR) value = -takeError(sock);
  else if (level === SOL.SOCKET && name === SO.TYPE) value = sock.type;
  return k.user.write32(task.mm!, at, value) && k.user.write32(task.mm!, lengthAt, 4) ? 0 : EFAULT;
}

function nameOf(k: Kernel, task: Task, fd: number, at: number, lengthAt: number, peer: boolean): number {
  const found = socketOf(task, fd);
  if (typeof found === 'number') return found;
  if (peer && !found.sock.remote.port) return ENOTCONN;
  return writeAddress(k, task, at, lengthAt, peer ? found.sock.remote : found.sock.local);
}

function socketpair(k: Kernel, task: Task, family: number, flags: number, at: number): number {
  if (family !== AF.UNIX) return EOPNOTSUPP;
  const make = () => new Sock(k, task.nsproxy.all.net, family, flags & SOCK_TYPE_MASK, 0);
  const [a, b] = [make(), make()];
  const denied = securitySocketpair(k, a, b);
  if (denied < 0) {
    for (const sock of [a, b]) sock.free(k);
    return denied;
  }
  join(k, a, b);
  const fds = [installSocket(k, a, flags), installSocket(k, b, flags)];
  return fds.every((fd, i) => k.user.write32(task.mm!, at + 4 * i, fd)) ? 0 : EFAULT;
}

/** Sockets (`net/socket.c`). */
export const SOCKETS: HandlerTable = {
  socket: [1_400, (k, task, family, type, protocol) => socket(k, task, family, type, protocol)],
  socketpair: [2_200, (k, task, family, type, _protocol, at) => socketpair(k, task, family, type, at)],
  connect: [300, (k, task, fd, at, length) => connect(k, task, fd, at, length)],
  bind: [500, (k, task, fd, at, length) => bind(k, task, fd, at, length)],
  listen: [600, (k, task, fd, backlog) => listen(k, task, fd, backlog)],
  accept: [400, (k, task, fd, at, length) => accept(k, task, fd, at, length, 0)],
  accept4: [400, (k, task, fd, at, length, flags) => accept(k, task, fd, at, length, flags)],
  sendto: [
    150,
    (k, task, fd, buf, size, flags, at, length) => sendto(k, task, fd, buf, size, flags, at, length),
  ],
  recvfrom: [
    150,
    (k, task, fd, buf, size, flags, at, length) => recvfrom(k, task, fd, buf, size, flags, at, length),
  ],
  sendmsg: [200, (k, task, fd, msg, flags) => sendmsg(k, task, fd, msg, flags)],
  recvmsg: [200, (k, task, fd, msg, flags) => recvmsg(k, task, fd, msg, flags)],
  shutdown: [300, (k, task, fd, how) => shutdown(k, task, fd, how)],
  setsockopt: [150, (k, task, fd, level, name, at, bytes) => setsockopt(k, task, fd, level, name, at, bytes)],
  getsockopt: [
    120,
    (k, task, fd, level, name, at, length) => getsockopt(k, task, fd, level, name, at, length),
  ],
  getsockname: [120, (k, task, fd, at, length) => nameOf(k, task, fd, at, length, false)],
  getpeername: [120, (k, task, fd, at, length) => nameOf(k, task, fd, at, length, true)],
};
