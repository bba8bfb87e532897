import { AF, O, POLL, S, TCP_STATE as T } from '@probed/abi';
import type { Kernel } from '../kernel';
import type { Source } from '../mm/user-memory';
import type { Sys } from '../sched/task-program';
import { securityHook } from '../trace/security';
import { tracedBlocking } from '../trace/traced';
import { createDentry } from '../vfs/dentry';
import { createFile, type File, type FileOps } from '../vfs/file';
import { Inode } from '../vfs/inode';
import type { EndpointAddress } from './endpoint';
import type { Sock } from './sock';
import { tcpClose, tcpRecvmsg, tcpSendmsg } from './tcp';
import { udpRecvmsg, udpSendmsg } from './udp';
import { unixClose, unixRecvmsg, unixSendmsg } from './unix';

const MSG_DONTWAIT = 0x40;

const securitySendmsg = securityHook<[Sock, number]>('socket_sendmsg', (k, sock, size) => [
  k.ptr(sock.socketOffset),
  k.transient.msghdr(size),
  size,
]);

const securityRecvmsg = securityHook<[Sock, number, number]>('socket_recvmsg', (k, sock, size, flags) => [
  k.ptr(sock.socketOffset),
  k.transient.msghdr(size),
  size,
  flags,
]);

/** `sock_sendmsg`: to the protocol. @param to only for datagrams */
export function sockSendmsg(
  k: Kernel,
  sock: Sock,
  buf: Source,
  size: number,
  flags: number,
  to?: EndpointAddress,
): number | Sys {
  const denied = securitySendmsg(k, sock, size);
  if (denied < 0) return denied;
  if (sock.family === AF.UNIX) return unixSendmsg(k, sock, buf, size, flags);
  if (sock.protocol === 17) return noteSend(k, sock, udpSendmsg(k, sock, buf, size, to), flags);
  return tcpSendmsg(k, sock, buf, size, flags);
}

function noteSend(k: Kernel, sock: Sock, ret: number, flags: number): number {
  if (k.tp.sockSendLength.active) k.tp.sockSendLength.fire(sock, ret, flags);
  return ret;
}

/** `sock_recvmsg`; the sender of a datagram is left in `out`. */
export function sockRecvmsg(
  k: Kernel,
  sock: Sock,
  buf: number,
  size: number,
  flags: number,
  out: { from?: EndpointAddress },
): number | Sys {
  const denied = securityRecvmsg(k, sock, size, flags);
  if (denied < 0) return denied;
  if (sock.family === AF.UNIX) return unixRecvmsg(k, sock, buf, size, flags);
  if (sock.protocol === 17) return udpRecvmsg(k, sock, buf, size, flags, out);
  return tcpRecvmsg(k, sock, buf, size, flags);
}

/** Flags that a non-blocking descriptor adds to a transfer. */
export function transferFlags(file: File, flags: number): number {
  return file.nonblocking ? flags | MSG_DONTWAIT : flags;
}

const sockReadIter = tracedBlocking<[File, number, number]>(
  'sock_read_iter',
  (k, file) => [k.transient.kiocb(file), 0],
  function* (k, file, buf, count): Sys {
    const got = sockRecvmsg(k, sockOf(file)!, buf, count, transferFlags(file, 0), {});
    return typeof got === 'number' ? got : yield* got;
  },
);

const sockWriteIter = tracedBlocking<[File, Source, number]>(
  'sock_write_iter',
  (k, file) => [k.transient.kiocb(file), 0],
  function* (k, file, buf, count): Sys {
    const sent = sockSendmsg(k, sockOf(file)!, buf, count, transferFlags(file, 0));
    return typeof sent === 'number' ? sent : yield* sent;
  },
);

function sockPoll(sock: Sock): number {
  if (sock.state === T.LISTEN) return sock.accepted.length > 0 ? POLL.IN : 0;
  let mask = 0;
  if (sock.received.size > 0 || sock.datagrams.length > 0 || sock.receiveShut) mask |= POLL.IN;
  const sendable = sock.protocol === 17 || sock.state === T.ESTABLISHED || sock.state === T.CLOSE_WAIT;
  if (sendable && !sock.sendShut) mask |= POLL.OUT;
  if (sock.receiveShut) mask |= POLL.RDHUP;
  if (sock.error) mask |= POLL.ERR | POLL.OUT;
  if (sock.protocol === 6 && sock.state === T.CLOSE && sock.remote.port) mask |= POLL.HUP;
  return mask;
}

const socketOps: FileOps = {
  sleeps: true,
  readSleeping: (k, file, buf, count) => sockReadIter(k, file, buf, count),
  writeSleeping: (k, file, buf, count) => sockWriteIter(k, file, buf, count),
  poll: (_k, file) => sockPoll(sockOf(file)!),
  waitQueues: (_k, file) => [sockOf(file)!.wait],
  release(k, file) {
    const sock = sockOf(file)!;
    if (sock.family === AF.UNIX) unixClose(k, sock);
    else if (sock.protocol === 6) tcpClose(k, sock, 0);
    else {
      k.net.unbind(sock);
      sock.free(k);
    }
  },
};

/** The socket behind a file, undefined when it is something else. */
export function sockOf(file: File): Sock | undefined {
  return file.ops === socketOps ? (file.private as Sock) : undefined;
}

/** `sock_alloc_file`: a file on sockfs for a socket. @param flags O_NONBLOCK or 0 */
export function socketFile(k: Kernel, sock: Sock, flags: number): File {
  const { sb, mnt } = k.vfs.sockfs;
  const inode = new Inode(sb, sb.allocIno(), S.IFSOCK | 0o777, socketOps);
  const dentry = createDentry(k, `socket:[${inode.ino}]`, undefined, inode, sb);
  const file = createFile(k, { mnt, dentry }, inode, O.RDWR | flags);
  file.private = sock;
  k.w.ptr(file.offset, k.layout.file.private_data, sock.socketOffset);
  k.w.ptr(sock.socketOffset, k.layout.socket.file, file.offset);
  return file;
}
