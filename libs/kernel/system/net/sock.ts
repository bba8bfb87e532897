import { AF, TCP_STATE } from '@probed/abi';
import type { Kernel } from '../kernel';
import type { NetNamespace } from '../namespaces/namespace';
import { WaitQueue } from '../sched/wait-queue';
import { traced } from '../trace/traced';
import { ByteQueue } from '../vfs/byte-queue';
import { ANY, type Endpoint, type EndpointAddress } from './endpoint';
import type { Segment } from './segment';

/** The other end of a connection: a socket of this node or a host outside. */
export interface Peer {
  receive(k: Kernel, packet: Segment): void;
}

/** A datagram that has arrived. */
export interface Datagram {
  readonly from: EndpointAddress;
  readonly data: Uint8Array;
}

/** Which struct the kernel allocates for a socket, by family and protocol. */
function sizeOf(k: Kernel, family: number, protocol: number): number {
  const { layout } = k;
  if (family === AF.UNIX) return layout.unix.sizeBytes;
  return Math.max(protocol === 6 ? layout.tcp.sizeBytes : layout.udp.sizeBytes, layout.inet.sizeBytes);
}

const skAlloc = traced<[Sock]>(
  'sk_alloc',
  (k, sock) => [k.ptr(sock.ns.offset), sock.family, 0xcc0, 0, 0],
  (k, sock) => {
    sock.offset = k.memory.alloc(sizeOf(k, sock.family, sock.protocol));
    return k.ptr(sock.offset);
  },
);

const skFree = traced<[Sock]>(
  '__sk_free',
  (k, sock) => [k.ptr(sock.offset)],
  (k, sock) => {
    k.memory.free(sock.offset);
    k.memory.free(sock.socketOffset);
    return 0;
  },
);

/** One socket: `struct socket` and `struct sock` (tcp_sock, udp_sock or unix_sock). */
export class Sock implements Peer {
  offset = 0;
  readonly socketOffset: number;
  readonly cookie: number;
  /** Of the task that made it. */
  readonly uid: number;
  state: number = TCP_STATE.CLOSE;
  local: Endpoint = ANY;
  remote: Endpoint = ANY;
  peer: Peer | undefined;
  readonly received = new ByteQueue();
  readonly datagrams: Datagram[] = [];
  readonly accepted: Sock[] = [];
  /** Connections that are not established yet, on a listener. */
  pendingConnections = 0;
  backlog = 0;
  readonly wait = new WaitQueue();
  /** Positive errno that the next call reports. */
  error = 0;
  sendShut = false;
  receiveShut = false;
  /** No file refers to it any more. */
  orphan = false;
  freed = false;
  /** Bytes sent that the peer has not read yet. */
  unread = 0;
  seq: number;
  ackSeq = 0;
  srttUs = 0;
  bytesReceived = 0;
  bytesAcked = 0;
  reuse = false;
  receiveTimeoutNs = Number.POSITIVE_INFINITY;
  connectStartNs = 0;
  retransmits = 0;
  /** When the latest packet from it and to it arrives. */
  lastDepartureNs = 0;
  lastArrivalNs = 0;
  /** Whose accept queue it goes to, on the server's side. */
  listener: Sock | undefined;
  /** Path of a bound unix socket. */
  path = '';

  constructor(
    k: Kernel,
    readonly ns: NetNamespace,
    readonly family: number,
    readonly type: number,
    readonly protocol: number,
  ) {
    this.cookie = k.net.nextCookie++;
    this.seq = k.net.prng.u32();
    this.uid = k.task.cred.ids.fsuid;
    skAlloc(k, this);
    this.socketOffset = k.memory.alloc(k.layout.socket.sizeBytes);
    this.writeIdentity(k);
    k.net.socks.add(this);
  }

  private writeIdentity(k: Kernel): void {
    const { sock: L, socket: S } = k.layout;
    const { w } = k;
    const at = this.offset;
    w.put(at, L['__sk_common.skc_family'], this.family);
    w.put(at, L['__sk_common.skc_state'], this.state);
    w.ptr(at, L['__sk_common.skc_net.net'], this.ns.offset);
    w.put(at, L['__sk_common.skc_cookie'], this.cookie);
    w.ptr(at, L['__sk_common.skc_prot'], k.net.protoStruct(this.family, this.protocol));
    w.put(at, L.sk_protocol, this.protocol);
    w.put(at, L.sk_type, this.type);
    w.put(at, L.sk_uid, this.uid);
    w.put(at, L.sk_sndbuf, 87_040);
    w.put(at, L.sk_rcvbuf, 131_072);
    w.ptr(at, L.sk_socket, this.socketOffset);
    w.ptr(this.socketOffset, S.sk, at);
    w.put(this.socketOffset, S.type, this.type);
    w.put(this.socketOffset, S.state, 1);
    if (this.protocol === 6) {
      w.put(at, k.layout.tcp.snd_cwnd, 10);
      w.put(at, k.layout.tcp.mss_cache, 1448);
      w.put(at, k.layout.tcp.rcv_ssthresh, 64_088);
    }
  }

  setLocal(k: Kernel, local: Endpoint): void {
    this.local = local;
    const { sock: L, inet: I } = k.layout;
    k.w.putBe(this.offset, L['__sk_common.skc_rcv_saddr'], local.ip);
    k.w.put(this.offset, L['__sk_common.skc_num'], local.port);
    k.w.putBe(this.offset, I.inet_saddr, local.ip);
    k.w.putBe(this.offset, I.inet_sport, local.port);
  }

  setRemote(k: Kernel, remote: Endpoint): void {
    this.remote = remote;
    const { sock: L } = k.layout;
    k.w.putBe(this.offset, L['__sk_common.skc_daddr'], remote.ip);
    k.w.putBe(this.offset, L['__sk_common.skc_dport'], remote.port);
  }

  /** `inet_sk_state_store` and its tracepoint. */
  storeState(k: Kernel, state: number): void {
    const from = this.state;
    const { inetSockSetState } = k.tp;
    if (inetSockSetState.active && this.family === AF.INET) inetSockSetState.fire(this, from, state);
    this.assignState(k, state);
  }

  /** A plain store to `sk_state`, as datagram and unix sockets do it. */
  assignState(k: Kernel, state: number): void {
    this.state = state;
    k.w.put(this.offset, k.layout.sock['__sk_common.skc_state'], state);
  }

  setBacklog(k: Kernel, max: number): void {
    this.backlog = max;
    k.w.put(this.offset, k.layout.sock.sk_max_ack_backlog, max);
  }

  writeAcceptQueue(k: Kernel): void {
    k.w.put(this.offset, k.layout.sock.sk_ack_backlog, this.accepted.length);
  }

  writeTcpCounters(k: Kernel): void {
    const T = k.layout.tcp;
    const { w, offset: at } = { w: k.w, offset: this.offset };
    w.put(at, T.srtt_us, this.srttUs << 3);
    w.put(at, T.total_retrans, this.retransmits);
    w.put(at, T.bytes_received, this.bytesReceived);
    w.put(at, T.bytes_acked, this.bytesAcked);
    w.put(at, T.snd_nxt, this.seq);
    w.put(at, T.write_seq, this.seq);
    w.put(at, T.rcv_nxt, this.ackSeq);
  }

  /** Frees the structs once no file and no connection needs them. */
  free(k: Kernel): void {
    if (this.freed) return;
    this.freed = true;
    k.net.socks.delete(this);
    skFree(k, this);
  }

  receive(k: Kernel, packet: Segment): void {
    k.net.receive(this, packet);
  }
}
