import type { Kernel } from '../kernel';
import type { Source } from '../mm/user-memory';
import type { Sys } from '../sched/task-program';
import { traced, tracedBlocking } from '../trace/traced';
import { Endpoint, type EndpointAddress } from './endpoint';
import { type Segment, segment, skbOf } from './segment';
import type { Sock } from './sock';

const EAGAIN = -11;
const EFAULT = -14;
const EDESTADDRREQ = -89;
const ENETUNREACH = -101;
const ERESTARTSYS = -512;
const MSG_DONTWAIT = 0x40;
const SEND_NS = 1_100;
const RECV_NS = 500;

function autobind(k: Kernel, sock: Sock, to: EndpointAddress): number {
  if (sock.local.ip && sock.local.port) return 0;
  const source = sock.local.ip || k.net.sourceFor(sock.ns, to.ip);
  if (source === 0) return ENETUNREACH;
  if (sock.local.port) return 0;
  return k.net.bind(sock, new Endpoint(source, 0));
}

/** `ip4_datagram_connect`: fixes the peer; nothing is sent. */
export const datagramConnect = traced<[Sock, Endpoint]>(
  'ip4_datagram_connect',
  (k, sock) => [k.ptr(sock.offset), 0, 16],
  (k, sock, to) => {
    const error = autobind(k, sock, to);
    if (error < 0) return error;
    sock.setRemote(k, to);
    sock.assignState(k, 1);
    return 0;
  },
);

/** `net/ipv4/udp.c: udp_sendmsg` */
export const udpSendmsg = traced<[Sock, Source, number, EndpointAddress | undefined]>(
  'udp_sendmsg',
  (k, sock, _buf, size) => [k.ptr(sock.offset), k.transient.msghdr(size), size],
  (k, sock, buf, size, to) => {
    const target = to ?? (sock.remote.port ? sock.remote : undefined);
    if (!target) return EDESTADDRREQ;
    const error = autobind(k, sock, target);
    if (error < 0) return error;
    const data = k.user.fetch(buf, 0, size);
    if (!data) return EFAULT;
    k.sched.spend(SEND_NS);
    const packet: Segment = { ...segment(sock, 0, data), to: target, protocol: 17 };
    k.net.send(packet, () => deliver(k, sock, packet));
    return size;
  },
);

/** What happens to a datagram where it arrives: a socket takes it, or a host outside answers. */
function deliver(k: Kernel, sock: Sock, packet: Segment): void {
  const owner = k.net.owner(sock.ns, packet.to.ip);
  if (owner) {
    const target = k.net.find(owner, 17, packet.to);
    if (target) k.net.receive(target, packet);
    return;
  }
  const host = k.net.remote(packet.to.ip);
  const reply = host?.udp[packet.to.port]?.(packet.payload);
  if (!host || !reply) return;
  const answer: Segment = {
    ...packet,
    from: packet.to,
    to: packet.from,
    payload: reply.data,
    sock: undefined,
  };
  k.net.arrive(sock, answer, reply.afterNs + k.net.oneWay(host.rttNs), 0);
}

const queueSkb = traced<[Sock, Segment]>(
  'udp_queue_rcv_one_skb',
  (k, sock, packet) => [k.ptr(sock.offset), skbOf(k, packet)],
  (k, sock, packet) => {
    sock.datagrams.push({ from: packet.from, data: packet.payload });
    sock.wait.wake(k);
    return 0;
  },
);

export function udpReceive(k: Kernel, sock: Sock, packet: Segment): void {
  queueSkb(k, sock, packet);
}

/** `net/ipv4/udp.c: udp_recvmsg`; the sender's address is left in `out`. */
export const udpRecvmsg = tracedBlocking<[Sock, number, number, number, { from?: EndpointAddress }]>(
  'udp_recvmsg',
  (k, sock, _buf, size, flags) => [k.ptr(sock.offset), k.transient.msghdr(size), size, flags, 0],
  function* (k, sock, buf, size, flags, out): Sys {
    if (sock.datagrams.length === 0) {
      if (flags & MSG_DONTWAIT) return EAGAIN;
      const until = k.nowNs() + sock.receiveTimeoutNs;
      const woken = yield* sock.wait.waitFor(k, () => sock.datagrams.length > 0, until);
      if (woken < 0) return ERESTARTSYS;
      if (woken === 1) return EAGAIN;
    }
    const { from, data } = sock.datagrams.shift()!;
    const bytes = data.subarray(0, size);
    if (!k.user.write(k.task.mm!, buf, bytes)) return EFAULT;
    k.sched.spend(RECV_NS);
    out.from = from;
    return bytes.length;
  },
);
