import { AF, TCP_STATE } from '@probed/abi';
import type { Prng } from '@probed/base';
import type { Kernel } from '../kernel';
import type { NetNamespace } from '../namespaces/namespace';
import { DROP_REASON } from '../tracepoints/skb';
import { Endpoint, type EndpointAddress, LOOPBACK } from './endpoint';
import { dropPacket, packetReceive, packetTransmit } from './packet-path';
import type { RemoteHost } from './remote-host';
import type { Segment } from './segment';
import type { Sock } from './sock';
import { tcpReceive } from './tcp-input';
import { udpReceive } from './udp';

const LOOPBACK_NS = 9_000;
const POD_TO_POD_NS = 24_000;
const FIRST_EPHEMERAL = 32_768;
const LAST_EPHEMERAL = 60_999;

/** Interfaces, ports and wires of one node (`net/ipv4`). */
export class Network {
  nextCookie = 1;
  /** All that exist, in the order in which they were made. */
  readonly socks = new Set<Sock>();
  readonly prng: Prng;
  /** Offset of the `net_device` that packets seem to use. */
  readonly device: number;
  private readonly addresses = new Map<number, NetNamespace>();
  private readonly primary = new Map<NetNamespace, number>();
  private readonly bound = new Map<NetNamespace, Map<string, Sock>>();
  private readonly remotes = new Map<number, RemoteHost>();
  private readonly protos = new Map<string, number>();
  private nextPort: number;

  constructor(private readonly k: Kernel) {
    this.prng = k.prng.fork('net');
    this.nextPort = FIRST_EPHEMERAL + this.prng.below(LAST_EPHEMERAL - FIRST_EPHEMERAL);
    const L = k.layout.netDevice;
    this.device = k.memory.alloc(L.sizeBytes);
    k.w.text(this.device, L.name, 'eth0');
    k.w.put(this.device, L.ifindex, 2);
    k.w.put(this.device, L.mtu, 1500);
    k.w.ptr(this.device, L['nd_net.net'], k.ns.initNet.offset);
  }

  /** Gives a network namespace an address. */
  addAddress(ns: NetNamespace, ip: number): void {
    this.addresses.set(ip, ns);
    if (!this.primary.has(ns)) this.primary.set(ns, ip);
  }

  /** Addresses of a network namespace besides the loopback one. */
  addressesOf(ns: NetNamespace): number[] {
    return [...this.addresses].flatMap(([ip, owner]) => (owner === ns ? [ip] : []));
  }

  addRemote(host: RemoteHost): void {
    this.remotes.set(host.ip, host);
  }

  remote(ip: number): RemoteHost | undefined {
    return this.remotes.get(ip);
  }

  /** `struct proto` with the protocol's name. */
  protoStruct(family: number, protocol: number): number {
    const name = family === AF.UNIX ? 'UNIX-STREAM' : protocol === 6 ? 'TCP' : 'UDP';
    let at = this.protos.get(name);
    if (at === undefined) {
      at = this.k.memory.alloc(this.k.layout.proto.sizeBytes);
      this.k.w.text(at, this.k.layout.proto.name, name);
      this.protos.set(name, at);
    }
    return at;
  }

  /** Which of its addresses a namespace uses towards another; 0 when it has no route. */
  sourceFor(ns: NetNamespace, to: number): number {
    if (to >>> 24 === 127) return LOOPBACK;
    if (this.addresses.get(to) === ns) return to;
    return this.primary.get(ns) ?? 0;
  }

  /** The namespace in which an address lives, seen from `from`. */
  owner(from: NetNamespace, ip: number): NetNamespace | undefined {
    return ip >>> 24 === 127 ? from : this.addresses.get(ip);
  }

  /** Name of the device that a packet seems to use. */
  deviceName(packet: Segment): string {
    return packet.to.ip >>> 24 === 127 || packet.to.ip === packet.from.ip ? 'lo' : 'eth0';
  }

  /** Draws whether the way to a host outside loses this packet. */
  loses(ip: number): boolean {
    const rate = this.remotes.get(ip)?.lossRate;
    return rate !== undefined && this.prng.float() < rate;
  }

  /** One-way delay with a little jitter, ns. */
  oneWay(rttNs: number): number {
    return rttNs / 2 + this.prng.exponential(rttNs / 40);
  }

  delay(from: NetNamespace, to: EndpointAddress): number {
    const owner = this.owner(from, to.ip);
    if (owner === from) return LOOPBACK_NS + this.prng.below(3_000);
    if (owner) return POD_TO_POD_NS + this.prng.below(9_000);
    return this.oneWay(this.remotes.get(to.ip)?.rttNs ?? 1_000_000);
  }

  /** Binds; port 0 picks one. @returns 0 or a negative errno */
  bind(sock: Sock, at: Endpoint): number {
    if (at.ip !== 0 && this.owner(sock.ns, at.ip) !== sock.ns) return -99;
    const table = this.tableOf(sock.ns);
    const port = at.port || this.ephemeral(sock);
    const key = keyOf(sock.protocol, at.ip, port);
    const wildcard = keyOf(sock.protocol, 0, port);
    const holder = table.get(key) ?? table.get(wildcard);
    if (holder && !(sock.reuse && holder.reuse && holder.state !== TCP_STATE.LISTEN)) return -98;
    table.set(key, sock);
    sock.setLocal(this.k, new Endpoint(at.ip, port));
    return 0;
  }

  unbind(sock: Sock): void {
    const table = this.tableOf(sock.ns);
    const key = keyOf(sock.protocol, sock.local.ip, sock.local.port);
    if (table.get(key) === sock) table.delete(key);
  }

  /** The socket bound to an address and port, or to any address with that port. */
  find(ns: NetNamespace, protocol: number, to: EndpointAddress): Sock | undefined {
    const table = this.tableOf(ns);
    return table.get(keyOf(protocol, to.ip, to.port)) ?? table.get(keyOf(protocol, 0, to.port));
  }

  /** A local port for an outgoing connection. */
  ephemeral(sock: Sock): number {
    const table = this.tableOf(sock.ns);
    for (;;) {
      this.nextPort = this.nextPort >= LAST_EPHEMERAL ? FIRST_EPHEMERAL : this.nextPort + 1;
      if (!table.has(keyOf(sock.protocol, 0, this.nextPort))) return this.nextPort;
    }
  }

  /** Sends a packet of a local socket towards a peer. */
  send(packet: Segment, deliver: () => void): void {
    packetTransmit(this.k, packet);
    const sock = packet.sock!;
    const { ns } = sock;
    const { k } = this;
    const owner = this.owner(ns, packet.to.ip);
    // Wires keep the order of packets.
    const atNs = Math.max(k.nowNs() + this.delay(ns, packet.to), sock.lastDepartureNs + 1);
    sock.lastDepartureNs = atNs;
    if (!owner) {
      // Leaves the node: what happens there costs nobody here anything.
      k.sched.at(atNs, k.cpu(), deliver);
      return;
    }
    // Receive-side scaling: a flow stays on one CPU; loopback stays where it is.
    const cpu = owner === ns ? k.cpu() : (sock.cookie + packet.to.port) % k.cpus;
    k.sched.at(atNs, cpu, () => k.irq.netBacklog(() => packetReceive(k, packet, deliver)));
  }

  /** A packet from outside reaches a socket of ours. @param acked bytes of ours that it acknowledges */
  arrive(sock: Sock, packet: Segment, afterNs: number, acked: number): void {
    const { k } = this;
    const cpu = sock.cookie % k.cpus;
    const atNs = Math.max(k.nowNs() + afterNs, sock.lastArrivalNs + 1);
    sock.lastArrivalNs = atNs;
    k.sched.at(atNs, cpu, () => {
      k.irq.netRx(() =>
        packetReceive(k, packet, () => {
          if (acked > 0) sock.unread = Math.max(0, sock.unread - acked);
          this.receive(sock, packet);
        }),
      );
    });
  }

  /** Hands a packet to the protocol of the socket that it is for. */
  receive(sock: Sock, packet: Segment): void {
    if (sock.freed) {
      dropPacket(this.k, packet, 'tcp_v4_rcv', DROP_REASON.NO_SOCKET);
      return;
    }
    if (packet.protocol === 6) tcpReceive(this.k, sock, packet);
    else udpReceive(this.k, sock, packet);
  }

  private tableOf(ns: NetNamespace): Map<string, Sock> {
    let table = this.bound.get(ns);
    if (!table) this.bound.set(ns, (table = new Map()));
    return table;
  }
}

function keyOf(protocol: number, ip: number, port: number): string {
  return `${protocol}/${ip}:${port}`;
}
